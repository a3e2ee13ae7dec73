"""One turn of one contestant, in a process of its own: the child that `rounds.in_processes` starts.

The engine that is timed may come from another checkout; the programs that it runs are always the ones here. So the
other engine is imported first, before anything here imports one.
"""

import json
import sys


def main(task: str, contestant: str, collector: str, checkout: str = "") -> None:
    """Print the result of the task, so that contestants can be compared, and the CPU seconds of a turn."""
    if checkout:
        sys.path.insert(0, checkout)
        import engine
        import nn  # noqa: F401

        if not (engine.__file__ or "").startswith(checkout):
            raise SystemExit(f"{checkout} has no engine")
    from demos.benchmarks import eager
    from demos.benchmarks.rounds import best_times

    run = eager.TRIALS[task](contestant)
    result = run()
    seconds = best_times({contestant: run}, 2, collector == "on")[contestant]
    print(json.dumps({"result": result, "seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
