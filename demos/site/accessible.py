"""Mend what Sphinx and its theme leave for those who hear a page or use the keyboard alone.

>>> mended('<aside class="toc-drawer"><pre>x</pre>')
'<aside class="toc-drawer" aria-label="On this page"><pre tabindex="0">x</pre>'

axe, in tests/test_site.py, says what is still to be mended.
"""

from pathlib import Path

MENDS = {
    "<pre>": '<pre tabindex="0">',  # code that is wider than the page is scrolled by arrow keys
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<th class="head"><p></p></th>': "<td></td>",  # the corner of a table heads nothing
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer">': '<aside class="toc-drawer" aria-label="On this page">',
    '<dl>\n<dd><em class="sig-param">': '<div class="parameters">\n<div><em class="sig-param">',
    '<dd><em class="sig-param">': '<div><em class="sig-param">',  # no list of definitions
    "</em>,</dd>": "</em>,</div>",
    '</dl>\n\n<span class="sig-paren">': '</div>\n\n<span class="sig-paren">',
    '<div id="search-results">': '<h1 class="heard">Search</h1>\n<div id="search-results">',
}


def mend(out: Path) -> None:
    """Mend every page of the documentation in the folder `out`."""
    for page in out.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(mended(text), encoding="utf-8", newline="\n")


def mended(text: str) -> str:
    """Return a page with all that is known mended."""
    for before, after in MENDS.items():
        text = text.replace(before, after)
    return text
