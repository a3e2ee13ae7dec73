"""Lay the Markdown pages out as Sphinx's sources: as they stand, with links that a site can follow.

>>> resolve("docs/nn.md", "../engine/backward.py"), resolve("docs/nn.md", "pictures.md#colours")
('../source/engine/backward.py.md', 'pictures.md#colours')
>>> resolve("docs/nn.md", "../README.md"), resolve("README.md", "docs")
('../index.md', 'source/docs/index.md')

A page keeps its path, README.md at the top becomes the front page. A link to source code leads to a
page that shows it, a link to a folder to its README or a list of its files.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from posixpath import dirname, join, normpath, relpath

from demos import show

ROOT = show.ROOT
PAGES = ("*.md", "docs/**/*.md", "demos/*/*.md")
TRY = {  # what a page leads to, under its title: the engine and the workshop in the browser
    "README.md": {"playground": "Try it here: nothing to install", "workshop": "The workshop"},
    "docs/site.md": {"playground": "The playground", "workshop": "The workshop"},
    "demos/workshop/README.md": {"workshop": "The workshop, in this browser: nothing to install"},
    "demos/workshop/INSTRUCTOR.md": {"workshop": "The workshop, in this browser"},
}
LIVE = ("stepper", "forward")  # pages that documentation.py writes into the folder live
ASSETS = {".svg", ".png", ".pdf"}
GROUPS = {
    "Guide": [
        "docs/site",
        "docs/calculus",
        "docs/debugger",
        "docs/stepper",
        "docs/pictures",
        "docs/nn",
        "docs/gpt",
        "docs/replay",
        "docs/notebooks",
        "docs/other-engines",
    ],
    "Workshop": [
        "demos/workshop/README",
        "demos/workshop/INSTRUCTOR",
        "demos/workshop/misconceptions",
    ],
    "Reference": [
        "reference/engine",
        "reference/functions",
        "reference/nn",
        "reference/commands",
        "docs/command-line",
        "docs/derivatives",
        "docs/edges",
        "docs/picture-schema",
    ],
    "How it is made": ["docs/architecture", "CONTRIBUTING", "CHANGELOG"],
}
LANGUAGES = {".py": "python", ".js": "javascript", ".css": "css", ".json": "json", ".html": "html"}
LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")
FENCED = re.compile(r"^( *)```.*?^\1```$", re.DOTALL | re.MULTILINE)
TWO_THEMES = re.compile(
    r'<picture>\s*<source media="\(prefers-color-scheme: dark\)" srcset="([^"]+)">\s*'
    r'<img alt="([^"]*)" src="([^"]+)">\s*</picture>'
)


def sources() -> list[str]:
    """Return the paths of the Markdown pages that the site shows, the front page first."""
    paths = [path.relative_to(ROOT).as_posix() for each in PAGES for path in ROOT.glob(each)]
    return sorted(dict.fromkeys(paths), key=lambda path: (path != "README.md", path))


def stage(folder: Path) -> None:
    """Write the pages into `folder`, and a page for each file and folder that they link to."""
    wanted: dict[str, None] = {}
    for page in sources():
        text = (ROOT / page).read_text(encoding="utf-8")
        wanted |= dict.fromkeys(_linked(page, text))
        text = led(page, converted(page, text))
        _write(folder / docname(page), text + contents() if page == "README.md" else text)
    for path in wanted:
        if (ROOT / path).is_dir() or (ROOT / path).suffix not in ASSETS:
            _write(folder / shown(path), _source_page(path))
    for file in sorted(file for name in ("docs", "demos") for file in (ROOT / name).rglob("*")):
        if file.suffix in ASSETS:
            target = folder / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


def led(page: str, text: str) -> str:
    """Return a page with the ways into what runs in the browser, under its title."""
    title, _, rest = text.partition("\n\n")
    up = "../" * page.count("/")
    ways = [
        f'<a class="try" href="{up}{folder}/index.html">{label}</a>'
        for folder, label in TRY.get(page, {}).items()
    ]
    return "\n\n".join([title, *([" ".join(ways)] if ways else []), rest])


def contents() -> str:
    """Return the table of contents: the groups, then whatever page of docs/ is in none of them."""
    grouped = {name for names in GROUPS.values() for name in names}
    rest = [page.removesuffix(".md") for page in sources() if page != "README.md"]
    groups = GROUPS | {"More": [name for name in rest if name not in grouped]}
    return "".join(
        f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(names) + "\n```\n"
        for caption, names in groups.items()
        if names
    )


def docname(page: str) -> str:
    """Return the path of a page among Sphinx's sources."""
    return "index.md" if page == "README.md" else page


def shown(path: str) -> str:
    """Return the path of the page that shows a file or a folder of the repository."""
    target = ROOT / path
    if target.is_dir():
        readme = normpath(join(path, "README.md"))
        return docname(readme) if readme in sources() else f"source/{path}/index.md"
    return docname(path) if path in sources() else f"source/{path}.md"


def resolve(page: str, target: str) -> str:
    """Return what a link of `page` says on the site: pages and sources are Markdown there."""
    path, sign, anchor = target.partition("#")
    if not path or re.match(r"[a-z]+:", target):
        return target
    there = normpath(join(dirname(page), path))
    if (ROOT / there).is_file() and PurePosixPath(there).suffix in ASSETS:
        return target
    return relpath(shown(there), dirname(docname(page)) or ".") + sign + anchor


def converted(page: str, text: str) -> str:
    """Return a page with its links resolved, and its pictures in both themes of the site."""

    def outside(part: str) -> str:
        part = LINK.sub(lambda link: resolve(page, link[1]), part)
        return TWO_THEMES.sub(_both, part)

    pieces, end = [], 0
    for fence in FENCED.finditer(text):
        pieces += [outside(text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*pieces, outside(text[end:])])


def _both(picture: re.Match[str]) -> str:
    """Return a picture for either theme; a screenshot of a page gives way to the page itself."""
    dark, alt, light = picture.groups()
    name = PurePosixPath(light).stem.removesuffix("_light")
    if name in LIVE and light.startswith("screenshots/"):
        return f'<iframe class="live" title="{alt}" src="../live/{name}.html"></iframe>'
    return "\n".join(
        f"```{{image}} {path}\n:alt: {alt}\n:class: only-{theme}\n```\n"
        for theme, path in (("light", light), ("dark", dark))
    )


def _linked(page: str, text: str) -> Iterator[str]:
    """Yield the files and folders of the repository that a page links to, other pages left out."""
    for target in LINK.findall(FENCED.sub("", text)):
        path = target.partition("#")[0]
        there = normpath(join(dirname(page), path))
        if not path or re.match(r"[a-z]+:", target):
            continue
        if not (ROOT / there).exists():
            raise ValueError(f"{page} links to {target}, which is not there")
        if shown(there).startswith("source/"):
            yield there


def _source_page(path: str) -> str:
    """Return a page with the text of a file, or with the files of a folder."""
    file = ROOT / path
    if file.is_dir():
        names = [each.name for each in sorted(file.iterdir()) if not each.name.startswith("_")]
        return (
            f"---\norphan: true\n---\n\n# {path}/\n\n" + "\n".join(f"- {n}" for n in names) + "\n"
        )
    text = file.read_text(encoding="utf-8").rstrip()
    language = LANGUAGES.get(file.suffix, "text")
    return f"---\norphan: true\n---\n\n# {path}\n\n`````{language}\n{text}\n`````\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
