r"""Text for people: numbers in four digits, counts, widths, and no character that does harm.

>>> number(-6.0), number(0.0013407), plural(2, "edge"), columns("梯度")
('-6', '0.001341', '2 edges', 4)
>>> printable("red \x1b[31m")
'red �[31m'
"""

import re
import sys
from unicodedata import combining, east_asian_width

from .types import Node

# Controls, marks and overrides of direction, separators of lines, halves of surrogate pairs, and
# two code points that XML forbids.
_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff\ufffe\uffff]"
)


def printable(text: str, limit: int = 60) -> str:
    """Return `text` with every harmful character as U+FFFD, cut after `limit` characters.

    All text that somebody else chose goes through here on its way to a terminal, a page or a file:
    labels, the symbols of operations, the names of files.

    >>> printable("A" * 100, limit=5)
    'AAAA…'
    """
    return _HARMFUL.sub("\ufffd", text if len(text) <= limit else text[: limit - 1] + "…")


_ASCII = str.maketrans(
    {
        "×": "*",
        "·": "*",
        "∂": "d",
        "Σ": "sum",
        "→": "->",
        "…": "...",
        "–": "-",
        "−": "-",
        "≤": "<=",
        "≥": ">=",
        "½": "1/2",
        "√": "sqrt",
        "π": "pi",
    }
)
_EXPONENTS = re.compile("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def encodable(text: str) -> str:
    """Return `text` so that print() can write it to the standard output of this program.

    That is `text` itself wherever the encoding of sys.stdout has its characters. Where it lacks one
    (cp1252 lacks ∂, ascii lacks · and ² too), the engine's own signs are spelled in ASCII, ∂y/∂x as
    dy/dx and x² as x**2, and what else is missing, in a label, is a question mark.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = _EXPONENTS.sub(lambda digits: "**" + digits[0].translate(_SUPERSCRIPTS), text)
        return text.translate(_ASCII).encode(encoding, "replace").decode(encoding)
    except LookupError:
        pass
    return text


def number(x: float) -> str:
    """Return four significant digits of `x`, a whole number without a point."""
    return f"{x:.4g}"


def plural(count: int, one: str, several: str = "") -> str:
    """Return a count and its noun.

    >>> plural(1, "leaf", "leaves"), plural(2000, "step")
    ('1 leaf', '2,000 steps')
    """
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def columns(text: str) -> int:
    """Return how many columns of a terminal `text` takes: two for a CJK character."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(c) in "WF" else not combining(c) for c in text)


def describe(node: Node) -> str:
    """Return the repr of a node: its label, its operation and its numbers, never its parents.

    A grad that somebody made None, say, is shown as what it is.
    """
    parts = [node.label, node.operation.symbol] if node.operation else [node.label or "Value"]
    name = "=".join(printable(part) for part in parts if part)
    try:
        grad = number(node.grad)
    except (TypeError, ValueError):
        grad = printable(str(node.grad))
    return encodable(f"{name}(data={number(node.data)}, grad={grad})")
