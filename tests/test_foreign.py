"""Graphs of other engines: a lesson's Value, a micrograd and a microgpt, written here in a few lines each."""

import io
import json
import math
import re
import time
import xml.etree.ElementTree

import pytest
from hostile import LABELS
from told import told

import engine
import engine.__main__
import nn
from engine import Value, formula
from engine.debugger import Debugger, Session
from engine.foreign import UNKNOWN, Copy, Presumed, as_values, original

NEEDS = r"data, grad and parents \(or _prev, _children\)"


class Lesson:
    """Parents and local derivatives, as in the workshop's exercises."""

    def __init__(self, data, parents=(), local_derivatives=(), operation="", label=""):
        self.data, self.grad, self.parents = data, 0.0, parents
        self.local_derivatives, self.operation, self.label = local_derivatives, operation, label

    def __add__(self, other):
        return Lesson(self.data + other.data, (self, other), (1.0, 1.0), "+")

    def __mul__(self, other):
        return Lesson(self.data * other.data, (self, other), (other.data, self.data), "*")

    def tanh(self):
        t = math.tanh(self.data)
        return Lesson(t, (self,), (1.0 - t * t,), "tanh")


class Micro:
    """A set of operands and an opaque function, as in micrograd."""

    def __init__(self, data, children=(), operation=""):
        self.data, self.grad, self._prev, self._op = data, 0, set(children), operation
        self._backward = lambda: None

    def _node(self, data, children, operation, *slopes):
        node = Micro(data, children, operation)

        def send():
            for child, slope in zip(children, slopes):
                child.grad += node.grad * slope

        node._backward = send
        return node

    def __add__(self, other):
        return self._node(self.data + other.data, (self, other), "+", 1.0, 1.0)

    def __mul__(self, other):
        return self._node(self.data * other.data, (self, other), "*", other.data, self.data)

    def __pow__(self, power):
        slope = power * self.data ** (power - 1)
        return self._node(self.data**power, (self,), f"**{power}", slope)

    def relu(self):
        return self._node(max(0.0, self.data), (self,), "ReLU", float(self.data > 0))

    def tanh(self):  # the lecture's formula: the last digits are not those of math.tanh
        t = (math.exp(2 * self.data) - 1) / (math.exp(2 * self.data) + 1)
        return self._node(t, (self,), "tanh", 1 - t * t)

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for child in node._prev:
                    visit(child)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            node._backward()


class Tiny:
    """Children and local gradients in slots and no names, as in microgpt."""

    __slots__ = ("_children", "_local_grads", "data", "grad")

    def __init__(self, data, children=(), local_grads=()):
        self.data, self.grad, self._children, self._local_grads = data, 0, children, local_grads

    def __add__(self, other):
        return Tiny(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):
        return Tiny(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, power):
        return Tiny(self.data**power, (self,), (power * self.data ** (power - 1),))

    def log(self):
        return Tiny(math.log(self.data), (self,), (1 / self.data,))

    def exp(self):
        return Tiny(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self):
        return Tiny(max(0, self.data), (self,), (float(self.data > 0),))


def contributions(root, x):
    return [step.contribution for step in as_values(root).steps() if original(step.parent) is x]


def conversation(root, *lines, names=None):
    out = io.StringIO()
    Debugger(
        Session(root, names), stdin=io.StringIO("\n".join([*lines, "q\n"])), stdout=out
    ).interact()
    return out.getvalue()


@pytest.mark.parametrize("make", [Lesson, Micro, Tiny])
def test_the_sum_of_contributions_is_the_derivative(make):
    """f(x) = x·x + w·x at x = 3, w = −2: f = 3, ∂f/∂x = 2x + w = 4, ∂f/∂w = x = 3."""
    x, w = make(3.0), make(-2.0)
    f = x * x + w * x
    assert as_values(f).data == 3.0
    assert sorted(contributions(f, x)) == [-2.0, 3.0, 3.0]
    assert contributions(f, w) == [3.0]
    assert (x.grad, w.grad, f.grad) == (0, 0, 0)


def test_a_microgpt_s_operations_are_known_by_their_numbers():
    x = Tiny(0.5)
    nodes = {"exp(x)": x.exp(), "log(x)": x.log(), "x⁻¹": x**-1, "x³": x**3, "x·x": x * x}
    for name, node in nodes.items():
        y = as_values(node)
        assert formula.name(y, dict.fromkeys(y.parents, "x")) == name
    assert sum(contributions(x**3, x)) == 0.75
    twice = [step.node.operation.name for step in as_values((x + x) * x.exp()).steps()]
    assert twice == ["multiply", "multiply", "exp", "add", "add"]


def test_what_several_operations_could_be_has_no_name():
    """relu(2) and |2| have the same number and the same slope."""
    positive, negative = Tiny(2.0).relu(), Tiny(-2.0).relu()
    assert as_values(positive).operation.symbol == "?"
    assert as_values(positive).local_derivatives() == (1.0,)
    assert as_values(negative).operation.name == "relu"
    assert as_values(Tiny(7.0, (Tiny(2.0),), (5.0,))).operation.symbol == "?"


def test_a_micrograd_s_slopes_are_presumed_from_the_names():
    """tanh(0.5): the slope is 1 − tanh² 0.5 = 0.7864477; (x³)' = 3x² = 0.75; relu is 0 on the left."""
    x = Micro(0.5)
    for node, slope in [(x.tanh(), 0.7864477), (x**3, 0.75), (Micro(-1.5).relu(), 0.0)]:
        [local] = as_values(node).local_derivatives()
        assert isinstance(local, Presumed)
        assert local == pytest.approx(slope, abs=1e-7)
    y = x.tanh()
    y.backward()
    assert "× 0.7864?" in engine.draw(y).svg and "+0.7864<" in engine.draw(y).svg
    assert "stale" not in engine.draw(y).scene.state
    assert "∂y/∂x = 0.7864?" in engine.why(y, x)
    assert "0.7864?" in engine.text(y)
    assert "1 × 0.7864? = +0.7864" in conversation(y, "s", names={"x": x, "y": y})
    assert [edge["local"] for edge in told(as_values(y))["edges"]] == ["× 0.7864?"]


def test_an_opaque_backward_is_drawn_as_unknown():
    """cube has no name that the engine knows: what arrives at x is 2·slope + 1, and nobody can say what."""
    x = Micro(2.0)
    y = x._node(8.0, (x,), "cube", 12.0) * Micro(2.0) + x
    y.backward()
    assert x.grad == 25.0  # as the closed form has it, 2·3x² + 1
    names = {"x": x, "y": y}
    svg = engine.draw(y, names=names).svg
    texts = [text.text for text in xml.etree.ElementTree.fromstring(svg).iter() if text.text]
    assert "cube?" in texts and "× ?" in texts and "?" in texts and "25" in texts
    assert any(text.endswith("is not known; it adds 2 × ? = ? to x.grad") for text in texts)
    why = engine.why(y, x)
    assert why.splitlines()[0] == "x.grad = 25"
    assert re.search(r"^ +\? +from cube\?\(x\) +∂cube\?\(x\)/∂x = \?$", why, re.MULTILINE)
    assert re.search(r"^ +\+1 +from y = ", why, re.MULTILINE)
    assert "elsewhere" not in why
    assert re.search(r"2        \?               \?  1 → \?$", engine.text(y), re.MULTILINE)
    assert "x.grad = ?" in conversation(y, "c", names=names)
    assert "cube?(" in engine.stepper(y).html
    assert x.grad == 25.0


def test_a_wrong_gradient_is_seen():
    """`=` for `+=`: x.grad of x·x is 3 for 6; the picture has both contributions, and what is missing."""
    x = Lesson(3.0, label="x")
    y = x * x
    y.grad, x.grad = 1.0, 3.0
    assert "the last 1 of these terms is not in it" in engine.why(y, x)
    assert engine.draw(y).scene.cards[0].terms == ["3", "3", "−3 elsewhere"]


def test_a_wrong_rule_is_seen():
    """tanh′ without the square, 1 − tanh 0.5 = 0.5379: the picture has the learner's number."""
    x = Lesson(0.5, label="x")
    y = Lesson(math.tanh(0.5), (x,), (1.0 - math.tanh(0.5),), "tanh", "y")
    y.grad = 1.0
    assert ">× 0.5379<" in engine.draw(y).svg
    assert "∂y/∂x = 0.5379" in engine.why(y, x)
    assert "cosh" not in engine.stepper(y).html  # which would be the right rule
    assert "cosh" in engine.stepper(Lesson(0.5).tanh()).html


def test_parents_in_a_set_are_drawn_as_the_learner_s_loop_reads_them():
    x = Lesson(3.0, label="x")
    y = Lesson(9.0, {x}, (3.0, 3.0), "*")
    assert contributions(y, x) == [3.0]
    assert as_values(y).operation.symbol == "*?"
    assert engine.draw(y).scene.edges == 1


def test_a_micrograd_s_set_is_put_in_order():
    """The same operands, the other way round or used twice; a quotient's order is found by its number."""
    x, y = Micro(2.0), Micro(8.0)
    for quotient in (Micro(4.0, (x, y), "/"), Micro(4.0, (y, x), "/")):
        assert [original(p) for p in as_values(quotient).parents] == [y, x]
        assert as_values(quotient).local_derivatives() == (0.5, -2.0)
    assert contributions(x + x, x) == [1.0, 1.0]
    for product in (x * y, y * x):
        assert as_values(product).parents[0].data == 2.0


@pytest.mark.parametrize(
    ("spelled", "data", "slopes"),
    [("-", 5.0, (1, -1)), ("sub", 5.0, (1, -1)), ("×", 24.0, (3, 8)), ("mul", 24.0, (3, 8)),
     ("/", 8 / 3, (1 / 3, -8 / 9)), ("**", 512.0, (192.0, 512 * math.log(8))), ("Maximum", 8.0, (1, 0))],
)  # fmt: skip
def test_spellings_of_operations(spelled, data, slopes):
    """At 8 and 3; the power's slopes are 3·8² and 8³·log 8."""
    node = as_values(Lesson(data, (Lesson(8.0), Lesson(3.0)), (), spelled))
    assert node.local_derivatives() == pytest.approx(slopes)


def test_unary_minus_has_its_own_name():
    assert as_values(Lesson(-3.0, (Lesson(3.0),), (), "-")).local_derivatives() == (-1.0,)


def test_a_name_that_the_number_contradicts_is_stale_or_wrong():
    x = Lesson(2.0, label="x")
    y = x * x
    x.data = 5.0
    assert "would be 25" in engine.draw(y).svg
    y.grad = 1.0
    assert engine.why(y, y).splitlines()[-1].startswith("stale: a leaf's data was changed")
    assert as_values(Micro(7.0, (Micro(2.0), Micro(3.0)), "*")).local_derivatives() == (
        pytest.approx((math.nan, math.nan), nan_ok=True)
    )


def test_last_digits_are_not_stale():
    """The formula of a lesson may round otherwise than math.tanh; formulas are still written by the rule."""
    x = Lesson(0.5, label="x")
    t = math.nextafter(math.tanh(0.5), 1.0)
    y = Lesson(t, (x,), (1.0 - t * t,), "tanh")
    y.grad = 1.0
    assert engine.draw(y).scene.state == "swept"
    assert "stale" not in engine.why(y, x)
    assert "cosh" in engine.stepper(y).html


@pytest.mark.parametrize("slope", [6.0, 5.0])
@pytest.mark.parametrize("now", [3.0, 5.0])
def test_a_power_keeps_its_exponent(slope, now):
    """x² at 3: with the right slope and a wrong one, and after x has been changed."""
    x = Lesson(3.0, label="x")
    y = Lesson(9.0, (x,), (slope,), "**2", "y")
    x.data, y.grad = now, 1.0
    assert [card.chip for card in engine.draw(y).scene.cards] == ["", "x²"]
    assert "y = x²" in engine.why(y, x)
    assert contributions(y, x) == [slope]
    assert "x²" in engine.stepper(y).html


def test_what_is_not_filled_in_is_unknown():
    y = Lesson(9.0, (Lesson(3.0), Lesson(3.0)), (..., None), "*")
    assert [f"{slope:.4g}" for slope in as_values(y).local_derivatives()] == ["?", "?"]


def test_values_are_taken_as_they_are():
    x = Value(2.0)
    y = x * x
    assert as_values(y) is y and original(y) is y
    mixed = as_values(Lesson(4.0, (x, x), (2.0, 2.0), "*"))
    assert mixed.parents == (x, x)


def test_parts_and_names_by_the_learner_s_own_objects():
    a, b = Tiny(2.0), Tiny(3.0)
    c = a * b
    d = c + a
    assert "<Picture of d: 4 values" in repr(engine.draw(d, names={"d": d}))
    assert len(engine.draw(d, around=b, depth=1).scene.cards) == 2
    assert len(engine.draw(d, between=(a, c)).scene.cards) == 2
    assert "x/" not in engine.why(d, a) and "a.grad = 0: forward only" in engine.why(d, a)
    names = Session(d, {"a": a, "b": b}).labels
    assert list(names) == ["a", "b"]


def test_names_of_a_module():
    class Model:
        def named_parameters(self):
            return {"layer0.w": w}

    w = Tiny(2.0)
    assert "layer0.w" in engine.draw(w * w, module=Model()).svg
    assert "layer0.w" in engine.stepper(w * w, module=Model()).html
    assert "layer0.w" in engine.stepper(w * w, module=Model())._repr_mimebundle_()["image/svg+xml"]


def test_the_debugger_leaves_the_graph_alone():
    x = Lesson(3.0, label="x")
    y = x * x
    session = Session(y)
    session.proceed()
    session.close(keep=True)
    assert session.leaves[0].grad == 6.0
    assert (x.grad, y.grad) == (0.0, 0.0)
    assert engine.draw_dot(y).source.count("->") == 3


class Chain:
    def __init__(self, data, parents=()):
        self.data, self.grad, self.parents = data, 0.0, parents
        self.local_derivatives = (1.0,) * len(parents)


def test_depth_and_size_cost_no_more_than_their_number():
    """A chain of 5,000; a doubling chain of 2·40 edges has 2⁴⁰ paths, and its derivative is 2⁴⁰."""
    node = leaf = Chain(1.0)
    for _ in range(5_000):
        node = Chain(1.0, (node,))
    assert contributions(node, leaf) == [1.0]
    node = leaf = Chain(1.0)
    for i in range(40):
        node = Chain(2.0 ** (i + 1), (node, node))
    start = time.process_time()
    assert as_values(node).data == 2.0**40
    assert sum(contributions(node, leaf)) == 2.0**40
    assert time.process_time() - start < 0.5


def test_many_parents_are_read_in_linear_time():
    leaves = tuple(Chain(1.0) for _ in range(10_000))
    start = time.process_time()
    assert len(as_values(Chain(10_000.0, leaves)).parents) == 10_000
    assert time.process_time() - start < 2.0


def test_a_circle_is_refused():
    a = Lesson(1.0, label="a")
    b = Lesson(1.0, (a,), (1.0,), "tanh", "b")
    a.parents = (b,)
    for use in (engine.draw, engine.text, engine.stepper, engine.debug):
        with pytest.raises(
            ValueError, match=r"^b is computed from itself: a graph has no circles.*$"
        ):
            use(b)
    a.parents = (a,)
    with pytest.raises(ValueError, match="a is computed from itself"):
        engine.why(a, a)


class OnlyData:
    data = 1.0


class NoParents:
    data, grad = 1.0, 0.0


@pytest.mark.parametrize(
    ("thing", "lacks"),
    [(3.0, "float has no data"), (None, "NoneType has no data"), ("loss", "str has no data"),
     ([1.0], "list has no data"), (OnlyData(), "OnlyData has no grad"), (NoParents(), "NoParents has no parents")],
)  # fmt: skip
@pytest.mark.parametrize(
    "use", [engine.draw, engine.stepper, engine.text, engine.debug, engine.draw_dot]
)
def test_anything_else_gets_one_line(use, thing, lacks):
    with pytest.raises(TypeError, match=rf"^a graph starts at a Value.*{NEEDS}: {lacks}$"):
        use(thing)


@pytest.mark.parametrize("use", [engine.draw, engine.stepper, engine.text])
def test_several_values_and_networks_get_what_to_give(use):
    x, net = engine.Value(1.0), nn.MLP(1, [2], seed=0)
    with pytest.raises(TypeError, match=r"list has no data; .* draw\(values\[0\]\)"):
        use(net([x]))
    with pytest.raises(TypeError, match=r"MLP has no data; .* draw\(net\(x\)\)"):
        use(net)


def test_why_of_anything_else_gets_one_line():
    x = Lesson(1.0, label="x")
    with pytest.raises(TypeError, match=f"{NEEDS}: float has no data"):
        engine.why(3.0, x)
    with pytest.raises(TypeError, match=r"^why takes a Value of the graph, not float: y.why\(x\)$"):
        engine.why(x * x, 3.0)
    with pytest.raises(ValueError, match=r"^y\(data=2, grad=0\) is not in the graph of \*"):
        engine.why(x * x, Lesson(2.0, label="y"))


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"parents": 3}, r"^z\.parents is 3: make it a tuple of nodes$"),
        ({"parents": (2.0,)}, rf"^each parent of z needs {NEEDS}: float has no data$"),
        ({"data": "3"}, r"^z\.data: a Value holds one real number, not the str '3': write float\('3'\)$"),
        ({"data": [1.0, 2.0]}, r"^z\.data: a Value holds one real number, not the list"),
        ({"grad": "x"}, r"^z\.grad: a Value holds one real number"),
        ({"local_derivatives": 3.0}, r"^the local derivatives of z are 3\.0: give a tuple, one number a parent$"),
        ({"local_derivatives": (Value(1.0),)}, r"^z\.local_derivatives: a Value holds one real number"),
    ],
)  # fmt: skip
def test_a_faulty_attribute_is_named(attributes, message):
    z = Lesson(1.0, (Lesson(1.0),), (1.0,), "tanh", "z")
    vars(z).update(attributes)
    with pytest.raises(TypeError, match=message):
        as_values(z)


@pytest.mark.parametrize("text", LABELS)
def test_hostile_labels_and_names_do_no_harm(text):
    x = Lesson(2.0, label=text)
    y = Lesson(4.0, (x, x), (2.0, 2.0), text)
    for picture in (engine.draw(y), engine.draw(Micro(4.0, (x,), text))):
        tree = xml.etree.ElementTree.fromstring(picture.svg)
        assert not [node for node in tree.iter() if node.tag.endswith("script")]
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", as_values(y).operation.name)
    for shown in (engine.text(y), engine.why(y, x), conversation(y, "c")):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", shown)
    assert engine.stepper(y).html.count("<script") == engine.stepper(Value(1.0) * 2).html.count(
        "<script"
    )


@pytest.mark.parametrize(
    "name", ["weighted_sum", "power", "total", "where", "prod", "dot", "square"]
)
def test_a_name_of_the_table_with_other_operands_is_no_row_of_it(name):
    """A weighted sum of one operand would be read as weights and inputs."""
    x = Lesson(2.0, label="x")
    y = Lesson(5.0, (x, x, x), (1.0, 1.0, 1.0), name)
    y.grad = x.grad = 1.0
    picture = engine.draw(y, collapse="neurons")
    assert picture.scene.edges == 3
    known = "where" if name == "where" else f"{name}?"
    assert picture.scene.cards[1].node.operation.name == known


def test_numbers_of_other_kinds():
    numpy = pytest.importorskip("numpy")
    x = Lesson(numpy.float64(3.0), label="x")
    x.grad = None
    y = Lesson(numpy.float64(9.0), (x, x), (numpy.float32(3.0), 3), "*")
    assert contributions(y, x) == [3.0, 3.0]
    with pytest.raises(
        TypeError, match=r"^x\.data: a Value holds one real number, not the ndarray"
    ):
        x.data = numpy.ones(3)
        as_values(y)


def test_unknown_stays_unknown():
    assert {
        f"{n:.4g}" for n in (UNKNOWN + 1, 1 + UNKNOWN, 2.0 * UNKNOWN, -UNKNOWN, UNKNOWN / 2)
    } == {"?"}
    assert (f"{UNKNOWN:>+14.4g}", f"{UNKNOWN:7}", f"{UNKNOWN:<3}|") == (
        " " * 13 + "?",
        " " * 6 + "?",
        "?  |",
    )
    assert (f"{Presumed(-0.25):>8.4g}", f"{Presumed(2.0):+.4g}") == ("  -0.25?", "+2?")
    assert issubclass(Copy, Value) and not hasattr(Copy(1.0), "__dict__")


LESSON = """
class Number:
    def __init__(self, data, parents=(), local_derivatives=(), operation=""):
        self.data, self.grad, self.parents = data, 0.0, parents
        self.local_derivatives, self.operation = local_derivatives, operation

def product(a, b):
    return Number(a.data * b.data, (a, b), (b.data, a.data), "*")

x = Number(3.0)
y = product(x, x)
y.grad, x.grad = 1.0, 3.0  # = for +=
odd = Number("3")

def made():
    return product(Number(2.0), Number(4.0))
"""


def run_engine(*arguments, monkeypatch, tmp_path):
    (tmp_path / "lesson.py").write_text(LESSON)
    monkeypatch.chdir(tmp_path)
    return engine.__main__.main([*arguments])


@pytest.mark.parametrize(
    ("target", "shown"),
    [("lesson.py:y", "1  y     x              1        3              +3  0 → 3"), ("lesson.py:made", "4  ")],
)  # fmt: skip
def test_a_lesson_s_file_on_the_command_line(target, shown, monkeypatch, tmp_path, capsys):
    assert (
        run_engine("draw", target, "--format", "txt", monkeypatch=monkeypatch, tmp_path=tmp_path)
        == 0
    )
    assert shown in capsys.readouterr().out


def test_the_picture_of_a_lesson_s_file_has_its_gradients(monkeypatch, tmp_path, capsys):
    """The command makes no backward pass of its own: the learner's 3 stays 3, and −3 is missing."""
    options = ["draw", "lesson.py:y", "--format", "json"]
    assert run_engine(*options, monkeypatch=monkeypatch, tmp_path=tmp_path) == 0
    [x, y] = json.loads(capsys.readouterr().out)["cards"]
    assert (x["name"], x["grad"], x["elsewhere"]) == ("x", 3.0, -3.0)
    assert (y["name"], y["grad"]) == ("y", 1.0)
    options[1] = "lesson.py:made"
    assert run_engine(*options, monkeypatch=monkeypatch, tmp_path=tmp_path) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "forward only"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("lesson.py:odd", "a Number.data: a Value holds one real number, not the str '3'"),
        ("lesson.py:z", "lesson.py has no z: it has product, x, y, odd, made"),
        ("lesson.py:Number", "Number needs a value for data"),
    ],
)
def test_what_is_wrong_with_a_lesson_s_file_is_said(target, message, monkeypatch, tmp_path, capsys):
    assert run_engine("draw", target, monkeypatch=monkeypatch, tmp_path=tmp_path) == 1
    assert message in capsys.readouterr().err
