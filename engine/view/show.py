"""`show()` of pictures, pages and films: in a notebook below the cell, else in a web browser.

>>> from unittest.mock import patch
>>> from engine import Value, draw
>>> x = Value(3.0, label="x")
>>> with patch("webbrowser.open", return_value=True) as opened:
...     draw(x * x).show()
>>> opened.call_args.args[0]
'file:///.../picture.svg'
>>> draw(x * x).view()
Traceback (most recent call last):
    ...
AttributeError: a Picture has no 'view': write show()
"""

import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, NoReturn

_REMEDIES = {  # what others call it: what to write here
    **dict.fromkeys(["view", "open", "display", "plot"], "write show()"),
    **dict.fromkeys(["render", "savefig", "write", "export"], "write save(path)"),
}


class Shown:
    """What is shown by `show()`: it has a method `save`, and a name for its file."""

    file = ""

    def save(self, path: str | Path) -> Path:
        """Write it into a file, and return the path. A subclass defines this."""
        raise NotImplementedError

    def show(self) -> None:
        """Open it in a web browser, from a temporary file; in a notebook, show it below the cell.

        Raises RuntimeError where there is no browser.
        """
        if (display := _notebook()) is not None:
            display(self)
        elif not _opened(self.save(Path(mkdtemp(prefix="chainrule-")) / self.file)):
            raise RuntimeError(f"there is no browser to open: write save({self.file!r})")

    if not TYPE_CHECKING:  # type checkers know by themselves which names there are

        def __getattr__(self, name: str) -> NoReturn:
            remedy = f": {_REMEDIES[name]}" if name in _REMEDIES else ""
            what = f"a {type(self).__name__} has no {name!r}{remedy}"
            raise AttributeError(what, name=name, obj=self)


def _notebook() -> Any:
    """Return IPython's `display` in a notebook, whose browser may be on another computer."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return ipython.display.display if ipython and hasattr(shell, "kernel") else None


def _opened(path: Path) -> bool:
    """Return whether a browser has been asked for the file; Python in a browser can't ask."""
    import webbrowser

    return sys.platform != "emscripten" and webbrowser.open(path.as_uri())
