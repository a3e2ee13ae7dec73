"""How fast the engine is beside others: `python -m demos.benchmarks eager`; README.md here says what is measured."""
