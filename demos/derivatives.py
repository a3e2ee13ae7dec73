"""Write the table of derivatives in docs/derivatives.md: every rule is called with letters.

A test fails where the page is no longer what the rules say.

>>> print(page().splitlines()[0])
# Derivatives
"""

import sys
from collections.abc import Iterator, Sequence

from demos import show
from engine import formula
from engine.operation import OPERATIONS, Operation
from engine.operations import clamp_of, elu_of, leaky_relu_of, power_of

PAGE = show.ROOT / "docs" / "derivatives.md"
EXAMPLES = [
    (power_of(3.0), "`x ** 3`, a plain exponent"),
    (power_of(0.5), "`x ** 0.5`"),
    (leaky_relu_of(0.01), "`leaky_relu(x, slope=0.01)`"),
    (elu_of(1.0), "`elu(x, alpha=1)`"),
    (clamp_of(0.0, 1.0), "`clamp(x, 0, 1)`"),
]
HEAD = """# Derivatives

Every operation of the engine, with its local derivatives. This page is written by
`python -m demos.derivatives`, which calls each rule of `engine/operations.py` with letters in place
of numbers; nothing here was typed by hand. z is the result of the operation. A factor such as
(x > 0) is 1 if it is true, else 0; where(c, a, b) is b if c is 0, else a. Python answers for one
operation:

```python
>>> from engine import formula
>>> formula.rule("tanh")
'∂z/∂x = (1 / cosh(x))²'
```
"""


def page() -> str:
    """Return the whole page."""
    fixed = [_row(f"`{name}`", operation) for name, operation in OPERATIONS.items()]
    carried = [_row(example, operation) for operation, example in EXAMPLES]
    return "\n".join(
        [
            HEAD,
            *_table("operation", fixed),
            "",
            "Examples of operations that have plain numbers of their own, such as an exponent or "
            "a bound:",
            "",
            *_table("example", carried),
            "",
        ]
    )


def _table(head: str, rows: Sequence[str]) -> Iterator[str]:
    yield f"| {head} | z | local derivatives |"
    yield "|---|---|---|"
    yield from rows


def _row(name: str, operation: Operation) -> str:
    slopes = formula.rule(operation).replace(", ∂z", "\n∂z").split("\n")
    return f"| {name} | {_cell(formula.forward(operation))} | {'<br>'.join(map(_cell, slopes))} |"


def _cell(text: str) -> str:
    """Return text for a cell of a table in Markdown."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def main(argv: Sequence[str] | None = None) -> str:
    out = show.documentation(__doc__, "derivatives", PAGE.parent).parse_args(argv).out
    text = page()
    file = out / PAGE.name
    file.write_text(text, encoding="utf-8", newline="\n")
    print(f"{file} ({len(OPERATIONS) + len(EXAMPLES)} operations)")
    return text


if __name__ == "__main__":
    sys.exit(show.program(main))
