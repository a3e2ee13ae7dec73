"""Text that somebody else chose, to do harm: what a label, the symbol of an operation or a file's name may hold."""

from unicodedata import bidirectional, category
from xml.etree import ElementTree

LABELS = [
    "",
    "a|b",
    "{x}",
    "%s",
    "x; q",
    "a<b",
    "<b>",
    "<<b>hi</b>>",
    "<lambda> <map>",
    'x"y',
    "x\\",
    "\\N",
    "\\G",
    "new\nline",
    "nul\0",
    "\x07bell",
    "\x7f",
    "\x1b[31mred\x1b[0m",
    "\x9b31m",
    "\x85\u2028\u2029",
    "\ud800",
    "\ufffe|\uffff",
    "\u202eabc\u202c",
    "\u2066abc\u2069",
    "\u061c\u200e\u200f",
    "A" * 20_000,
    "梯度 🙂",
    "[bold]x[/bold]",
    "&lt;script&gt;",
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "]]><script>",
    "--><script>",
    "<!--<script>",
    "{{DATA}}",
    "{{SCRIPT}}",
    '"><img src=x onerror=alert(1)>',
    '<<TABLE><TR><TD HREF="javascript:alert(1)">x</TD></TR></TABLE>>',
    'x }"]; evil [label="pwn" URL="javascript:alert(1)"]; y [label="{ ',
]


def harmful(c):
    """Whether a character does something to a terminal or a page other than stand there, by Unicode's own tables."""
    return (
        category(c) in ("Cc", "Cs", "Zl", "Zp")
        or bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        or c in "\u061c\u200e\u200f\ufffe\uffff"
    )


def clean(text):
    """The text with U+FFFD for what is harmful."""
    return "".join("\ufffd" if harmful(c) else c for c in text)


TAGS = {"svg", "title", "desc", "style", "rect", "g", "path", "text"}


def assert_nothing_acts(svg, *more_tags):
    """Hold an SVG to elements that only stand there, without links and handlers of events."""
    for element in ElementTree.fromstring(svg).iter():
        assert element.tag.removeprefix("{http://www.w3.org/2000/svg}") in {*TAGS, *more_tags}
        assert not any(name.startswith("on") or name.endswith("href") for name in element.attrib)
