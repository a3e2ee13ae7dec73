"""The stepper page as text and as data: complete, inert, the same for the same graph."""

import base64
import hashlib
import json
import os
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

import engine
from engine import Value, stepper
from engine.view.page import data

GOLDEN = Path(__file__).parent / "golden" / "page.json"
HOSTILE = [
    "a|b", "{x}", "a<b", "<b>", "<<b>hi</b>>", "<lambda> <map>", 'x"y', "x\\", "\\N", "\\G", "a\nb", "a\0b", "\ud800",
    "\x07", "\x1b[31m", "&lt;script&gt;", "<script>alert(1)</script>", "]]><script>", "--><script>", "A" * 20_000,
    "😀", "漢字", "\u202eabc\u202c", "", "</script><script>alert(1)</script>", "<!--<script>", "\u2028", "{{DATA}}",
    '<<TABLE><TR><TD HREF="javascript:alert(1)">x</TD></TR></TABLE>>', "{{SCRIPT}}", '"><img src=x onerror=alert(1)>',
    'x }"]; evil [label="pwn" URL="javascript:alert(1)"]; y [label="{ ',
]


def fan():
    a, b = Value(-2.0, label="a"), Value(3.0, label="b")
    d, e = a * b, a + b
    f = d * e
    d.label, e.label, f.label = "d", "e", "f"
    return f


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs


def read(page):
    reader = Reader()
    reader.feed(page.html)
    return reader


def test_data_is_golden():
    """Coordinates come from dot or from the built-in layout; everything else is this, letter by letter."""
    found = data(fan())
    for box in found["cards"] + found["edges"]:
        assert all(isinstance(x, float) for x in box.pop("at"))
        box.pop("bend", None)
    assert json.loads(json.dumps(found)) == json.loads(GOLDEN.read_text("utf-8"))


def test_frames_follow_the_backward_pass():
    frames = data(fan())["frames"]
    assert [frame["kind"] for frame in frames] == [
        "ready", "seed", "visit", "send", "send", "visit", "send", "send", "visit", "send", "send", "done"]
    assert "Everything that uses e has sent its share, so its grad is final." in frames[5]["say"]
    assert "∂d/∂a = b = 3" in " ".join(frame["say"] for frame in frames)


def test_forward_pass_comes_first_if_wanted():
    kinds = [frame["kind"] for frame in data(fan(), forward=True)["frames"]]
    assert kinds[:5] == ["ready", "compute", "compute", "compute", "ready"]


def test_starts_from_zero_and_changes_nothing():
    f = fan()
    before = stepper(f).html
    f.backward()
    f.backward()
    grads = [p.grad for p in f.parents[0].parents]
    assert stepper(f).html == before
    assert [p.grad for p in f.parents[0].parents] == grads == [-6.0, -16.0]


def test_lines_of_the_loop_are_those_of_its_source():
    found = data(fan())
    send = next(frame for frame in found["frames"] if frame["kind"] == "send")
    visit = next(frame for frame in found["frames"] if frame["kind"] == "visit")
    assert "parent.grad += contribution" in found["code"][send["lines"][-1]]
    assert "for node in reversed(order)" in found["code"][visit["lines"][0]]
    source = (Path(engine.__file__).parent / "backward.py").read_text("utf-8")
    assert all(line.strip() in source for line in found["code"])


def test_zero_gradient_sends_nothing():
    x = Value(-1.0, label="x")
    kinds = [frame["kind"] for frame in data((x * 2).relu())["frames"]]
    assert kinds == ["ready", "seed", "visit", "send", "skip", "done"]


@pytest.mark.parametrize("special", [float("nan"), float("inf"), -0.0, 5e-324, 1.7e308])
def test_special_numbers_are_valid_json(special):
    found = data(Value(special, label="x") * Value(2.0, label="y"))
    json.dumps(found, allow_nan=False)


def test_single_value_and_many_uses():
    assert len(data(Value(1.0, label="x"))["cards"]) == 1
    x = Value(1.0, label="x")
    assert len(data(x * x)["edges"]) == 2


def test_too_large_a_graph_is_refused_with_advice():
    x = Value(1.0)
    for _ in range(3_000):
        x = x * 1.001
    with pytest.raises(ValueError, match="6,001 values are more than a page shows"):
        stepper(x)


@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_labels_are_inert(label):
    x = Value(2.0, label=label)
    y = x * x
    y.label = label
    page = stepper(y, title=label)
    reader = read(page)
    assert reader.tags.count("script") == 2
    assert "img" not in reader.tags and "table" not in reader.tags
    assert not [name for name, _ in reader.attributes if name.startswith("on")
                or name in ("src", "href", "srcdoc", "style")]
    assert json.loads(page.html.split('type="application/json">')[1].split("</script>")[0])["cards"]
    assert not re.search("[\x00-\x08\x0b-\x1f\ud800-\udfff]", page.html)
    assert not re.search("[\u2028\u2029]", page.html.split("<script")[1])
    page.html.encode("utf-8")


def test_policy_allows_this_script_and_this_style_alone():
    html = stepper(fan()).html
    policy = re.search('Content-Security-Policy" content="(.*?)"', html)[1]
    assert policy.startswith("default-src 'none'")
    for tag in ("script", "style"):
        text = re.search(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "http" not in html.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")


def test_save_writes_html_and_nothing_else(tmp_path):
    path = stepper(fan()).save(tmp_path / "f.html")
    assert path.read_bytes().startswith(b"<!doctype html>") and b"\r" not in path.read_bytes()
    with pytest.raises(ValueError, match=r"write f\.html"):
        stepper(fan()).save(tmp_path / "f.svg")
    assert [p.name for p in tmp_path.iterdir()] == ["f.html"]


def test_notebook_shows_a_sandboxed_frame_and_a_picture():
    bundle = stepper(fan())._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/svg+xml", "text/plain"}
    reader = Reader()
    reader.feed(bundle["text/html"])
    attributes = dict(reader.attributes)
    assert reader.tags == ["iframe"] and attributes["sandbox"] == "allow-scripts"
    assert attributes["srcdoc"] == stepper(fan()).html


def test_two_processes_write_the_same_bytes(python):
    program = ("from engine import Value, stepper; import hashlib; a, b = Value(2.0, label='a'), Value(3.0); "
               "print(hashlib.sha256(stepper((a * b + a).tanh()).html.encode()).hexdigest())")
    said = {subprocess.run([python, "-c", program], capture_output=True, text=True, check=True,
                           env={**os.environ, "PYTHONHASHSEED": seed}).stdout for seed in ("1", "2")}
    assert len(said) == 1
