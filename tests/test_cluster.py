"""Training on a Dask cluster is training on one machine, also when a worker dies on the way."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

import nn
from engine import square

pytest.importorskip("distributed", reason="the cluster needs Dask: pip install distributed")
pytest.importorskip("numpy")

ROOT = Path(__file__).parents[1]
DRAW = random.Random(1)
INPUTS = [[DRAW.uniform(-1, 1), DRAW.uniform(-1, 1)] for _ in range(37)]
TARGETS = [x * y for x, y in INPUTS]


def trained(client=None, before_step=None):
    net = nn.MLP(2, [4, 1], seed=3)
    history = nn.fit(
        net,
        INPUTS,
        TARGETS,
        loss=nn.squared_error,
        optimizer=nn.SGD(net.parameters(), 0.1),
        epochs=4,
        batch_size=10,
        progress=False,
        compiled=True,
        client=client,
        before_step=before_step,
    )
    return history.loss, [p.data for p in net.parameters()]


@pytest.fixture(scope="module")
def client():
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client


def test_the_rows_are_kept_on_the_workers(client):
    import numpy

    from nn.support.sources import Cluster, RowLoss, rows_of

    net = nn.MLP(2, [1], seed=1)
    cluster = Cluster(
        client, RowLoss(net, lambda score, y: square(score - y), 2), rows_of(INPUTS, TARGETS)
    )
    loss, gradient = cluster.mean(numpy.array([p.data for p in net.parameters()]), range(37))
    errors = [net(x).data - y for x, y in zip(INPUTS, TARGETS)]
    assert loss == pytest.approx(sum(e * e for e in errors) / 37, rel=1e-12)
    assert gradient[2] == pytest.approx(2 * sum(errors) / 37, rel=1e-12)  # by the bias
    assert cluster.bounds == [0, 18, 37]
    assert {shard.status for shard in cluster.shards} == {"finished"}


def test_a_cluster_finds_what_one_machine_finds_even_when_a_worker_dies(client):
    losses, weights = trained()
    spread_losses, spread_weights = trained(client)
    assert spread_losses == pytest.approx(losses, rel=1e-12, abs=1e-12)
    assert spread_weights == pytest.approx(weights, rel=1e-12, abs=1e-12)

    steps = []
    pids = client.run(__import__("os").getpid)

    def kill_once():
        steps.append(1)
        if len(steps) == 6:  # in the middle of the second epoch
            import psutil

            psutil.Process(next(iter(pids.values()))).kill()

    lost_losses, lost_weights = trained(client, kill_once)
    assert len(steps) == 16
    assert lost_losses == pytest.approx(losses, rel=1e-12, abs=1e-12)
    assert lost_weights == pytest.approx(weights, rel=1e-12, abs=1e-12)
    assert client.run(__import__("os").getpid) != pids


def test_a_client_that_is_closed_or_none_is_refused_in_one_line(client):
    from distributed import Client

    closed = Client(client.scheduler.address)
    closed.close()
    for wrong in (closed, "tcp://scheduler:8786"):
        with pytest.raises(
            ValueError, match=r"no open Dask client: write client=Client\(\), or True"
        ):
            trained(wrong)


SCRIPT = """
import nn
def train():
    net = nn.MLP(2, [1], seed=0)
    nn.fit(net, [[0.0, 1.0], [1.0, 1.0]], [1.0, 2.0], loss=nn.squared_error, epochs=2, progress=False,
           optimizer=nn.SGD(net.parameters(), 0.1), compiled=True, client=True)
    print("trained", [round(p.data, 6) for p in net.parameters()])
"""


def run_script(path, text):
    path.write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_workers_of_its_own_need_a_guard_and_one_line_says_so(tmp_path):
    for call in ("train()\n", "if len('a') == 1:\n    train()\n"):
        done = run_script(tmp_path / "script.py", SCRIPT + call)
        assert done.returncode == 1 and done.stdout == ""
        assert done.stderr.endswith('call fit inside `if __name__ == "__main__":`\n')
        assert done.stderr.count("Traceback") == 1
        assert done.stderr.count("/nn/") == 2  # the frame of fit, and the check that it makes


@pytest.mark.slow
def test_workers_of_its_own_train(tmp_path):
    done = run_script(tmp_path / "script.py", SCRIPT + "if __name__ == '__main__':\n    train()\n")
    assert done.returncode == 0, done.stderr
    net = nn.MLP(2, [1], seed=0)
    optimizer = nn.SGD(net.parameters(), 0.1)
    rows, targets = [[0.0, 1.0], [1.0, 1.0]], [1.0, 2.0]
    nn.fit(net, rows, targets, loss=nn.squared_error, optimizer=optimizer, epochs=2, progress=False)
    assert done.stdout == f"trained {[round(p.data, 6) for p in net.parameters()]}\n"
