"""The benchmarks measure what they say; nothing here looks at how long anything takes."""

import gc
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from demos.benchmarks import eager, rounds, small_gpt
from demos.benchmarks.__main__ import main
from demos.benchmarks.bare import Bare
from engine import Value

ROOT = Path(__file__).resolve().parent.parent


def test_contestants_take_turns_and_the_collector_is_put_back():
    calls = []
    runs = {
        "a": lambda: calls.append(("a", gc.isenabled())),
        "b": lambda: calls.append(("b", gc.isenabled())),
    }
    turn = 1 + rounds.COUNTED  # one run to warm up
    times = rounds.best_times(runs, 2, collector=False)
    assert calls == ([("a", False)] * turn + [("b", False)] * turn) * 2 and set(times) == {"a", "b"}
    assert gc.isenabled() and gc.get_freeze_count() == 0
    calls.clear()
    rounds.best_times(runs, 1, collector=True)
    assert calls == [("a", True)] * turn + [("b", True)] * turn


def test_peers_that_are_missing_are_named_with_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(rounds, "PEERS", {"no_such_engine": "no-such-engine==1"})
    assert rounds.peers() == []
    assert "no_such_engine is not installed" in capsys.readouterr().out


@pytest.mark.parametrize("peer", ["micrograd", "xad", "torch"])
def test_a_peer_finds_the_same_gradients(peer):
    pytest.importorskip(peer)
    pytest.importorskip("micrograd.engine" if peer == "micrograd" else peer)
    plan = eager.random_plan(100, 1000)
    kinds = {name: eager.KINDS[name] for name in ("chainrule", peer)}
    eager._agree({name: kind().dag(plan) for name, kind in kinds.items()})
    eager._agree({name: kind().chains(2, 20) for name, kind in kinds.items()})
    if peer != "micrograd":  # it has no tanh, no log and no sin
        eager._agree({name: kind().functions(1000) for name, kind in kinds.items()})


def test_the_small_gpt_in_the_bare_engine_and_in_ours():
    bare, ours = small_gpt.step(Bare, "ab")(), small_gpt.step(Value, "ab")()
    assert len(bare) == 1 + 4192 and sum(g != 0.0 for g in bare) > 3000
    eager._agree({"chainrule": ours, "bare engine": bare})


def test_the_small_gpt_against_its_loss_at_moved_weights():
    """The directional derivative by the gradient is the difference quotient of the losses."""
    model, h = small_gpt.SmallGPT(Bare), 1e-5
    model.loss("abc").backward()
    directions = [((7 * i) % 13 - 6) / 6.0 for i in range(len(model.parameters))]
    slope = sum(p.grad * d for p, d in zip(model.parameters, directions))
    losses = []
    for sign in (1.0, -1.0):
        moved = small_gpt.SmallGPT(Bare)
        for p, d in zip(moved.parameters, directions):
            p.data += sign * h * d
        losses.append(moved.loss("abc").data)
    assert slope == pytest.approx((losses[0] - losses[1]) / (2 * h), rel=1e-6)


def test_a_wrong_gradient_stops_the_benchmark():
    with pytest.raises(ArithmeticError, match="other has"):
        eager._agree({"chainrule": [1.0], "other": [1.001]})


def test_the_chain_against_its_closed_form():
    m, n = 0.999, 400  # y_n = m^n + b (m^n - 1)/(m - 1)
    assert eager.Ours().chain(n) == pytest.approx(
        [
            m**n,
            n * m ** (n - 1) + 0.001 * (n * m ** (n - 1) * (m - 1) - (m**n - 1)) / (m - 1) ** 2,
            (m**n - 1) / (m - 1),
        ],
        rel=1e-9,
    )


def test_a_node_has_at_most_400_bytes():
    assert eager.bytes_per_node(eager.Ours(), 2000) <= 400.0


def test_help_and_a_part_that_is_not_there(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "eager" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["lazy"])


def test_another_checkout_takes_turns_with_this_one(tmp_path, capsys):
    for package in ("engine", "nn"):
        shutil.copytree(ROOT / package, tmp_path / package)
    value = tmp_path / "engine" / "__init__.py"
    text = value.read_text(encoding="utf-8")
    value.write_text(
        text + "\nimport sys\nprint('from there', file=sys.stderr)\n", encoding="utf-8"
    )
    here, there = (
        subprocess.run(
            [sys.executable, "-m", "demos.benchmarks.trial", "chains", "chainrule", "off", *where],
            cwd=ROOT,
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        for where in ([], [str(tmp_path)])
    )
    assert (here.stderr, there.stderr) == ("", "from there\n")
    assert json.loads(here.stdout)["result"] == json.loads(there.stdout)["result"]


def test_a_checkout_without_an_engine_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["eager", "--against", str(tmp_path)])
    assert "no engine in" in capsys.readouterr().err


def test_the_table_has_medians_of_ratios_within_a_round(monkeypatch, capsys):
    calls = []

    def trial(task, contestant, collector):
        calls.append((task, contestant.label, collector))
        n = sum(call[1:] == calls[-1][1:] for call in calls)  # the round, from 1
        base = {1: 0.1, 2: 0.3, 3: 0.2}[n]  # the machine is noisy, the ratio is not
        factor = {"chainrule": 0.5, "other checkout": 2.0, "bare engine": 1.0}[contestant.label]
        return [1.0], base * factor * (1.5 if n == 2 and contestant.label == "chainrule" else 1.0)

    monkeypatch.setattr(rounds, "_trial", trial)
    monkeypatch.setattr(eager, "peers", list)
    eager.main(quick=True, only="gpt", against="somewhere")
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    [ours] = [line.split() for line in lines if line.startswith("chainrule ")]
    cells = ["100.0", "ms", "0.50", "(0.50–0.75)"]
    assert ours == ["chainrule", *cells, *cells]
    assert lines[-1] == "here / there: 0.25 (0.25–0.38) with GC on, 0.25 (0.25–0.38) off"
    order = [label for _, label, _ in calls]
    assert order == ["chainrule", "other checkout", "bare engine"] * 6
    assert [collector for *_, collector in calls[::3]] == [True, False] * 3


def test_contestants_that_disagree_stop_the_benchmark(monkeypatch):
    answers = {"chainrule": [1.0], "bare engine": [1.0 + 1e-8]}
    monkeypatch.setattr(rounds, "_trial", lambda task, c, collector: (answers[c.label], 0.1))
    monkeypatch.setattr(eager, "peers", list)
    with pytest.raises(ArithmeticError, match="bare engine has"):
        eager.main(quick=True, only="gpt")


def test_only_one_table_of_a_part_is_run(monkeypatch, capsys):
    monkeypatch.setattr(eager, "creation_site", lambda: print("the place"))
    monkeypatch.setattr(eager, "peers", list)
    main(["--only", "place", "--quick"])
    assert capsys.readouterr().out.endswith("the place\n")
    with pytest.raises(SystemExit):
        main(["replay", "--only", "place"])
    assert "no table 'place': take moons, classifier," in capsys.readouterr().err
