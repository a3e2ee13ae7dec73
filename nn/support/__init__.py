"""What serves the chapters of nn: histories, progress, habits, Ctrl-C, and a Dask cluster.

>>> from nn.support.history import History
>>> History([0.5, 0.25], [0.1, 0.2])
History(2 epochs, loss 0.5 → 0.25, 0.2 s)
"""
