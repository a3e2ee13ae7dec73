"""A Dask cluster on this machine, for `client=True`.

>>> refuse_unguarded()  # there is no script here whose import could start the training again
"""

import sys
from pathlib import Path
from typing import Any


def refuse_unguarded() -> None:
    """Raise RuntimeError in a script without a main guard, which each worker would run again."""
    script = getattr(sys.modules["__main__"], "__file__", None)
    if script and "__name__" not in Path(script).read_text(encoding="utf-8", errors="replace"):
        raise RuntimeError(
            "client=True starts processes that import this script: call fit inside "
            '`if __name__ == "__main__":`'
        )


def local_client() -> Any:
    """Return a client with workers on this machine, which import the script that runs."""
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ImportError("client= needs Dask: pip install distributed") from error
    return Client(LocalCluster(threads_per_worker=1, dashboard_address=None))
