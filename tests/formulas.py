"""A reader of printed formulas that shares no code with their printer: it turns them into Python's own syntax.

>>> python("|x²·½ - (-y)| ≤ 2/√π")
'abs(x**(2)*(1/2) - (-y)) <= 2/sqrt(pi)'
"""

import re

SIGNS = {
    "·": "*",
    "≤": "<=",
    "≥": ">=",
    "√½": "sqrt(1/2)",
    "½": "(1/2)",
    "√(2π)": "sqrt(2*pi)",
    "√π": "sqrt(pi)",
}
DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
TOKEN = re.compile(
    r"√½|√\(2π\)|√π|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+|[0-9][0-9.]*(?:e[+-]?[0-9]+)?|[A-Za-z_]+[0-9]*|\*\*|//|\s+|."
)


def python(text):
    """The formula as an expression of Python: signs spelled out, `|x|` as a call, superscripts as powers."""
    found, operand = [], False  # whether an operand stands before: then a bar closes
    for token in TOKEN.findall(text):
        if token == "|":
            found.append(")" if operand else "abs(")
        elif token.translate(DIGITS) != token:
            found.append(f"**({token.translate(DIGITS)})")
        else:
            found.append(SIGNS.get(token, token))
            if not token.isspace():
                operand = token == ")" or token[0] == "√" or token[0].isalnum()
    return "".join(found)
