"""The table of derivatives in docs/derivatives.md, written by the rules themselves: each is run on letters.

>>> print(page().splitlines()[0])
# Derivatives

`python -m demos.derivatives` writes the page; a test says when it is no longer what the rules say.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from demos import show
from engine import formula
from engine.operation import OPERATIONS, Operation
from engine.operations import clamp_of, elu_of, leaky_relu_of, power_of

PAGE = Path(__file__).parent.parent / "docs" / "derivatives.md"
EXAMPLES = [
    (power_of(3.0), "`x ** 3`, a plain exponent"),
    (power_of(0.5), "`x ** 0.5`"),
    (leaky_relu_of(0.01), "`leaky_relu(x, slope=0.01)`"),
    (elu_of(1.0), "`elu(x, alpha=1)`"),
    (clamp_of(0.0, 1.0), "`clamp(x, 0, 1)`"),
]
HEAD = """# Derivatives

Every operation of the engine, and what it passes back. This page is written by `python -m demos.derivatives`, which
runs each rule of `engine/operations.py` on letters; nothing here was typed by hand. z is the result of the operation,
a factor such as (x > 0) is 1 where it holds and 0 where it does not, and where(c, a, b) is a unless c is 0, then b.
For one operation ask Python:

```python
>>> from engine import formula
>>> formula.rule("tanh")
'∂z/∂x = (1 / cosh(x))²'
```
"""


def page() -> str:
    """The whole page."""
    fixed = [_row(f"`{name}`", operation) for name, operation in OPERATIONS.items()]
    carried = [_row(words, operation) for operation, words in EXAMPLES]
    return "\n".join(
        [
            HEAD,
            *_table("operation", fixed),
            "",
            "Operations that carry plain numbers of their own, by example:",
            "",
            *_table("example", carried),
            "",
        ]
    )


def _table(head: str, rows: Sequence[str]) -> Iterator[str]:
    yield f"| {head} | z | local derivatives |"
    yield "|---|---|---|"
    yield from rows


def _row(words: str, operation: Operation) -> str:
    slopes = formula.rule(operation).replace(", ∂z", "\n∂z").split("\n")
    return f"| {words} | {_cell(formula.forward(operation))} | {'<br>'.join(map(_cell, slopes))} |"


def _cell(text: str) -> str:
    """Text for a cell of a table in Markdown."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def main(argv: Sequence[str] | None = None) -> str:
    show.options(__doc__).parse_args(argv)
    text = page()
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text, encoding="utf-8", newline="\n")
    print(f"written: {PAGE} ({len(OPERATIONS) + len(EXAMPLES)} operations)")
    return text


if __name__ == "__main__":
    main()
