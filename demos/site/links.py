"""Check the links of a site: every file, page and anchor that a page names must be there.

>>> broken({"a.html": '<a href="b.html#x">', "b.html": '<p id="y">', "c.png": ""})
['a.html: b.html#x']
"""

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import unquote, urlsplit


class Links(HTMLParser):
    """What a page refers to, and the anchors that it has."""

    def __init__(self, text: str):
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the links and the anchors of one element."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        self.targets += [given[name] for name in ("href", "src") if name in given]
        self.targets += [part.split()[0] for part in given.get("srcset", "").split(",") if part]


def broken(files: Mapping[str, str]) -> list[str]:
    """Return the links of a site that lead nowhere, as "page: target".

    `files` maps each path in the site to its text; the text of what is no page may be empty.
    """
    pages = {path: Links(text) for path, text in files.items() if path.endswith(".html")}
    return [
        f"{path}: {target}"
        for path, page in pages.items()
        for target in dict.fromkeys(page.targets)
        if not _leads_somewhere(path, target, files, pages)
    ]


def _leads_somewhere(
    path: str, target: str, files: Mapping[str, str], pages: Mapping[str, Links]
) -> bool:
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return True
    there = normpath(join(dirname(path), unquote(parts.path))) if parts.path else path
    if parts.path.endswith("/") or there == ".":
        there = normpath(join(there, "index.html"))
    if there not in files:
        return False
    page = pages.get(there)
    return page is None or parts.fragment == "" or unquote(parts.fragment) in page.anchors


def check(folder: Path) -> None:
    """Raise ValueError that lists the links of the site in `folder` which lead nowhere."""
    wrong = broken(dict(_files(folder)))
    if wrong:
        raise ValueError(f"{len(wrong)} links lead nowhere:\n  " + "\n  ".join(wrong[:40]))


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            text = file.read_text(encoding="utf-8") if file.suffix == ".html" else ""
            yield file.relative_to(folder).as_posix(), text
