"""Value as an object: what it takes, what it refuses, how it prints, where it says it was made."""

import copy
import math
import pickle
from decimal import Decimal
from fractions import Fraction

import pytest

import engine
from engine import Value
from engine.printing import printable

REAL = [3, 2.5, True, Fraction(1, 4), Decimal("0.125"), 10**300]


@pytest.mark.parametrize("number", REAL, ids=repr)
def test_real_numbers_are_taken(number):
    assert type(Value(number).data) is float
    assert Value(number).data == float(number)


@pytest.mark.parametrize("number", REAL[:-1], ids=repr)
def test_operators_take_real_numbers_on_both_sides(number):
    x, n = Value(3.0), float(number)
    assert [(x + number).data, (number + x).data] == [3.0 + n, n + 3.0]
    assert [(x - number).data, (number - x).data] == [3.0 - n, n - 3.0]
    assert [(x * number).data, (number * x).data] == [3.0 * n, n * 3.0]
    assert [(x / number).data, (number / x).data] == [3.0 / n, n / 3.0]
    assert [(x // number).data, (number // x).data] == [3.0 // n, n // 3.0]
    assert [(x % number).data, (number % x).data] == [3.0 % n, n % 3.0]
    assert [(x**number).data, (number**x).data] == [3.0**n, n**3.0]
    assert [bool(x < number), bool(number < x)] == [3.0 < n, n < 3.0]
    assert [bool(x >= number), bool(number >= x)] == [3.0 >= n, n >= 3.0]


def test_numpy_scalars_on_both_sides():
    np = pytest.importorskip("numpy")
    x = Value(3.0)
    for number in (np.float64(2.0), np.float32(2.0), np.int64(2), np.bool_(True)):
        n = float(number)
        assert type(Value(number).data) is float
        assert [(x + number).data, (number + x).data] == [3.0 + n, n + 3.0]
        assert [(x * number).data, (number * x).data] == [3.0 * n, n * 3.0]
        assert [(x / number).data, (number / x).data] == [3.0 / n, n / 3.0]
        assert [(x**number).data, (number**x).data] == [3.0**n, n**3.0]
        assert bool(number < x) is True
        assert type(number * x) is Value


def test_arrays_are_refused():
    np = pytest.importorskip("numpy")
    x = Value(3.0)
    for call in (
        lambda: x * np.ones(2),
        lambda: np.ones(2) * x,
        lambda: Value(np.ones(1)),
    ):
        with pytest.raises(TypeError, match="one Value for each number"):
            call()
    for slip in (lambda: Value(np.array(1.0)), lambda: setattr(x, "data", np.array(1.0))):
        with pytest.raises(TypeError, match=r"write \.item\(\) behind it"):
            slip()


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        ("2", r"float\('2'\)"),
        (b"2", "float"),
        (None, "NoneType"),
        ([1.0], "one Value for each"),
        ((1.0,), "one Value for each"),
        (1j, r"\.real"),
        (Value(1.0), r"\.data"),
        ({}, "one Value for each"),
        (object(), "int or a float"),
    ],
)
def test_everything_else_is_refused_with_a_remedy(number, remedy):
    with pytest.raises(TypeError, match=remedy):
        Value(number)
    if not isinstance(number, Value):
        for call in (
            lambda: Value(1.0) + number,
            lambda: number * Value(1.0),
            lambda: engine.exp(number),
        ):
            with pytest.raises(TypeError):
                call()


def test_a_number_beyond_the_floats_and_a_label_that_is_no_text():
    with pytest.raises(OverflowError, match="largest float"):
        Value(10**400)
    with pytest.raises(TypeError, match="label"):
        Value(1.0, label=3)


def test_repr():
    a, b = Value(2.0, label="a"), Value(-3.0)
    z = a * b
    assert (repr(a), repr(b), repr(z)) == (
        "a(data=2, grad=0)",
        "Value(data=-3, grad=0)",
        "*(data=-6, grad=0)",
    )
    z.label = "z"
    z.backward()
    assert repr(z) == "z=*(data=-6, grad=1)"
    assert f"{z:.3f}|{z}" == "-6.000|z=*(data=-6, grad=1)"


def test_a_hostile_label_is_inert_in_a_terminal():
    shown = repr(Value(1.0, label="\x1b[31m\n\0\ud800\x07" + "A" * 20_000))
    assert shown.isprintable() and len(shown) < 120
    assert "\ufffd" in shown and "…" in shown
    shown.encode("utf-8")


def test_a_value_is_no_float_and_no_bool():
    x = Value(2.0)
    for call in (lambda: math.sin(x), lambda: float(x)):
        with pytest.raises(TypeError, match=r"v\.data.*engine\.sin"):
            call()
    with pytest.raises(TypeError, match=r"v\.data"):
        bool(x)
    with pytest.raises(TypeError):
        int(x)


def test_comparisons_are_values_with_a_truth():
    x, y = Value(2.0), Value(3.0)
    assert (x < y).data == 1.0 and (x > y).data == 0.0
    assert max(x, y) is y and min(x, y) is x and sorted([y, x]) == [x, y]
    (x < y).backward()
    assert (x.grad, y.grad) == (0.0, 0.0)
    assert not Value(math.nan) > 0 and not Value(math.nan) <= 0


def test_equality_and_hash_go_by_identity():
    x, y = Value(2.0), Value(2.0)
    assert x == x and x != y and len({x, y}) == 2


def test_sum_and_unary_operators():
    x = Value(2.0)
    assert sum([x, x, 1]).data == 5.0
    assert (+x) is x and (-x).data == -2.0 and abs(Value(-2.0)).data == 2.0


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))]
)
def test_leaves_can_be_copied_and_interior_nodes_refuse(copied):
    x = Value(2.0, label="x")
    x.grad = 5.0
    twin = copied(x)
    assert twin is not x and (twin.data, twin.grad, twin.label) == (2.0, 5.0, "x")
    constant = (x + 1).parents[1]
    assert constant.constant and copied(constant).constant
    with pytest.raises(TypeError, match="copied or pickled"):
        copied(x * x)


def test_constants_are_marked():
    x = Value(2.0)
    y = 3 * x
    assert [p.constant for p in y.parents] == [True, False]
    assert not y.constant
    assert [step.parent for step in y.steps()] == [x]


def test_created_at_points_at_the_subexpression():
    x = Value(2.0)
    y = x * 3.0 + engine.exp(x)
    product, exponential = y.parents
    for node, text in (
        (x, "Value(2.0)"),
        (y, "x * 3.0 + engine.exp(x)"),
        (product, "x * 3.0"),
        (exponential, "engine.exp(x)"),
    ):
        site = node.created_at
        assert site.filename == __file__
        assert site.text[site.column : site.end_column] == text
        assert site.function == "test_created_at_points_at_the_subexpression"
    assert y.created_at.line == product.created_at.line


def test_created_at_skips_the_engine():
    x = Value(2.0)
    for node in (
        engine.softmax([x, x])[0],
        engine.total([x, x]),
        2 - x,
        2**x,
        x**2,
        x.clamp(0, 1),
        x.exp(),
        engine.gradient(x * x, [x])[0],
        abs(x),
        x < 1,
    ):
        assert node.created_at.filename == __file__


def test_names_of_the_micrograd_lecture():
    x, y = Value(2.0, label="x"), Value(-3.0, label="y")
    z = x * y
    assert (z._prev, z._op, x._prev, x._op) == ((x, y), "*", (), "")
    z.grad = 1.0
    z._backward()
    assert (x.grad, y.grad) == (-3.0, 2.0)
    x._backward()


def test_every_function_of_one_is_a_method():
    names = """exp log log2 log10 log1p expm1 exp2 sqrt cbrt square reciprocal sin cos tan asin acos atan sinh cosh tanh asinh
        acosh atanh sigmoid softplus relu leaky_relu elu gelu silu erf erfc sign step floor ceil trunc""".split()
    for name in names:
        x = Value(0.75)
        a, b = getattr(engine, name)(x), getattr(x, name)()
        assert a.operation is b.operation
        assert a.data == b.data or math.isnan(a.data)


def test_import_needs_the_standard_library_only():
    import subprocess
    import sys

    code = (
        "import sys, engine\nthird = {m.partition('.')[0] for m in sys.modules} - sys.stdlib_module_names - "
        "{'engine'}\nprint(sorted(m for m in third if not m.startswith('_')))"
    )
    clean = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, '.')\n{code}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert clean.stdout.strip() == "[]"


def test_data_that_somebody_set_is_made_a_float_or_refused():
    import numpy

    p = Value(2.0)
    for number in (3, numpy.float64(3.0), numpy.float32(3.0), True):
        p.data = number
        for node in (p * p, -p, p.sqrt(), p + 1, engine.weighted_sum([p], [p], p)):
            assert type(node.data) is float
    p.label = "p"
    for slip, remedy in (
        (p - 0.1 * p, r"p\.data.*write p\.data -= …"),
        ("3", r"p\.data.*write float\('3'\)"),
        (numpy.array([1.0, 2.0]), r"p\.data.*one Value for each number"),
        (None, r"p\.data.*give an int or a float"),
    ):
        with pytest.raises(TypeError, match=remedy):
            p.data = slip
        assert p.data == 1.0


@pytest.mark.parametrize("label", ["\x1b[31mred\n", "\u202e\u2066\u061c", "a\u2028b\x9b"])
def test_refused_numbers_name_a_hostile_label_without_harm(label):
    p = Value(2.0, label=label)
    for slip in ("3", p * 2.0):
        with pytest.raises(TypeError, match=r"\.data = …") as data:
            p.data = slip
        assert str(data.value).isprintable() and printable(label) in str(data.value)
    p.grad = None
    with pytest.raises(TypeError, match=r"\.grad = 0\.0") as grad:
        (p * 2.0).backward()
    assert str(grad.value).isprintable() and printable(label) in str(grad.value)


def test_a_refused_number_of_a_value_without_label_names_its_place():
    x = Value(2.0)
    with pytest.raises(
        TypeError, match=r"^p\.data = …, where p is Value\(2\), made at .*test_value\.py:\d+: "
    ):
        x.data = "3"


def test_a_methods_help_names_it():
    assert Value.tanh.__qualname__ == "Value.tanh" and "engine.tanh" in Value.tanh.__doc__


def test_a_node_of_micrograd_says_how_nodes_are_made_here():
    a, b = Value(1.0), Value(2.0)
    for call in (
        lambda: Value(3.0, (a, b), "+"),
        lambda: Value(math.tanh(1.0), (a,), "tanh"),
        lambda: Value(3.0, (a, b)),
        lambda: Value(3.0, {a, b}, "+", "label"),
    ):
        with pytest.raises(
            TypeError, match=r"makes a leaf: an operator.*engine\.primitive"
        ) as slip:
            call()
        assert "\n" not in str(slip.value)
    with pytest.raises(TypeError, match=r"a label is a str, not 3: write label='3'"):
        a.label = 3
    with pytest.raises(TypeError, match=r"a label is a str, not None: write label=''"):
        a.label = None
    c = a * b
    with pytest.raises(AttributeError, match=r"engine\.primitive") as slip:
        c._backward = lambda: None
    assert "\n" not in str(slip.value)
    c.grad = 2.0
    c._backward()
    assert (a.grad, b.grad) == (4.0, 2.0)


def test_a_function_of_numpy_names_the_one_to_write():
    np = pytest.importorskip("numpy")
    x, y = Value(3.0), Value(2.0)
    for call, instead in (
        (lambda: np.sin(x), r"engine\.sin\(v\)"),
        (lambda: np.arctan(x), r"engine\.atan\(v\)"),
        (lambda: np.sign(x), r"engine\.sign\(v\)"),
        (lambda: np.maximum(x, y), r"engine\.maximum\(v, w\)"),
        (lambda: np.isnan(x), r"v\.data"),
        (lambda: np.add(x, y, out=np.zeros(1)), "lose the graph"),
        (lambda: np.array([x]) * y, r"\[v \* 2\.0 for v in values\]"),
        (lambda: y / np.array([x]), r"\[v \* 2\.0 for v in values\]"),
        (lambda: np.ones(2) - x, r"\[v \* 2\.0 for v in values\]"),
    ):
        with pytest.raises(TypeError, match=instead) as slip:
            call()
        assert "\n" not in str(slip.value)


def test_a_numpy_number_on_the_left_is_an_operand_like_any_other():
    np = pytest.importorskip("numpy")
    for number in (
        np.float64(2.5),
        np.float32(2.5),
        np.longdouble(2.5),
        np.uint8(200),
        np.bool_(1),
    ):
        x, n = Value(3.0), float(number)
        for node, data in (
            (number + x, n + 3.0),
            (number - x, n - 3.0),
            (number / x, n / 3.0),
            (number**x, n**3.0),
            (number % x, n % 3.0),
            (number // x, n // 3.0),
            (np.multiply(number, x), n * 3.0),
        ):
            assert (type(node), node.data, type(node.data)) == (Value, data, float)
            assert node.created_at.filename == __file__ and node.parents[1] is x
        assert (bool(number < x), bool(number >= x)) == (n < 3.0, n >= 3.0)
        assert (number == x) is False and (number != x) is True


def test_a_missing_attribute_is_an_attribute_error_for_whoever_asks():
    x = Value(1.0)
    for name in ("foo", "item", "_repr_html_", "__array__", "__len__", "__iter__", "shape"):
        assert not hasattr(x, name) and getattr(x, name, None) is None
    with pytest.raises(AttributeError, match="backwards") as slip:
        _ = x.backwards
    assert (slip.value.name, slip.value.obj) == ("backwards", x)  # for Python's "Did you mean"


HABITS = {
    "item": r"write v\.data",
    "detach": r"Value\(v\.data\)",
    "requires_grad": "every leaf has a gradient",
    "numpy": r"v\.data",
    "zero_grad": r"v\.grad = 0\.0",
    "T": "one number",
    "shape": "one number",
    "pow": r"v \*\* w",
    "_children": r"v\.parents",
}


@pytest.mark.parametrize("name", HABITS)
def test_habits_get_one_line(name):
    with pytest.raises(AttributeError, match=f"{name}.*: .*{HABITS[name]}") as slip:
        getattr(Value(1.0), name)
    assert "\n" not in str(slip.value)


@pytest.mark.parametrize("name", HABITS)
def test_a_habit_of_setting_gets_the_same_line(name):
    with pytest.raises(AttributeError, match=f"{name}.*: .*{HABITS[name]}"):
        setattr(Value(1.0), name, False)


def test_a_subclass_may_have_an_attribute_of_that_name():
    class Named(Value):
        pass

    x = Named(1.0)
    with pytest.raises(AttributeError, match=r"write v\.label"):
        _ = x.name
    x.name = "weight"
    assert x.name == "weight" and "name" in vars(x)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("no_grad", r"v\.data is a plain number"),
        ("tensor", r"engine\.Value"),
        ("Tensor", r"engine\.Value"),
        ("grad", r"engine\.gradient\(root, \[x\]\)"),
        ("manual_seed", "seed"),
        ("arctan", r"engine\.atan"),
        ("nn", "import nn"),
    ],
)
def test_names_of_others_in_the_engine_get_one_line(name, remedy):
    assert not hasattr(engine, name)
    with pytest.raises(AttributeError, match=f"engine has no '{name}': .*{remedy}") as slip:
        getattr(engine, name)
    assert "\n" not in str(slip.value)


def test_every_remedy_names_what_is_there():
    import re

    from engine import habits

    v = engine.exp(Value(0.5))
    for names, owner in ((habits._OF_A_VALUE, v), (habits._OF_THE_ENGINE, engine)):
        assert not [name for name in names if hasattr(owner, name)]
        for remedy in names.values():
            assert all(hasattr(engine, name) for name in re.findall(r"engine\.(\w+)", remedy))
            assert all(hasattr(v, name) for name in re.findall(r"\bv\.(\w+)", remedy))


def test_the_repr_of_a_value_whose_grad_is_no_number():
    x = Value(1.0, label="x")
    for grad, shown in ((None, "None"), ("a\nb", "a\ufffdb")):
        x.grad = grad
        assert repr(x) == f"x(data=1, grad={shown})"


@pytest.mark.parametrize("name", ["total", "mean", "product", "logsumexp", "softmax", "pick"])
def test_functions_of_a_list_say_so_to_a_single_value(name):
    index = (0,) if name == "pick" else ()
    for single in (Value(2.0), 3.0):
        with pytest.raises(TypeError, match=rf"{name} takes a list of values.*{name}\(\[a, b\]"):
            getattr(engine, name)(single, *index)
