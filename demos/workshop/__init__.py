"""The workshop kit: ten exercises in which a small engine is mended until it works.

`python -m demos.workshop` lists them, checks them, names the mistake and gives hints. The first
call puts a copy of the exercises into the folder `workshop`, and there they are edited.
"""
