"""Where the sum over children stands: the line that debuggers stop at."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BACKWARD = ROOT / "engine" / "backward.py"
SUM = next(
    n
    for n, line in enumerate(BACKWARD.read_text(encoding="utf-8").splitlines(), 1)
    if "parent.grad += contribution" in line
)
