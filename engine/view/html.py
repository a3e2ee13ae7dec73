"""One HTML file from assets and data: it asks no network, and runs no script but its own.

>>> page = assembled("page.html", ["theme.css"], "1;", "a < b", {"label": "</script>"})
>>> "<title>a &lt; b</title>" in page, page.count("</script>")
(True, 2)
"""

import base64
import hashlib
import html
import json
import os
import re
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from ..files import write_file
from ..printing import printable

# An exported notebook says its theme in an attribute; frames and images go by color-scheme.
THEME = "".join(
    f'[data-jp-theme-light="{is_light}"] .jp-OutputArea-output{{color-scheme:{scheme}}}'
    for is_light, scheme in (("true", "light"), ("false", "dark"))
)
COMMENT = re.compile(r"(?m)(?:^| )// .*$")  # of a script: the page goes without them


def asset(name: str) -> str:
    """Return the text of a file of the folder `assets`."""
    return (resources.files(__package__) / "assets" / name).read_text("utf-8")


def assembled(
    body: str, styles: Iterable[str], script: str, title: str, data: Mapping[str, Any]
) -> str:
    """Return the page with this body, style, script and data.

    The hashes of style and script are all that the browser is allowed to run.
    """
    style = "".join(map(asset, styles))
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    fields = {
        "POLICY": policy,
        "TITLE": html.escape(title),
        "BODY": asset(body),
        "STYLE": style,
        "SCRIPT": script,
        "DATA": _json_in_html(data),
    }  # all in one pass, so that a label can't ask for another field
    return re.sub(r"\{\{([A-Z]+)\}\}", lambda mark: fields[mark[1]], asset("frame.html"))


def script_of(parts: Iterable[str], program: str) -> str:
    """Return one script of its parts, in which `data` and `program` are known."""
    data = 'const data = JSON.parse(document.getElementById("data").textContent);'
    body = COMMENT.sub("", "\n".join([data, f"const program = {program};", *parts]))
    return f'"use strict";\n(() => {{\n{body}\n}})();\n'


def save_html(path: str | os.PathLike[str], page: str, what: str) -> Path:
    """Write a page, whole or not at all. Raises ValueError unless the path ends in .html."""
    target = Path(path)
    if target.suffix.lower() not in (".html", ".htm"):
        raise ValueError(
            f"{what} is an .html file, not {target.name!r}: write {printable(target.stem)}.html"
        )
    return write_file(target, page)


def framed(page: str, title: str, height: int) -> str:
    """Return a frame for a notebook, in which the page may run its script and nothing else."""
    return (
        f'<style>{THEME}</style><iframe sandbox="allow-scripts" '
        f'title="{html.escape(title)}" width="100%" height="{height}" '
        f'style="border:0" srcdoc="{html.escape(page)}"></iframe>'
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return "sha256-" + base64.b64encode(digest).decode("ascii")


def _json_in_html(content: Mapping[str, Any]) -> str:
    """Return JSON that can't end the element it stands in."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
