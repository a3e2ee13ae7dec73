"""The table of derivatives is what the rules say, and what it says is true."""

import math

import pytest
from formulas import python

from demos import derivatives
from engine import formula
from engine.operation import OPERATIONS


def test_the_page_is_current():
    assert derivatives.PAGE.read_text(encoding="utf-8") == derivatives.page(), (
        "run python -m demos.derivatives"
    )


def test_every_operation_has_its_row():
    page = derivatives.page()
    assert all(f"| `{name}` |" in page for name in OPERATIONS) and "?" not in page


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("multiply", "∂z/∂x = y, ∂z/∂y = x"),
        ("divide", "∂z/∂x = 1 / y, ∂z/∂y = -(z / y)"),
        ("sqrt", "∂z/∂x = ½ / z"),
        ("sin", "∂z/∂x = cos(x)"),
        ("relu", "∂z/∂x = x > 0"),
        ("log10", "∂z/∂x = (1/log(10)) / x"),
    ],
)
def test_rules_in_symbols(name, text):
    assert formula.rule(name) == text


@pytest.mark.parametrize(
    "name",
    [n for n, op in OPERATIONS.items() if op.arity in (1, 2) and n not in ("masked",)],
)
def test_the_formula_gives_the_number_that_the_rule_gives(name):
    """The text is read back by an independent reader, in plain Python and math."""
    operation = OPERATIONS[name]
    letters = [x.text for x in formula._symbols(operation, ())]
    numbers = dict(zip(letters, (1.7 if name == "acosh" else 0.4, 1.3)))
    z = operation.forward(*numbers.values())
    for text, slope in zip(formula.slopes(name), operation.rule(z, *numbers.values()), strict=True):
        assert float(_value(text, {**numbers, "z": z})) == pytest.approx(slope, rel=1e-12), text


def _value(text, names):
    known = {
        **vars(math),
        "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
        "normal_cdf": lambda x: math.erfc(-x / math.sqrt(2)) / 2,
        "sign": lambda x: math.copysign(1, x),
        "where": lambda condition, x, y: x if condition else y,
        "abs": abs,
        **names,
    }
    return eval(python(text), {"__builtins__": {}}, known)


def test_a_users_rule_that_asks_for_numbers_is_not_spelled():
    import engine

    @engine.primitive(rule=lambda z, x: (math.exp(x),))
    def own_exp(x):
        return math.exp(x)

    assert formula.slopes(own_exp) == ("?",)
