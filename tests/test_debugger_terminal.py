"""The debugger's talk: scripts, hostile labels, poor terminals, completion, mistakes called by name."""

import io
import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hostile import LABELS
from hypothesis import given, settings
from hypothesis import strategies as st
from loop import SUM

import engine
import nn
from engine import Value
from engine.debugger import Debugger, Session, run_script
from engine.debugger.mistakes import MISTAKES, both, gradients, usual_mistake
from engine.debugger.writer import STYLES, Writer
from engine.printing import columns
from engine.view.scene import Scene
from tests.strategies import programs, run

ROOT = Path(__file__).resolve().parent.parent


def conversation(root, *lines, **options):
    """What is said to these lines, without the prompts."""
    return conversation_of(Session(root), *lines, **options)


def conversation_of(session, *lines, **options):
    out = io.StringIO()
    talk = Debugger(
        session, stdin=io.StringIO("".join(line + "\n" for line in lines)), stdout=out, **options
    )
    talk.interact()
    return out.getvalue().replace(talk.prompt, "")


def small():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    return a * b + a


@pytest.mark.parametrize("label", LABELS)
def test_hostile_labels_are_inert(label):
    x = Value(2.0, label=label)
    said = conversation(
        x * x, "s", "w", "l", "why #0", "p #0", "info leaves", f"b {label}", f"p {label}", "c", "q"
    )
    assert not any((c < " " and c != "\n") or "\ud800" <= c <= "\udfff" for c in said)
    assert max(map(len, said.splitlines())) < 600


def test_nonsense_is_answered():
    said = conversation(
        small(),
        "foo",
        "b",
        "cl 99",
        "cl x",
        "condition 9 1",
        "ignore 1 -1",
        "s x",
        "s 0",
        "info",
        "info zz",
        "until",
        "why",
        "watch a +",
        "display nothing",
        "p",
        "help foo",
        "unt zzz",
        "s 99999999999999",
        "q",
    )
    assert said.count("***") >= 12 and "Traceback" not in said


def test_every_command_explains_itself():
    for name in dir(Debugger):
        if name.startswith("do_"):
            assert getattr(Debugger, name).__doc__.strip(), name
    assert "predict" in conversation(small(), "h", "q") and "contributions" in conversation(
        small(), "h s", "q"
    )


def test_the_end_of_input_leaves_and_gives_everything_back():
    root = small()
    assert "left before the end" in conversation(root, "s")


def test_enter_repeats():
    assert " 4/4 " in conversation(small(), "s", "", "", "", "q")


def test_completion_knows_commands_and_labels():
    talk = Debugger(Session(small()), stdin=io.StringIO(), stdout=io.StringIO())
    assert talk.completenames("pre") == ["predict"]
    assert talk.completedefault("a", "p a", 2, 3) == ["a", "a.data", "a.grad"]
    assert talk.complete_info("b") == ["breakpoints"]


def test_an_encoding_without_our_signs_gets_ascii():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    Writer(stream).write("∂y/∂x × 梯 → 1 x² x⁻¹²")
    assert raw.getvalue().decode().split() == ["dy/dx", "*", "?", "->", "1", "x**2", "x**-12"]


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def test_colours_where_the_terminal_has_them(monkeypatch):
    pytest.importorskip("rich", reason="colours come from rich")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    Writer(out := Terminal()).write([("+3", "plus"), (" [b]", "")])
    assert "\x1b[" in out.getvalue() and " [b]" in out.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    Writer(out := Terminal()).write([("+3", "plus")])
    assert out.getvalue() == "+3\n"


@pytest.mark.parametrize(
    ("columns_there", "shown"),
    [
        (100, ["a is long = 1 + 2    0 → 3"]),
        (20, ["a is long = 1 + 2", "     0 → 3"]),
        (12, ["a is long", "     = 1 + 2", "     0 → 3"]),
    ],
)
def test_a_line_breaks_between_its_parts_where_the_terminal_ends(monkeypatch, columns_there, shown):
    monkeypatch.setenv("NO_COLOR", "1")
    out = Terminal()
    out.fileno = lambda: 1
    monkeypatch.setattr(
        "os.get_terminal_size", lambda number: os.terminal_size((columns_there, 24))
    )
    Writer(out).write([("a is long", "name")], [(" = 1 + 2", "")], [("    0 → 3", "dim")], indent=5)
    assert out.getvalue().splitlines() == shown


def test_where_there_is_no_terminal_a_line_has_eighty_columns():
    assert Writer(io.StringIO()).width == 80


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


XTERM = {  # the colours that xterm gives those of ANSI, from its manual
    "red": "#cd0000",
    "green": "#00cd00",
    "yellow": "#cdcd00",
    "blue": "#0000ee",
    "magenta": "#cd00cd",
    "cyan": "#00cdcd",
    "bright_red": "#ff0000",
    "bright_blue": "#5c5cff",
}


def hexadecimal(look):
    """A colour as #rrggbb: one of 256 is a cube of six levels a channel, then 24 greys."""
    colour = look.removeprefix("bold ")
    if not colour.startswith("color("):
        return XTERM.get(colour, colour)
    number = int(colour[6:-1])
    if number >= 232:
        return f"#{8 + 10 * (number - 232):02x}" + f"{8 + 10 * (number - 232):02x}" * 2
    levels = (0, 95, 135, 175, 215, 255)
    cube = number - 16
    return "#" + "".join(f"{levels[cube // step % 6]:02x}" for step in (36, 6, 1))


@pytest.mark.parametrize(("column", "least"), [(0, 4.45), (1, 4.45), (2, 3.9)])
@pytest.mark.parametrize("style", sorted(STYLES))
def test_contrast_on_black_and_on_white(style, column, least):
    """WCAG 2.1: (lighter + 0.05) / (darker + 0.05), at 16 million colours, at 256, at 16."""
    look = STYLES[style][column]
    if look in ("", "bold"):
        return  # the terminal's own colour
    light = luminance(hexadecimal(look))
    assert 1.05 / (light + 0.05) >= least and (light + 0.05) / 0.05 >= least, look


@pytest.mark.parametrize(
    ("terminal", "code"), [("xterm", "35"), ("xterm-256color", "38;5;130"), ("truecolor", "38;2;")]
)
def test_a_terminal_gets_the_colours_that_it_has(monkeypatch, terminal, code):
    """In the 16 colours of ANSI, an orange would become a yellow that nobody can read on white."""
    pytest.importorskip("rich", reason="colours come from rich")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm" if terminal == "truecolor" else terminal)
    monkeypatch.setenv("COLORTERM", terminal if terminal == "truecolor" else "")
    Writer(out := Terminal()).write([("+3", "plus")])
    assert f"\x1b[{code}" in out.getvalue() and "\x1b[33m" not in out.getvalue()


def shown_at(monkeypatch, width, *lines):
    """What a terminal of this width shows of a conversation."""
    monkeypatch.setattr(Writer, "width", width)
    return conversation(small(), *lines).splitlines()


@pytest.mark.parametrize("width", [60, 80])
def test_help_wraps_between_words_and_below_its_own_column(monkeypatch, width):
    lines = shown_at(monkeypatch, width, "h", "h b", "h predict", "q")
    assert max(map(len, lines)) <= width
    [at] = [number for number, line in enumerate(lines) if line.startswith("         rn, rc")]
    meaning = " ".join(line[30:].strip() for line in lines[at : at + 3]).split(" to the start")[0]
    assert meaning.startswith("one node back;") and "breakpoint or the start" in meaning


def test_help_s_last_paragraph_breaks_only_where_the_line_is_full(monkeypatch):
    lines = shown_at(monkeypatch, 80, "h", "q")
    [at] = [number for number, line in enumerate(lines) if line.startswith("F is a formula")]
    following = lines[at + 1].split()[0]
    assert len(lines[at]) + 1 + len(following) > 80 and lines[at + 1].startswith("    its data")
    assert "backward()." in " ".join(lines[at : at + 3])


@pytest.mark.parametrize("line", ["w.grad", "n.data", "w.previous"])
def test_a_value_whose_label_is_a_command_is_no_command(line):
    w, n = Value(2.0, label="w"), Value(3.0, label="n")
    said = conversation(w * n, line, "q")
    assert f"*** no command {line}: h lists them; p {line} for a value" in said
    assert "×" not in said and "▸" not in said


def test_what_is_missing_is_said(monkeypatch):
    said = " ".join(
        conversation(small(), "unt", "b main.py:999", "b zzz", "p", "goto", "q").split()
    )
    assert "*** unt needs a value: unt w runs until w.grad is complete" in said
    assert (
        "*** no value of this graph was made at main.py:999: its values come from test_debugger_terminal.py"
        in said
    )
    assert "*** there is no value zzz: w and info leaves list them" in said
    assert "without a name" not in said


def test_pass_is_for_scripts():
    assert "*** pass is for scripts: python -m engine debug script.py" in conversation(
        small(), "pass 3", "q"
    )


@pytest.mark.parametrize(
    ("make", "answer", "word"),
    [
        (lambda x: x * x, 3.0, "last contribution"),
        (lambda x: (x * 2.0) * 5.0, 2.0, "upstream"),
        (lambda x: x * 5.0, 3.0, "Swapped"),
        (lambda x: x.tanh(), 1.0 - math.tanh(3.0), "square"),
        (lambda x: x.tanh(), -8.0, "input"),
        (lambda x: x.exp() * 2.0, 6.0, "exp"),
        (lambda x: (x - 5.0).relu() * 3.0, 3.0, "relu"),
        (lambda x: (x - 1.0) * 7.0, 14.0, "zero_grad"),
        (lambda x: x * -7.0, 7.0, "sign"),
        (lambda x: x * 7.0, 0.0, "seed"),
        (lambda x: (h := x * 5.0) + h * x * 2.0, 35.0, "order wrong"),
    ],
)
def test_the_usual_mistakes_are_named(make, answer, word):
    x = Value(3.0, label="x")
    assert word in usual_mistake(make(x), x, answer)


def test_what_two_mistakes_give_names_both():
    """The upstream factor left out, and a walk from the root: the same number for h + h·x."""
    x = Value(0.5, label="x")
    h = x.tanh()
    alone = 1.0 - h.data**2 + h.data
    said = usual_mistake(h + h * x, x, alone)
    assert "upstream" in said and "order wrong" in said
    assert usual_mistake(h * x, x, 1.0 - h.data**2 + h.data) == MISTAKES["no_upstream"].sentence


def test_recursion_that_sends_again_is_known():
    x = Value(0.5, label="x")
    h = x.tanh()
    slope = 1.0 - h.data**2
    assert "more than once" in usual_mistake(h * x + h, x, h.data + 1.5 * slope * 2)
    assert "more than once" in usual_mistake(h + h * x, x, h.data + (1.0 + 1.5) * slope)


def test_a_sweep_along_every_path_of_a_deep_graph_is_given_up():
    x = y = Value(3.0, label="x")
    for _ in range(40):
        y = y + y
    assert usual_mistake(y, x, 7.0) == ""


def test_two_changes_together_are_one_sweep():
    x = Value(3.0)
    swapped, bare = MISTAKES["product_unswapped"].ways[0], MISTAKES["no_upstream"].ways[0]
    together = both(swapped, bare)
    assert together and gradients(x * Value(5.0) * Value(2.0), together)[x] == 3.0
    assert both(swapped, swapped) is None


def test_no_mistake_is_named_for_the_right_answer_or_for_noise():
    x = Value(3.0, label="x")
    assert usual_mistake(x * x, x, 6.0) == "" and usual_mistake(x * x, x, 123.4) == ""


def test_a_prediction_that_forgets_what_was_there_is_told():
    root = small()
    root.backward()  # a.grad is -2, and will be -4
    said = conversation(root, "predict a", "-2", "b +", "-4", "q")
    assert "leaves accumulate: a.grad starts at -2" in said and "right: a.grad will be -4" in said


def test_a_slip_of_the_hand_does_not_give_the_answer_away():
    said = conversation(small(), "predict a", "1 +", "-2", "q")
    assert said.index("***") < said.index("right: a.grad will be -2")


def test_a_label_that_is_no_word_can_be_watched_and_asked_for():
    x = Value(3.0, label="my x [0]")
    said = conversation(
        x * x,
        "watch my x [0]",
        "display my x [0]",
        "p my x [0].grad",
        "b my x [0] if #0.grad > 5",
        "s",
        "unt my x [0]",
        "why my x [0]",
        "q",
    )
    assert (
        "***" not in said
        and "watch 1: my x [0].grad was 0, is 3" in said
        and "my x [0].grad = 6, complete" in said
    )


def test_no_line_is_wider_than_the_terminal():
    net = nn.MLP(3, [4, 4, 1], activation="tanh", seed=1)
    loss = sum((net(row) - 1.0) ** 2 for row in ([1.0, -2.0, 0.5], [0.3, 0.1, -1.0])) / 2
    x = Value(0.1, label="a name of more than twenty-four letters")
    for root in (loss, (x.exp() * x).tanh() + x):
        root.backward()
        said = conversation(
            root,
            "s 30",
            "w",
            "l",
            "info inputs",
            "info outputs #0",
            "info leaves",
            "info node",
            "why #0",
            "rn",
            "c",
            "b nowhere",
            "p nothing + 1",
            "h",
            "h b",
            "predict #0",
            "1",
            "",
            "q",
        )
        assert max(map(columns, said.replace("will be? ", "will be?\n").splitlines())) <= 80


def test_plot_writes_the_picture(tmp_path):
    said = conversation(
        small(), "s", f"plot {tmp_path / 'now.svg'}", f"plot {tmp_path / 'no' / 'such.svg'}", "q"
    )
    assert (tmp_path / "now.svg").read_text(encoding="utf-8").lstrip().startswith("<")
    assert "*** no picture: there is no folder" in said
    assert "end its name in .svg" in conversation(small(), f"plot {tmp_path / 'now.py'}", "q")


def plotted(session, file):
    """What `plot` writes at this moment."""
    talk = Debugger(session, stdin=io.StringIO(), stdout=io.StringIO())
    talk.onecmd(f"plot {file}")
    return talk.stdout.getvalue(), file.read_text(encoding="utf-8")


def test_a_picture_on_the_way_shows_what_has_arrived_and_what_has_not_been_sent(tmp_path):
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    session = Session(
        (a * b + a) ** 2
    )  # -8 along the square, -8 and -8 along the sum; then come 24 to a, -16 to b
    session.step(3)
    shown = json.loads(plotted(session, tmp_path / "now.json")[1])
    assert shown["state"] == "under way"
    assert [pill["contribution"] for pill in shown["pills"]] == [-8.0, -8.0, -8.0, None, None]
    assert [card["grad"] for card in shown["cards"]] == [-8.0, 0.0, -8.0, -8.0, 1.0]
    assert not any(card["elsewhere"] for card in shown["cards"])
    svg = plotted(session, tmp_path / "now.svg")[1]
    assert svg.count(">not sent<") == 2 and svg.count(">= −8 + …<") == 1


def test_the_picture_at_the_end_is_the_one_of_backward(tmp_path):
    session, root = Session(small()), small()
    session.proceed()
    root.backward()
    assert plotted(session, tmp_path / "end.svg")[1] == engine.draw(root).svg


@settings(max_examples=60, deadline=None)
@given(programs(), st.floats(0.0, 1.0), st.sampled_from(["values", "neurons", "layers"]))
def test_at_every_moment_a_picture_is_of_this_moment(program, fraction, level):
    leaves, root = run(program)
    leaves[0].grad = 0.5
    session = Session(root)
    session.step(int(fraction * len(session.trail)))
    to_come = session.trail[session.position :]
    scene = Scene.of(root, level=level, to_come=to_come)
    assert all(pill.contribution == "not sent" for pill in scene.pills if not pill.sent)
    if level == "values":
        assert [(pill.step.node, pill.step.slot) for pill in scene.pills if not pill.sent] == [
            (step.node, step.slot) for step in to_come
        ]
    for card in scene.cards:
        carried = 0.5 if card.node is leaves[0] else 0.0
        size = 1.0 + sum(abs(pill.step.contribution) for pill in scene.pills if pill.parent is card)
        assert not math.isfinite(size) or abs(card.elsewhere - carried) <= 1e-12 * size


def test_the_picture_of_a_network_on_the_way(tmp_path):
    """Two layers of two neurons: after the loss and the output, half of the four wires between them have sent."""
    net = nn.MLP(2, [2, 2, 1], activation="tanh", seed=1)
    session = Session((net([1.0, -2.0]) - 1.0) ** 2)
    hidden = [node for node in session.order if node.operation.name == "weighted_sum"][2:4]
    session.until(f"#{session.numbers[hidden[1]]}")
    session.next()
    scene = Scene.of(session.root, level="layers", to_come=session.trail[session.position :])
    [between] = [pill for pill in scene.pills if pill.contribution.endswith(" + …")]
    assert between.edges == 4 and between.parent.terms[-1] == "…"
    sent = [
        step.contribution
        for step in session.trail[: session.position]
        if step.parent.operation and step.node in hidden
    ]
    assert len(sent) == 2 and between.step.contribution == pytest.approx(sum(sent))


def test_of_a_graph_too_large_to_read_the_part_at_hand_is_drawn(tmp_path):
    h = Value(1.0, label="x")
    for _ in range(3_000):
        h = h * 1.0
    session = Session(h)
    session.step(1_000)
    said, svg = plotted(session, tmp_path / "part.svg")
    assert (
        f"the part around #{session.numbers[session.node]}" in said
        and 2 <= svg.count('class="node ') <= 5
        and svg.count(">not sent<") == 2
    )


SCRIPT = """\
import sys
from engine import Value
x = Value(float(sys.argv[1]), label="x")
for turn in range(2):
    y = x * x
    y.backward()
    print("turn", turn, x.grad)
"""


def started(tmp_path, typed, *arguments):
    file = tmp_path / "program.py"
    file.write_text(SCRIPT, encoding="utf-8", newline="\n")
    return subprocess.run(
        [
            sys.executable,
            "-c",
            f"from engine.debugger import run_script; import sys; "
            f"sys.exit(run_script({str(file)!r}, {arguments!r}))",
        ],
        input=typed,
        text=True,
        timeout=300,
        capture_output=True,
        cwd=ROOT,
        encoding="utf-8",
        env=None,
    )


def test_a_script_stops_at_each_backward_and_goes_on(tmp_path):
    done = started(tmp_path, "s\nc\nc\nc\nc\n", "3.0")
    assert done.returncode == 0, done.stderr
    assert (
        "1/2  x.grad +=" in done.stdout
        and "turn 0 6.0" in done.stdout
        and "turn 1 12.0" in done.stdout
    )
    assert "leaves accumulate: x.grad = 6" in done.stdout


def test_stops_stay_for_the_next_backward_and_the_script_runs_on_to_them(tmp_path):
    typed = "b x if x.grad > 7\nb nothing_here\ndisplay x\nc\ninfo breakpoints\nq\n"
    done = started(tmp_path, typed, "3.0")  # the first pass goes to 6, the second over 9 to 12
    assert (
        "backward() no. 2" in done.stdout
        and "stopped at breakpoint 1: x if x.grad > 7" in done.stdout
    )
    assert (
        "1/2  x.grad += y.grad × x = 1 × 3 = +3    6 → 9" in done.stdout
        and "turn 1" not in done.stdout
    )
    done = started(tmp_path, "b x if x.grad > 100\nc\n", "3.0")
    assert (
        done.stdout.count("backward pass of") == 1
        and "turn 1 12.0" in done.stdout
        and done.returncode == 0
    )
    done = started(tmp_path, "display x\nc\nc\ns\nq\n", "3.0")
    assert done.stdout.count("backward pass of") == 2 and "1: x.grad = 9" in done.stdout


def test_a_stop_without_a_place_in_a_graph_waits_for_one_that_has():
    def passes(label, other=None):
        x = Value(2.0, label=label)
        session = Session(x * x)
        if other:
            session.inherit(other)
        return session

    first = passes("x")
    first.add_breakpoint("x", "x.grad > 3")
    first.add_watch("x.grad * 2 > 5")
    first.add_display("x")
    between = passes("z", first)
    assert "3: x.grad = not in this graph" in conversation_of(between, "c", "q")
    assert between.done
    assert passes("x", between).proceed().reasons == [
        "watch 2: x.grad * 2 > 5 was 0, is 1",
        "breakpoint 1: x if x.grad > 3",
    ]


def test_quitting_ends_the_script(tmp_path):
    done = started(tmp_path, "s\nq\n", "3.0")
    assert (
        done.returncode == 0
        and "turn 0" not in done.stdout
        and "left, and the script with it" in done.stdout
    )


def test_a_script_that_fails_fails(tmp_path):
    done = started(tmp_path, "", "three")
    assert done.returncode != 0 and "could not convert string" in done.stderr
    frames = [line.strip() for line in done.stderr.splitlines() if line.startswith("  File")]
    assert len(frames) == 1 and "program.py" in frames[0] and "line 3" in frames[0]


def test_a_script_that_is_not_there():
    with pytest.raises(FileNotFoundError, match="give the path"):
        run_script("no/such/file.py")


def test_debug_takes_a_value():
    with pytest.raises(TypeError, match="a graph starts at a Value"):
        engine.debug(3.0)


def test_a_leaf_has_nothing_to_step_through():
    x = Value(-2.0, label="x")
    said = conversation(
        x, "s", "w", "l", "info node", "info inputs", "info outputs", "why x", "predict", "rs", "q"
    )
    assert (
        "nothing to step through: a leaf; x.grad = 1" in said
        and "the seed" in said
        and "computed from nothing" in said
    )


def test_a_label_that_ends_in_a_number_is_asked_for_as_it_is():
    x = Value(2.0, label="neuron 2")
    assert "neuron 2.grad = 0" in conversation(x * x, "why neuron 2", "q")


def test_a_plain_number_is_called_by_itself():
    said = conversation(Value(2.0) * 3, "info inputs", "q")
    assert "#0 = 2" in said and "a plain number" in said and "3 = 3" not in said
    assert "#0.grad += y.grad × 3 = 1 × 3 = +3" in conversation(
        labelled(Value(2.0) * 3, "y"), "s", "q"
    )


def labelled(node, label):
    node.label = label
    return node


def test_where_looks_at_a_window_of_a_long_order():
    h = Value(1.0, label="x")
    for _ in range(500):
        h = h * 1.0
    said = conversation(h, "s 250", "w", "q")
    assert "before" in said and "to come" in said and len(said.splitlines()) < 80


def test_what_is_to_come_is_told_to_the_very_step():
    """a·b + a sends to a·b and to a, then a·b to a and to b: what has arrived at a after each step."""
    for taken, left in ((0, 2), (1, 2), (2, 1), (3, 0), (4, 0)):
        said = conversation(
            small(), f"goto {taken}", "info node a", "when a", "info outputs a", "q"
        )
        node = re.search(r"a: leaf, data 2, grad \S+, (.*)", said)[1]
        assert (
            node == {2: "2 contributions to come", 1: "1 contribution to come", 0: "complete"}[left]
        )
        assert len(re.findall(r"from .* → .* to come", said)) == left
        assert said.count("will send") == left and said.count("  sent ") == 2 - left


@pytest.fixture(scope="module")
def notebook():
    """Runs a cell in a notebook's kernel, answering its prompts; what was asked and shown."""
    client = pytest.importorskip(
        "jupyter_client", reason="a notebook's kernel is started by jupyter_client"
    )
    pytest.importorskip("ipykernel", reason="a notebook's kernel is ipykernel")
    manager, kernel = client.manager.start_new_kernel(kernel_name="python3", cwd=str(ROOT))

    def run_cell(cell, *lines):
        said, typed = [], iter(lines)

        def answer(message):
            said.append(message["content"]["prompt"])
            kernel.input(next(typed))

        kernel.execute_interactive(
            f"import sys; sys.path.insert(0, {str(ROOT)!r})\nimport engine\n{cell}",
            allow_stdin=True,
            timeout=300,
            stdin_hook=answer,
            output_hook=lambda message: said.append(message["content"].get("text", "")),
        )
        return "".join(said)

    yield run_cell
    kernel.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_notebook_asks_through_its_input_prompt(notebook):
    told = notebook(
        "x = engine.Value(3.0)\ny = x * x\nengine.debug(y)\nprint('kept', x.grad, repr(x.label))",
        *("s", "", "q"),
    )
    assert "(grad)   1/2" not in told and told.count("(grad) ") == 3
    assert "1/2  x.grad += y.grad × x" in told and "kept 6.0 ''" in told


@pytest.mark.parametrize(
    "stop",
    [
        "engine.debugger.set_trace()",
        "sys.breakpointhook = engine.debugger.set_trace; breakpoint()",
    ],
)
def test_pdb_in_a_notebook_steps_from_the_cell_into_the_engine(notebook, stop):
    """Not through IPython, which lies between two statements of a cell."""
    told = notebook(
        "import engine.debugger\nx = engine.Value(3.0, label='x')\ny = x * x\n"
        f"{stop}\ny.backward()\nprint('finished', x.grad)",
        *["s"] * 5,
        *(f"tbreak engine/backward.py:{SUM}", "c", "edge", "why x", "c"),
    )
    plain = re.sub(r"\x1b\[[0-9;]*m", "", told)
    assert "interactiveshell.py" not in plain and "contextlib.py" not in plain
    assert "backward.py" in plain.split("Breakpoint ")[0]  # in so few steps
    assert "x.grad += (x·x).grad × ∂(x·x)/∂x = 1 × 3 = +3" in plain
    assert "x·x is sending now: 0 of its 2 contributions are added" in plain
    assert "finished 6.0" in plain


def test_the_slope_of_a_power_of_two_values_is_shown_in_letters():
    from engine.debugger.screen import slope

    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    first = next((a**b).steps())
    assert slope(first, "plain", lambda value: value.label or "c") == "b·a**(b - 1)"
