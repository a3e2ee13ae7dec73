"""What the tests of the tape share: backends that may be missing, and programs in a process of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.tape.jit import why_no_numba

ROOT = Path(__file__).resolve().parent.parent


def needs(backend):
    """Skip the test where numba is asked for and does not work."""
    if backend == "numba" and why_no_numba():
        pytest.skip(why_no_numba())


def fresh(code, *, timeout=300, **environment):
    """What a new process prints: in it nothing is imported yet."""
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    assert run.returncode == 0, run.stderr
    return run.stdout
