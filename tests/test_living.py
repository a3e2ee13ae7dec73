"""The living page: leaves are changed, and its numbers are the engine's, by node and in real browsers."""

import json
import random
import shutil
import subprocess
from functools import cache

import pytest
from firefox import PROGRAM, Firefox
from graphs import GRAPHS, edits
from told import Numbers

from engine.explain import numbered
from engine.graph import topological_order
from engine.javascript import literal
from engine.view.animation import _nodes, animation
from engine.view.html import asset
from engine.view.page import SCRIPTS, Page, _rows, _script, _with_tables
from engine.view.scene import shown as shown_number
from engine.view.selection import Graph


@cache
def shown(i):
    """What the page of a graph is made of."""
    return animation(Graph(GRAPHS[i].root()), collapse=GRAPHS[i].collapse)


def truth(i, numbers):
    """The numbers of cards and edges, of the graph built anew by the engine."""
    root = GRAPHS[i].root(numbers)
    root.backward()
    nodes = numbered(root)
    told = Numbers({**shown(i), "nodes": _nodes(nodes)})
    assert told.grads == pytest.approx([node.grad for node in nodes], rel=1e-15, nan_ok=True)
    return told


def is_same(found, true, largest):
    return found == pytest.approx(true, rel=1e-12, abs=1e-12 * largest, nan_ok=True)


def largest_of(told):
    sizes = [abs(x) for x in (*told.v, *told.sent, *told.grads, 1.0)]
    return max(x for x in sizes if x < float("inf"))


def numbers_script(i):
    """The page's own arithmetic, without the page."""
    rows, _ = _rows(Graph(GRAPHS[i].root()))
    script = _script(map(asset, SCRIPTS[:2]), rows)
    reading = 'JSON.parse(document.getElementById("data").textContent)'
    return script.replace(reading, json.dumps(_with_tables(shown(i))))


def leaf_nodes(graph):
    """The number of each leaf among the nodes."""
    _, leaves = topological_order(graph.root())
    return {leaf.label: i for i, leaf in enumerate(leaves)}


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("node"), reason="no node")
def test_thirty_graphs_after_two_hundred_edits_step_by_step():
    parts = []
    for i, graph in enumerate(GRAPHS):
        nodes = leaf_nodes(graph)
        moves = [[nodes.get(f"x{leaf}", -1), x] for leaf, x in edits(graph, 200, i)[0]]
        tail = f"""
          const current = recorded.data.slice(0, firstNode), seen = [];
          for (const [i, x] of {json.dumps(moves)}) {{
            if (i >= 0) current[i] = x;
            const now = numbersOf(forward(current), slopesNow());
            seen.push([now.data, now.grad, now.before, now.after].map((list) => list.map(String)));
          }}
          all.push(seen);
        }})();
        """
        parts.append(numbers_script(i).rpartition("})();")[0] + tail)
    program = "const all = [];\n" + "\n".join(parts) + "\nconsole.log(JSON.stringify(all));"
    done = subprocess.run(
        ["node", "-"], input=program, capture_output=True, text=True, check=True, timeout=300
    )
    for i, seen in enumerate(json.loads(done.stdout)):
        for numbers, lists in list(zip(edits(GRAPHS[i], 200, i)[1], seen, strict=True))[::10]:
            told = truth(i, numbers)
            for found, true in zip(lists, (told.data, told.grad, told.before, told.after)):
                assert is_same([float(x) for x in found], true, largest_of(told)), numbers


@pytest.mark.skipif(not shutil.which("node"), reason="no node")
def test_numbers_are_written_as_in_python():
    """Ties go to the even digit, as Python's do: 1.0625 is 1.062, 123456.5 is 123456."""
    draw = random.Random(1)
    xs = [draw.uniform(-1, 1) * 10.0 ** draw.randint(-12, 12) for _ in range(2000)]
    xs += [1.0625, 1.1875, 12345.0, 12355.0, 9999.5, 99995.0, 0.00012345, 1e-5, 5e-324, 1e300]
    xs += [123456.5, 123457.5, 99999.5, 12345678.5, 99999999.5, 12345.25, 9999.4, 1e8, 1234567.5]
    xs += [-0.0, 0.0, 100.0, 1000.0, 1e4, 0.1, -2.5, float("inf"), float("-inf"), float("nan")]
    tail = f"console.log(JSON.stringify([{', '.join(map(literal, xs))}].map(text))); }})();"
    program = numbers_script(13).rpartition("})();")[0] + tail
    done = subprocess.run(
        ["node", "-"], input=program, capture_output=True, text=True, check=True, timeout=300
    )
    assert json.loads(done.stdout) == [shown_number(x) for x in xs]


# -- in a browser
# -------------------------------------------------------------------------------------------------

EDIT = """(moves, film) => {
  const find = (id) => document.getElementById(id);
  const seen = () => [...document.querySelectorAll(".card")].map((card) => [card.dataset.data, card.dataset.grad]);
  const numbers = [];
  const to = (k) => { find("scrub").value = k; find("scrub").dispatchEvent(new Event("input")); };
  for (const [node, x] of moves) {
    const input = find(`leaf-${node}`);
    to(1e6);
    if (input) { input.value = x; input.dispatchEvent(new Event("input")); }
    numbers.push(seen());
  }
  const steps = [];
  for (let k = 0; film && k <= Number(find("scrub").max); k += 1) { to(k); steps.push(seen().map((card) => card[1])); }
  return [numbers, steps];
}"""


def hold(i, count, evaluate):
    """Change leaves on the page that is open, and compare all cards with the engine."""
    graph, nodes = GRAPHS[i], leaf_nodes(GRAPHS[i])
    changes, after = edits(graph, count, 100 + i)
    moves = [[nodes.get(f"x{leaf}", -1), repr(x)] for leaf, x in changes]
    seen, film = evaluate(EDIT, moves, i % 3 == 0)  # every third also step by step
    for numbers, cards in zip(after, seen, strict=True):
        told = truth(i, numbers)
        data, grads = zip(*cards)
        assert is_same([float(x) for x in data], told.data, largest_of(told))
        assert is_same([float(x) for x in grads], told.grad, largest_of(told))
    frames = [frame for frame in shown(i)["frames"] if told.is_played(frame)]
    frames = frames[[frame["kind"] for frame in frames].index("ready") :]
    assert len(film) == len(frames) * (i % 3 == 0)
    grads = [0.0] * len(shown(i)["cards"])
    for frame, cards in zip(frames, film, strict=i % 3 == 0):
        if frame["kind"] in ("seed", "send"):
            grads[frame["node"]] = 1.0 if frame["kind"] == "seed" else told.after[frame["edge"]]
        assert is_same([float(x) for x in cards], grads, largest_of(told))


@pytest.mark.slow
@pytest.mark.browser
def test_thirty_pages_in_chromium(browser, tmp_path):
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    trouble = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    for i, graph in enumerate(GRAPHS):
        path = Page(shown(i), False, True, Graph(graph.root())).save(tmp_path / "page.html")
        page.goto(path.as_uri())
        hold(i, 7, lambda code, *given: page.evaluate(f"(given) => ({code})(...given)", given))
    assert trouble == []
    page.close()


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(not PROGRAM, reason="no Firefox is installed")
def test_thirty_pages_in_firefox(tmp_path):
    (tmp_path / "profile").mkdir()
    firefox = Firefox(tmp_path / "profile")
    try:
        for i, graph in enumerate(GRAPHS):
            path = Page(shown(i), False, True, Graph(graph.root())).save(tmp_path / "page.html")
            firefox.open(path)
            hold(i, 7, firefox.evaluate)
    finally:
        firefox.close()
