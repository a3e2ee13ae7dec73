"""The benchmarks measure what they say; nothing here looks at how long anything takes."""

import gc

import pytest

from demos.benchmarks import eager, rounds, small_gpt
from demos.benchmarks.__main__ import main
from demos.benchmarks.bare import Bare
from engine import Value


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
    with pytest.raises(ArithmeticError, match="other found"):
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
