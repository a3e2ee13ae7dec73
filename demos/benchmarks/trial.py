"""One turn of one contestant, in a process of its own: the child that `rounds.in_processes` starts.

The engine may come from another checkout; the programs that it runs are always the ones here. So
the other engine is imported before anything here imports one.
"""

import json
import sys


def main(task: str, contestant: str, collector: str, checkout: str = "") -> None:
    """Print as JSON what the contestant computed, to compare it, and the CPU seconds of a turn."""
    if checkout:
        sys.path.insert(0, checkout)
        import engine
        import nn  # noqa: F401 - the network of the moons comes from there too

        if not (engine.__file__ or "").startswith(checkout):
            raise SystemExit(f"{checkout} has no engine")
    from demos.benchmarks import eager
    from demos.benchmarks.rounds import best_times

    run = eager.TRIALS[task](contestant)
    result = run()
    seconds = best_times({contestant: run}, 1, collector == "on")[contestant]
    print(json.dumps({"result": result, "seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
