"""The loops that numba compiles: to make a program of a graph, and to interpret any program.

They are plain loops over arrays of numbers, because that is what numba compiles well; a program of
a million nodes passes through them in a second. Nothing here recurses or knows a Value. In the
order of the work:

    arithmetic    the codes of operations, and the value of one operation
    expansion     from the graph to single assignments, its gradient included
    picks         choosing by an index
    exponential   exp, eight examples at once
    fusion        which assignments become one sum of products
    registers     where in the buffer every number stands
    plan          the finished program
    single        a program for one example
    tiles         sums of products, four at a time
    interpreter   running a program over rows of examples

A change in any file of this folder makes numba compile all of them anew (see ../cache.py).

>>> from engine.tape.kernels.arithmetic import CODES
>>> CODES["multiply"]
2
"""
