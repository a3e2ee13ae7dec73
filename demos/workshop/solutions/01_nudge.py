# %% [markdown]
# # 1. Nudge a number and see what the result does
#
# A function turns one number into another: `square` turns 3 into 9. Change its input by a little.
# Such a little change is called a **nudge**.
#
# How many times as much as the input does the output change? That number is the **slope** of the
# function at this input. If the output falls while the input grows, the slope is below 0. All of
# this workshop is about computing slopes.

# %%
def square(x):
    return x * x


def line(x):
    return 5.0 * x + 2.0


def inverse(x):
    return 1.0 / x


def slope(f, x, h):
    """Return the slope of f at x, estimated with one nudge of h."""
    return (f(x + h) - f(x)) / h


if __name__ == "__main__":
    print(square(3.0), round(square(3.01), 4))  # 9.0 9.0601
    print(round(slope(square, 3.0, 0.01), 4))  # 6.01

# %% [markdown]
# ## Your turn
#
# a) Write three slopes in the place of `None`. Think first, then nudge with Python to be sure. An
# estimate that is wrong by less than 1 in 20 is right.
#
# b) One nudge to the right is a little wrong, and one to the left is wrong the other way. The
# **central difference** uses both: from x - h to x + h. Write it.

# %%
# ---- YOUR TURN --------------------------------------------------------------------------
estimates = {
    "square at 5": 10.0,
    "line at 10": 5.0,
    "inverse at 2": -0.25,
}


def central_difference(f, x, h):
    """Return the slope of f at x, estimated with a nudge of h to both sides."""
    return (f(x + h) - f(x - h)) / (2.0 * h)


# ---- END OF YOUR TURN -------------------------------------------------------------------

# %% [markdown]
# ## See it
#
# Run the file. What stands behind a print, after the sign #, is what it prints when the exercise
# is done.
#
# The slope of x * x * x at 2 is 12. Which of the two estimates is nearer? And is a smaller nudge
# always better? The last line nudges by so little that 2 + h is 2 for the computer.


# %%
def cube(x):
    return x * x * x


if __name__ == "__main__":
    print(round(slope(cube, 2.0, 0.1), 4))  # 12.61
    print(round(central_difference(cube, 2.0, 0.1), 4))  # 12.01
    print(slope(cube, 2.0, 1e-17))  # 0.0

# %% [markdown]
# Save the file. `python -m demos.workshop check 1` says what is right and what is not yet.
