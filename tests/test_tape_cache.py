"""What numba keeps on disk may be damaged, and numba itself switched off: a tape replays all the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="this is about numba's files")

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = """\
from engine import Value, record
w = Value(3.0)
tape = record(lambda x: (w * x).tanh() * w, [1.0])
print(abs(tape.forward([[0.0], [0.5]])[1] - ((w * 0.5).tanh() * w).data) < 1e-15)
"""


def run(folder, *arguments, **environment):
    done = subprocess.run(
        [sys.executable, *(arguments or ("-c", PROGRAM))],
        env={**os.environ, "NUMBA_CACHE_DIR": str(folder), "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "empty", "flipped"])
def test_a_damaged_file_is_compiled_anew_and_the_doctor_sees_it(tmp_path, damage):
    assert run(tmp_path) == "True\n"
    files = [file for file in tmp_path.rglob("*.nb[ci]") if file.is_file()]
    assert files
    for file in files:
        content = bytearray(file.read_bytes())
        if damage == "flipped":
            content[len(content) // 2] ^= 255
        file.write_bytes(content[: {"cut": len(content) // 2, "empty": 0}.get(damage)])
    said = run(tmp_path, "-m", "engine", "doctor")
    assert "is damaged" in said or "broken" in said
    assert run(tmp_path) == "True\n"
    assert "is damaged" not in run(tmp_path, "-m", "engine", "doctor")


def test_without_compilation_tapes_take_the_way_of_numpy(tmp_path):
    assert run(tmp_path, NUMBA_DISABLE_JIT="1") == "True\n"
    assert "NUMBA_DISABLE_JIT" in run(tmp_path, "-m", "engine", "doctor", NUMBA_DISABLE_JIT="1")
