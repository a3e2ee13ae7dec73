"""Build the documentation with Sphinx: a warning is an error, and so is a link that leads nowhere.

>>> graphs()["stepper"].parents[0].label
'd'
"""

import importlib
import shutil
import tempfile
from pathlib import Path

from demos import show
from engine import Value, stepper
from engine.cli.expression import build as graph
from engine.cli.expression import numbers

from . import accessible, pages, reference

THEME = Path(__file__).with_name("theme")
EXPRESSIONS = {  # a stepper page each, as README.md and docs/stepper.md show them
    "stepper": ("d = a*b; e = a + b; f = d*e; f", "a=-2 b=3"),
    "forward": ("n = x1*w1 + x2*w2 + b; o = tanh(n); o", "x1=2 w1=-3 x2=0 w2=1 b=6.88137358702"),
}


def graphs() -> dict[str, Value]:
    """Return the graph of each page that is played."""
    return {
        name: graph(text, numbers(values.split())) for name, (text, values) in EXPRESSIONS.items()
    }


def build(out: Path) -> None:
    """Write the documentation into the folder `out`.

    Raises ImportError that says what to install, and ValueError if Sphinx has something to say.
    """
    try:
        sphinx = importlib.import_module("sphinx.cmd.build")
        importlib.import_module("myst_parser")
        importlib.import_module("furo")
    except ImportError as error:
        raise ImportError(
            f"the site needs {error.name}: pip install sphinx myst-parser furo"
        ) from None
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        pages.stage(source)
        reference.write(source / "reference")
        shutil.copytree(THEME, source / "theme")
        options = ["-q", "-W", "--keep-going", "-b", "html", "-c", str(show.ROOT / "docs")]
        options += ["-d", str(Path(folder) / "doctrees")]
        options += ["-D", f"templates_path={source / 'theme' / 'templates'}"]
        options += ["-D", f"html_static_path={source / 'theme' / 'static'}"]
        if sphinx.main([*options, str(source), str(out)]):
            raise ValueError("Sphinx found what is named above: mend it and build again")
    accessible.mend(out)
    (out / ".nojekyll").touch()  # some hosts leave out folders such as _static without it
    (out / ".buildinfo").unlink(missing_ok=True)
    for name, root in graphs().items():
        (out / "live").mkdir(exist_ok=True)
        stepper(root, forward=name == "forward").save(out / "live" / f"{name}.html")
