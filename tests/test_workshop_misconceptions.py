"""The fifteen misconceptions: their numbers, by other means; the page and the pictures."""

import math
import re

import pytest

from demos.workshop import build
from demos.workshop.misconceptions import MISCONCEPTIONS, descend, right, shown

FOLDER = build.FOLDER


def forgotten(steps):
    """Return w after some steps on (w - 3)² without zero_grad, in closed form, with no engine.

    Each gradient stays, so g' = g + 2(w - 3) and w' = w - g'/10: with e = w - 3, a rotation.
    """
    w, g = 0.0, 0.0
    for _ in range(steps):
        g += 2.0 * (w - 3.0)
        w -= 0.1 * g
    return w


# The usual answer and what is right, from closed forms.
EXPECTED = [
    (3.0 - 3.0 * 0.8**7, forgotten(7)),
    (24.0, 12.0),
    (6.0, 3.0),
    (0.75, 1.0 / math.cosh(0.5) ** 2),
    (1.0, math.e),
    (0.0, 6.0),
    ("more than 0", 0.0),
    (2.0, 0.0),
    (20.0, 0.0),
    (45.0, 30.0 * 1.5**29),
    (1.0, 0.0),
    (12.0, 0.0),
    (1.4, 1.0),
    (4.0, 4.0 / 3.0),
    (2.0, 4.0),
]


@pytest.mark.parametrize(
    ("m", "expected"), [*zip(MISCONCEPTIONS, EXPECTED)], ids=lambda x: str(x)[:40]
)
def test_the_usual_answer_and_what_is_right(m, expected):
    usual, number = expected
    assert m.number() == pytest.approx(number, rel=1e-9, abs=1e-9)
    assert m.usual() == (usual if isinstance(usual, str) else pytest.approx(usual))
    assert shown(m.usual()) != shown(m.number())
    assert isinstance(usual, str) or not right(usual, m.number())


def test_forgetting_zero_grad_visibly_does_harm_within_ten_steps():
    kept = [abs(descend(n, zero_grad=True) - 3.0) for n in range(1, 11)]
    lost = [descend(n, zero_grad=False) for n in range(1, 11)]
    assert kept == sorted(kept, reverse=True) and kept[-1] < 0.4
    assert max(abs(w - 3.0) for w in lost) > 2.9 and max(lost) > 5.9
    sixths = [round(descend(n, zero_grad=False), 2) for n in (1, 7, 13, 19)]
    assert sixths == [0.6, 5.99, -0.02, 5.49]


def test_the_page_is_what_the_build_writes():
    """If this fails, run `python -m demos.workshop.build`."""
    assert (FOLDER / "misconceptions.md").read_text(encoding="utf-8") == build.page()
    assert "{" not in build.page(), "a number is missing"


@pytest.mark.parametrize("i", range(1, 16))
def test_each_has_its_picture(i):
    """The same words and numbers; where they stand may differ from one layout to another."""
    from engine import draw

    file = FOLDER / "pictures" / f"{i:02}.svg"
    assert _words(file.read_text(encoding="utf-8")) == _words(
        draw(MISCONCEPTIONS[i - 1].graph()).svg
    )


def _words(svg):
    return sorted(re.findall(r"<text[^>]*>([^<]*)</text>", svg))


@pytest.mark.drawing
@pytest.mark.parametrize("m", MISCONCEPTIONS, ids=lambda m: m.belief)
def test_the_command_runs_and_gives_the_number(m, capsys, monkeypatch, tmp_path):
    import io
    import shlex

    from engine.__main__ import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO("c\nq\n"))
    assert main(shlex.split(m.command)[3:]) == 0
    assert "no value" not in capsys.readouterr().out
