"""The commands, one module each.

A module of this package has two functions. `arguments(parser)` adds the options of the command to
an argparse parser. `run(options, workspace)` does the work, prints, and returns the exit status:
0, or 1 for an exercise that has not passed. The module is loaded when its command is called.
"""

SUMMARIES = {
    "list": "the exercises, and which of them have passed",
    "progress": "what you have done so far",
    "poster": "the poster and the debugger card, as SVG and PDF",
    "quiz": "random expressions, and every gradient worked out",
}
