"""What a page tells at each step: its templates with the numbers in them, worked out in Python."""

from engine.explain import numbered, zeros
from engine.view.animation import animation
from engine.view.frames import MARK
from engine.view.scene import shown as shown_text
from engine.view.scene import sign, signed
from engine.view.selection import Graph


def told(root, **options):
    """The animation with the numbers filled in, and only the frames that are played."""
    found = animation(Graph(root), **options)
    numbers = Numbers(found)
    numbers.reason = lambda card: _reason(root, found["cards"][card])
    frames = [numbers.frame(frame) for frame in found["frames"] if numbers.is_played(frame)]
    for card in found["cards"]:
        card["data"] = shown_text(numbers.data[card["id"]])
        card["tip"] = numbers.fill(card["tip"])
    for edge in found["edges"]:
        edge["local"] = edge["count"] or f"× {numbers.local_text(edge['id'])}"
        edge["tip"] = numbers.fill(edge["tip"])
    return {**found, "title": numbers.fill(found["title"]), "frames": frames}


class Numbers:
    """The numbers of cards and edges, from those of the nodes."""

    def __init__(self, found):
        self.lines = found["lines"]
        nodes, self.edges, self.cards = found["nodes"], found["edges"], found["cards"]
        self.v, slopes = [*map(float, nodes["data"])], [*map(float, nodes["slopes"])]
        self.presumed, self.has_unknown = nodes["presumed"], nodes["unknown"]
        self.sent, self.grads = _sweep(nodes, slopes)
        self.data = [_add([self.v[i] for i in card["outputs"]]) for card in self.cards]
        self.local = [_multiply([slopes[i] for i in edge["chain"]]) for edge in self.edges]
        self.contribution = [
            _add([self.sent[i] for i in edge["sends"]]) if len(edge["sends"]) > 1
            else self.sent[edge["sends"][0]]
            for edge in self.edges
        ]  # fmt: skip
        self._add_up([frame for frame in found["frames"] if frame["kind"] == "send"])
        sizes = [*self.after, *self.contribution]
        self.largest = max([1.0, *(abs(x) for x in sizes if abs(x) < float("inf"))])
        self.terms = {}

    def _add_up(self, sends):
        self.grad = [1.0 if card["root"] else 0.0 for card in self.cards]
        self.before, self.after = [0.0] * len(self.edges), [0.0] * len(self.edges)
        for frame in sends:
            edge, card = frame["edge"], frame["node"]
            self.before[edge] = self.grad[card]
            self.after[edge] = self.grad[card] = self.grad[card] + self.contribution[edge]
        ended = set()
        for frame in reversed(sends):
            edge, card = frame["edge"], frame["node"]
            outputs = self.cards[card]["outputs"]
            if len(outputs) > 1 or card in ended:
                continue
            self.after[edge] = self.grad[card] = self.grads[outputs[0]]
            if self.contribution[edge] == 0.0:
                self.before[edge] = self.after[edge]
            else:
                ended.add(card)

    def is_played(self, frame):
        kind = frame["kind"]
        if kind not in ("skip", "visit", "send"):
            return True
        card = self.edges[frame["edge"]]["node"] if kind == "send" else frame["node"]
        sends = [self.contribution[edge["id"]] for edge in self.edges if edge["node"] == card]
        is_quiet = self.grad[card] == 0.0 and all(x == 0.0 for x in sends)
        return is_quiet == (kind == "skip")

    def fill(self, template):
        parts = template.split(MARK)
        parts[1::2] = map(self._filled, parts[1::2])
        return "".join(parts)

    def _filled(self, code):
        kind, of = code.lstrip("(")[0], int(code.lstrip("(")[1:])
        if kind == "t":
            return self.fill(self.edges[of]["tip"])
        if kind == "w":
            return self.reason(of)
        if kind == "s":
            return sum_text([self.sent[i] for i in self.edges[of]["sends"]])
        x = {
            "v": self.v, "d": self.data, "g": self.grad, "l": self.local,
            "c": self.contribution, "b": self.before, "a": self.after,
        }[kind][of]  # fmt: skip
        shown = self.local_text(of) if kind == "l" else self.text(x)
        return f"({shown})" if code.startswith("(") and x < 0.0 else shown

    def text(self, x):
        return "?" if x != x and self.has_unknown else shown_text(x)

    def local_text(self, edge):
        chain = self.edges[edge]["chain"]
        return self.text(self.local[edge]) + "?" * (len(chain) == 1 and chain[0] in self.presumed)

    def frame(self, frame):
        """A frame, filled, with what arrives."""
        shown = {
            "node": None,
            "edge": None,
            "say": "",
            "rule": "",
            "numbers": "",
            "sum": "",
        } | frame
        for part in ("say", "rule", "numbers", "sum"):
            shown[part] = self.fill(shown[part])
        shown["lines"] = list(self.lines.get(frame["kind"], []))
        if frame["kind"] in ("seed", "send"):
            is_seed = frame["kind"] == "seed"
            grad = 1.0 if is_seed else self.after[frame["edge"]]
            amount = 1.0 if is_seed else self.contribution[frame["edge"]]
            terms = self.terms.setdefault(frame["node"], [])
            terms.append(amount)
            shown |= {"grad": shown_text(grad), "exact": repr(grad), "sign": sign(grad)}
            shown |= {"contribution": signed(amount), "contribution_sign": sign(amount)}
            shown["terms"] = sum_line(terms)
        return shown


def _reason(root, card):
    """Why a card sends nothing, in the words of `why`."""
    nodes, idle = list(numbered(root)), zeros(root)
    sums = [use["sum"] for use in card["uses"]] or card["outputs"]
    is_idle = all(nodes[i] in idle.nodes for i in sums)
    return idle.reason(nodes[sums[0]]) if is_idle else "its grad is 0"


def _sweep(nodes, slopes):
    grads, sent, end = [0.0] * len(nodes["data"]), [0.0] * len(slopes), len(slopes)
    grads[nodes["root"]] = 1.0
    first = len(nodes["data"]) - len(nodes["parents"])
    for i, parents in reversed([*enumerate(nodes["parents"])]):
        end -= len(parents)
        for slot, parent in enumerate(parents) if grads[first + i] != 0.0 else ():
            sent[end + slot] = grads[first + i] * slopes[end + slot]
            grads[parent] += sent[end + slot]
    return sent, grads


def _add(xs):
    total = 0.0
    for x in xs:
        total += x
    return xs[0] if len(xs) == 1 else total


def _multiply(xs):
    product = 1.0
    for x in xs:
        product *= x
    return product


def sum_text(terms):
    following = [f"{'−' if x < 0 else '+'} {shown_text(abs(x))}" for x in terms[1:6]]
    more = [f"+ {len(terms) - 6} more"] if len(terms) > 6 else []
    return " ".join([shown_text(terms[0]), *following, *more])


def sum_line(terms):
    if len(terms) < 2:
        return ""
    line = f"= {sum_text(terms)}"
    return line if len(line) <= 20 else f"= Σ of {len(terms)} terms"
