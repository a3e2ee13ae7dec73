"""The process in which the container runs a learner's file: it limits itself, then runs the probe.

Each fact of the probe is a line of JSON on the standard output; what the learner's file prints goes
to the standard error.

>>> MEMORY_EXIT  # the exit status of a process that had too much memory
77
"""

import json
import os
import sys

from .contained import contain
from .limits import MEMORY
from .probe import report

MEMORY_EXIT = 77


def main(number: int, path: str) -> None:
    """Write the report line by line; what the learner's file prints goes to the standard error."""
    channel = os.dup(1)
    os.dup2(2, 1)
    contain()
    limit_resources()
    for fact in report(number, path):
        os.write(channel, (json.dumps(fact) + "\n").encode())
    os._exit(0)  # no thread and no exit handler of the learner's holds it up


if sys.platform == "win32":

    def limit_resources() -> None:
        """Do nothing: Windows limits a process from outside only, by the time that it has."""

else:
    import resource

    def limit_resources() -> None:
        """Limit memory, time and the size of files; no file is left by a crash."""
        lower(resource.RLIMIT_CORE, 0)
        lower(resource.RLIMIT_FSIZE, 1 << 24)
        lower(resource.RLIMIT_CPU, 20)  # seconds, for when the container itself was killed
        if sys.platform == "darwin":  # there the limit is accepted and not kept
            watch_memory()
        else:
            lower(resource.RLIMIT_AS, MEMORY)

    def lower(kind: int, most: int) -> None:
        """Lower a limit, unless it is lower already."""
        hard = resource.getrlimit(kind)[1]
        least = most if hard == resource.RLIM_INFINITY else min(hard, most)
        resource.setrlimit(kind, (least, least))

    def watch_memory(every: float = 0.02) -> None:
        """Start a thread that ends the process when it has too much memory."""
        import _thread
        import time

        unit = 1 if sys.platform == "darwin" else 1024

        def watch() -> None:
            while resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit < MEMORY:
                time.sleep(every)
            os._exit(MEMORY_EXIT)

        _thread.start_new_thread(watch, ())
