"""Text for people: what a stranger may choose (labels, symbols, names of files) does no harm wherever it is shown."""

import io
import json
import re

import pytest
from hostile import LABELS, clean, harmful
from hypothesis import given
from hypothesis import strategies as st

import engine
import nn
from engine import Value, write_file
from engine.__main__ import main
from engine.debugger import Debugger, Session
from engine.formula import bracketed, expression, name
from engine.location import excerpt, place
from engine.operation import Operation
from engine.printing import columns, describe, number, plural, printable
from engine.view import export

HARMFUL = [label for label in LABELS if clean(label) != label]
CHECKPOINT = ("run", "loss", "times", "optimizer", "parameters")
PROGRAM = """
x = Value(2.0, label=label)
y = operation(x, x * 3.0)
z = y * x
z.label = label
z.backward()
"""


def graph(label="", symbol="×", filename="user.py"):
    """A root and a leaf, with a label, the symbol of an operation and a file that somebody else chose."""

    @engine.primitive(rule=lambda z, x, y: (y, x), symbol=symbol or "×")
    def area(x, y):
        return x * y

    names = {"Value": Value, "label": label, "operation": area}
    exec(compile(PROGRAM, filename.replace("\0", "") or "user.py", "exec"), names)
    return names["z"], names["x"]


def said(root, *lines):
    out = io.StringIO()
    typed = io.StringIO("".join(line + "\n" for line in lines))
    Debugger(Session(root), stdin=typed, stdout=out).interact()
    return out.getvalue()


def anomalous(root, x):
    """What anomaly says of a nan forward and backward, its notes too."""
    words = []
    for sweep in (False, True):
        with pytest.raises(FloatingPointError) as caught, engine.anomaly(limit=1e-9):
            root.backward() if sweep else x * float("nan") + root
        words += [str(caught.value), *getattr(caught.value, "__notes__", [])]
    return "\n".join(words)


def failed(root):
    """What is noted when the backward pass fails."""
    node = root.parents[0]
    name, symbol, forward = node.operation.name, node.operation.symbol, node.operation.forward
    node.operation = Operation(name, symbol, forward, lambda z, *xs: (1 / 0,))
    with pytest.raises(ZeroDivisionError) as caught:
        root.backward()
    return "\n".join(caught.value.__notes__)


def fit(net, checkpoint):
    adam = nn.Adam(net.parameters())
    nn.fit(net, [[1.0]], [1], loss=nn.max_margin, optimizer=adam, epochs=1, checkpoint=checkpoint)


def refused(call, *operands):
    with pytest.raises((TypeError, ValueError)) as caught:
        call(*operands)
    return str(caught.value)


def lecture(root):
    pytest.importorskip("graphviz")
    return engine.draw_dot(root).source.replace("\t", "")


def dot(root):
    pytest.importorskip("graphviz")
    return export.dot(engine.draw(root).scene).replace("\t", "")


def network(root, x):
    """A picture of a neuron and of an operation that has no label."""
    neuron = engine.weighted_sum([root], [x], 1.0).tanh()
    return engine.draw(root.parents[0].operation(neuron, x), view="network").svg


NUMBER = re.compile("\x7f\\(?[a-z]\\d+\x7f")  # the page's own place for a number that changes


TEXTS = {
    "repr": lambda root, x: "".join(map(repr, (root, *root.parents, x))),
    "describe": lambda root, x: describe(root),
    "format": lambda root, x: f"{root} {x}",
    "names": lambda root, x: "".join(
        f(v) for v in (root, *root.parents) for f in (name, bracketed)
    ),
    "expression": lambda root, x: expression(root) + expression(root.parents[0]),
    "place": lambda root, x: f"{place(root)} {root.created_at}",
    "excerpt": lambda root, x: "\n".join(excerpt(root.created_at)),
    "why": lambda root, x: root.why(x, depth=3),
    "text": lambda root, x: engine.text(root),
    "stranger": lambda root, x: refused(root.parents[0].why, root),
    "anomaly": anomalous,
    "failed sweep": lambda root, x: failed(root),
    "check": lambda root, x: str(
        engine.check_gradients(lambda x: x * root.parents[0].data + abs(x - x), x)
    ),
    "no number": lambda root, x: refused(float, root),
    "no truth": lambda root, x: refused(bool, root),
    "no copy": lambda root, x: refused(root.__reduce__),
    "picture": lambda root, x: engine.draw(root).svg + repr(engine.draw(root)),
    "network": network,
    "collapsed": lambda root, x: engine.draw(root, collapse="neurons").svg,
    "dot": lambda root, x: dot(root),
    "lecture": lambda root, x: lecture(root),
    "mermaid": lambda root, x: export.mermaid(engine.draw(root).scene),
    "json": lambda root, x: export.json(engine.draw(root).scene),
    "page": lambda root, x: NUMBER.sub("", engine.stepper(root).html),
    "debugger": lambda root, x: said(
        root, "s", "w", "l", "why #0", "p #0", "info leaves", "info node", "info inputs", "c", "q"
    ),
}


@pytest.mark.drawing
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("chosen", ["label", "symbol", "filename"])
def test_what_a_stranger_chose_is_inert(chosen, text):
    for hostile in HARMFUL:
        if chosen == "filename" and "\ud800" in hostile:
            continue  # no code object has such a name
        shown = TEXTS[text](*graph(**{chosen: hostile}))
        assert not [c for c in shown if harmful(c) and c != "\n"], repr(hostile)
        shown.encode("utf-8")


@pytest.mark.drawing
@pytest.mark.parametrize("hostile", [label for label in HARMFUL if not {"\0", "\ud800"} & {*label}])
def test_names_of_files_in_messages_are_inert(hostile, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    gone, net = f"no folder {hostile[:80]}/w", nn.MLP(1, [1])
    root, here = graph()[0], hostile[:80].replace("/", "") + ".json"
    for attempt in (
        lambda: write_file(here, "[") and net.load(here),
        lambda: write_file(here, '{"w": 1}') and net.load(here),
        lambda: fit(net, here),
        lambda: write_file(here, json.dumps(dict.fromkeys(CHECKPOINT))) and fit(net, here),
        lambda: net.save(gone + ".json"),
        lambda: net.load(gone + ".json"),
        lambda: engine.draw(root).save(gone + ".svg"),
        lambda: engine.draw(root).save(gone + ".what" + hostile[:80]),
        lambda: engine.stepper(root).save(gone + ".html"),
        lambda: engine.stepper(root).save(gone + ".what" + hostile[:80]),
    ):
        with pytest.raises((OSError, ValueError)) as caught:
            attempt()
        assert not [c for c in str(caught.value) if harmful(c) and c != "\n"]
    for arguments in (
        ["draw", "a*b", "a=1", "b=2", "-o", gone + ".svg"],
        ["draw", "x" + hostile[:80]],
        ["draw", "x" + hostile[:80] + ".py:loss"],
        ["draw", "a*b", "a=1", "b=" + hostile[:80]],
        ["debug", gone + ".py"],
    ):
        assert main(arguments) == 1
        out, err = capsys.readouterr()
        assert not [c for c in out + err if harmful(c) and c != "\n"], arguments


@given(st.text())
def test_printable_text_is_as_long_and_harmless(text):
    assert printable(text, 1_000_000) == clean(text)
    assert printable(printable(text)) == printable(text) and len(printable(text)) <= 60


def test_printable_leaves_good_text_alone():
    assert printable("a\x1bb\nc") == "a\ufffdb\ufffdc"
    assert printable("∂z/∂x · σ 梯度 👩\u200d🔬") == "∂z/∂x · σ 梯度 👩\u200d🔬"
    assert printable("A" * 61, limit=60) == "A" * 59 + "…"
    assert printable("A" * 60, limit=60) == "A" * 60


def test_numbers_and_counts():
    assert [number(x) for x in (2.0, -0.0, 1234567.0, 0.1 + 0.2, float("-inf"))] == [
        "2",
        "-0",
        "1.235e+06",
        "0.3",
        "-inf",
    ]
    assert [plural(n, "leaf", "leaves") for n in (0, 1, 2, 1000)] == [
        "0 leaves",
        "1 leaf",
        "2 leaves",
        "1,000 leaves",
    ]


def test_columns_are_those_of_a_terminal():
    assert columns("abc") == 3 and columns("漢字x") == 5 and columns("e\u0301") == 1
