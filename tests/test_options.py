"""An option of the wrong type is refused in one line: the option, what was given, what to give."""

import pytest

import engine
from engine import Value
from engine.options import flag, named, whole


def graph():
    x = Value(3.0, label="x")
    y = x * x
    y.backward()
    return x, y


X, Y = graph()
WRONG = {
    engine.draw: {
        "names": [3, ["w"], "w", {3: X}],
        "module": [3, X, type(X)],
        "constants": ["no", None, 3, []],
        "around": [3, "x", [X], (X,)],
        "depth": ["2", None, 1.5, [], X],
        "between": [X, 3, (X,), (X, Y, X), "ab", (3, 4), {X: Y}],
        "to_come": [3, None, [3], "ab"],
    },
    engine.stepper: {
        "names": [3, ["w"], "w"],
        "module": [3],
        "forward": ["no", None],
        "live": ["no", 3],
        "title": [3, None, []],
    },
    engine.draw_dot: {"format": [3, None, []]},
    engine.debug: {"names": [3, ["w"], "w"]},
}
CASES = [
    (tool, option, wrong)
    for tool, options in WRONG.items()
    for option, several in options.items()
    for wrong in several
]


@pytest.mark.parametrize(("tool", "option", "wrong"), CASES)
def test_an_option_of_the_wrong_type_to_draw_and_others_is_named_with_what_to_give(
    tool, option, wrong
):
    if tool is engine.draw_dot:
        pytest.importorskip("graphviz")
    with pytest.raises(TypeError) as caught:
        tool(Y, **{option: wrong})
    message = str(caught.value)
    assert message.startswith(option) and "\n" not in message and len(message) <= 160
    assert any(remedy in message for remedy in ("give ", "names={'w': value}"))
    assert (X.grad, Y.grad, X.label) == (6.0, 1.0, "x")


@pytest.mark.parametrize("depth", ["2", None, 1.5])
def test_the_depth_of_why_counts(depth):
    with pytest.raises(TypeError, match=r"^depth .*: give a whole number of 1 or more$"):
        Y.why(X, depth)
    with pytest.raises(ValueError, match=r"^depth -1: give a whole number of 1 or more$"):
        Y.why(X, -1)


def test_a_value_of_another_graph_is_no_part_of_this_one():
    for options in ({"around": Value(1.0)}, {"between": (Value(1.0), Y)}):
        with pytest.raises(ValueError, match="it is not in this graph; give a value"):
            engine.draw(Y, **options)


def test_what_is_meant_is_taken():
    numpy = pytest.importorskip("numpy")
    assert whole("depth", numpy.int64(3)) == 3 and whole("depth", True) == 1
    assert flag("live", numpy.bool_(False)) is False and flag("live", 1) is True
    assert named(None) == {} and named({"w": X}) == {"w": X}
