r"""A painted picture as TikZ: a document that LaTeX compiles alone, or that a paper takes in.

>>> from engine import Value, draw
>>> x = Value(3.0, label="x_1")
>>> text = tikz(draw(x * x).svg)
>>> text.splitlines()[0], r"x\_1" in text
('\\documentclass[tikz,border=4pt]{standalone}', True)

What is shown, and where, is read from the SVG, so that both are the same picture. The colours are
those of the light theme.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence

from .layered import Point
from .svg import LIGHT

SVG = "{http://www.w3.org/2000/svg}"
PIXEL = 0.75  # big points
HEAD = r"""\documentclass[tikz,border=4pt]{standalone}
\usepackage[T1]{fontenc}
\usepackage{amssymb}
%s
\begin{document}
\begin{tikzpicture}[x=0.75bp,y=-0.75bp,every node/.style={inner sep=0pt,font=\ttfamily}]
"""
TAIL = r"""\end{tikzpicture}
\end{document}
"""
KINDS = ("pos", "neg", "zero", "nan")
SIZES = {"name": 13.0, "k": 11.0, "s": 10.0}  # of text, by its class, in pixels; others have 12
GREEK = (
    "αalpha βbeta γgamma δdelta εepsilon ζzeta ηeta θtheta κkappa λlambda μmu νnu ξxi πpi ρrho "
    "σsigma τtau φphi χchi ψpsi ωomega ΓGamma ΔDelta ΘTheta ΛLambda ΞXi ΠPi ΣSigma ΦPhi ΨPsi ΩOmega"
)
SIGNS = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "…": r"\ldots{}",
    "–": "--",
    **{sign: "\\" + sign for sign in "{}$&#_%"},
    **dict(zip("×−·÷±∂≤≥√½‖∇∞", (
        r"$\times$", "$-$", r"$\cdot$", r"$\div$", r"$\pm$", r"$\partial$", r"$\leq$", r"$\geq$",
        r"$\surd$", r"$\frac12$", r"$\Vert$", r"$\nabla$", r"$\infty$",
    ))),
    **{sign: f"$^{digit}$" for sign, digit in zip("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")},
    **{sign: f"$_{digit}$" for sign, digit in zip("₀₁₂₃₄₅₆₇₈₉", "0123456789")},
    **{word[0]: rf"$\{word[1:]}$" for word in GREEK.split()},
}  # fmt: skip


def tikz(svg: str) -> str:
    """Return a picture that `paint` made as a LaTeX document."""
    colours = [
        rf"\definecolor{{{name.replace('-', '')}}}{{HTML}}{{{value[1:].upper()}}}"
        for name, value in LIGHT.items()
    ]
    lines = list(_elements(ET.fromstring(svg), (), (0.0, 0.0)))
    return HEAD % "\n".join(colours) + "\n".join(lines) + "\n" + TAIL


def _elements(parent: ET.Element, classes: Sequence[str], origin: Point) -> Iterator[str]:
    """Yield a line for each shape and text inside an element."""
    for element in parent:
        tag = element.tag.removeprefix(SVG)
        own = (element.get("class") or "").split()
        inside = (*classes, *own)
        moved = re.match(r"translate\(([-\d.]+) ([-\d.]+)\)", element.get("transform") or "")
        at = (origin[0] + float(moved[1]), origin[1] + float(moved[2])) if moved else origin
        if tag == "g":
            yield from _elements(element, inside, at)
        elif tag == "rect" and "bg" not in own:
            yield _rectangle(element, _paint(own, inside, element), at)
        elif tag == "path":
            yield rf"\path[{_paint(own, inside, element)}] {_path(element.get('d') or '', at)};"
        elif tag == "text":
            yield _text(element, own, inside, at)


def _kind(classes: Sequence[str]) -> str:
    """Return the class of colour: that of the innermost element that has one."""
    found = [name.removeprefix("is-") for name in classes]
    return next((name for name in reversed(found) if name in KINDS), "zero")


def _paint(own: Sequence[str], classes: Sequence[str], element: ET.Element) -> str:
    """Return the options of a path: its colours, its width, its dashes."""
    kind, what = _kind(classes), own[0]
    width = float(element.get("stroke-width") or 1.2) * PIXEL
    if what == "wire":
        is_dashed = kind == "zero" and "cancel" not in classes
        return f"draw={kind},line width={width:.2f}bp" + ",dashed" * is_dashed
    if what == "tip":
        hollow = "draw=neg,fill=bg,line width=1bp"
        return hollow if kind == "neg" else f"fill={kind}"
    if what == "pill":
        return f"draw={kind},fill={kind}bg,line width=0.75bp"
    if what == "card":
        line = "ink" if "root" in classes else "line"
        line = "old,dashed" if "stale" in classes else line
        return f"draw={line},fill=card,line width={1.5 if 'root' in classes else 0.9}bp"
    if what == "axis":
        return "draw=line,line width=0.75bp"
    return f"fill={kind if what == 'bar' else what}"


def _rectangle(element: ET.Element, options: str, at: Point) -> str:
    x, y, width, height, corner = (
        float(element.get(key) or 0.0) for key in ("x", "y", "width", "height", "rx")
    )
    x, y = x + at[0], y + at[1]
    corner = min(corner, width / 2, height / 2) * PIXEL
    return (
        rf"\path[{options},rounded corners={corner:.2f}bp] "
        f"({x:.1f},{y:.1f}) rectangle ({x + width:.1f},{y + height:.1f});"
    )


def _path(d: str, at: Point) -> str:
    """Return a path of SVG in TikZ: the commands M, C, Q, H, V, l, v and z."""
    out: list[str] = []
    x = y = 0.0

    for command, arguments in re.findall(r"([MCQHVlvz])([^MCQHVlvz]*)", d):
        n = [float(number) for number in re.findall(r"-?\d*\.?\d+", arguments)]
        if command == "M":
            x, y = n[0], n[1]
            out.append(_point(at, (x, y)))
        elif command == "C":
            for i in range(0, len(n), 6):
                first, second, (x, y) = zip(n[i : i + 6 : 2], n[i + 1 : i + 6 : 2], strict=True)
                out.append(_cubic(at, first, second, (x, y)))
        elif command == "Q":  # a quadratic curve is a cubic one
            (a, b), end = (n[0], n[1]), (n[2], n[3])
            first = x + 2 / 3 * (a - x), y + 2 / 3 * (b - y)
            second = end[0] + 2 / 3 * (a - end[0]), end[1] + 2 / 3 * (b - end[1])
            x, y = end
            out.append(_cubic(at, first, second, end))
        elif command == "z":
            out.append("-- cycle")
        else:
            x = {"H": n[0], "l": x + n[0]}.get(command, x)
            y = {"V": n[-1], "v": y + n[-1], "l": y + n[-1]}.get(command, y)
            out.append(f"-- {_point(at, (x, y))}")
    return " ".join(out)


def _cubic(at: Point, first: Point, second: Point, end: Point) -> str:
    controls = f"{_point(at, first)} and {_point(at, second)}"
    return f".. controls {controls} .. {_point(at, end)}"


def _point(at: Point, point: Point) -> str:
    return f"({point[0] + at[0]:.1f},{point[1] + at[1]:.1f})"


def _text(element: ET.Element, own: Sequence[str], classes: Sequence[str], at: Point) -> str:
    x, y = float(element.get("x") or 0.0) + at[0], float(element.get("y") or 0.0) + at[1]
    size = next((SIZES[name] for name in own if name in SIZES), 12.0) * PIXEL
    anchor = "base east" if "end" in own else "base" if "mid" in own else "base west"
    is_signed = "g" in own or any(name.startswith("is-") for name in own)
    colour = next((name for name in own if name in ("soft", "on", "old")), "ink")
    colour = _kind(classes) if is_signed else colour
    bold = r"\bfseries" if {"b", "name"} & {*own} else ""
    font = rf"\fontsize{{{size:.2f}}}{{{size:.2f}}}\selectfont{bold}"
    words = latex("".join(element.itertext()))
    return rf"\node[anchor={anchor},text={colour}] at ({x:.1f},{y:.1f}) {{{font} {words}}};"


def latex(text: str) -> str:
    r"""Return text in which nothing is a command of LaTeX.

    >>> latex(r"50% \input{x}"), latex("∂C/∂w₁ ≤ 漢")
    ('50\\% \\textbackslash{}input\\{x\\}', '$\\partial$C/$\\partial$w$_1$ $\\leq$ ?')

    A character that the usual fonts of LaTeX don't have is a question mark.
    """
    return "".join(SIGNS.get(c, c if c.isascii() or "À" <= c <= "ſ" else "?") for c in text)
