"""One file a demo: each prints numbers that a reader can check, and draws its picture.

Run one with `python -m demos.NAME`; start with `python -m demos.tour`.
"""
