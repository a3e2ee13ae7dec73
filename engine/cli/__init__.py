"""The command line: reading expressions, taking a Value from a file, and the doctor.

>>> from engine.cli.expression import build
>>> build("w*x + b", {"w": 2.0, "x": 3.0, "b": 1.0})
+(data=7, grad=0)
"""
