# %% [markdown]
# # 2. Gradients on paper
#
# A computation of several steps: e = a * b, then f = e + c, then L = f * d. Nudge the input `a`
# alone, and keep b, c and d as they are. L moves some times as much as `a`. That number is the
# **gradient** of L with respect to `a`: a slope, of the end of the computation, with respect to
# one number on the way to it.
#
# Two rules are enough, and each looks at one step only:
#
# - In a sum such as f = e + c, f moves once as much as e, and once as much as c.
# - In a product such as L = f * d, L moves d times as much as f, and f times as much as d.
#
# From step to step the numbers are multiplied: if L moves -2 times as much as f, and f moves 3
# times as much as x, L moves -2 * 3 times as much as x. That is the **chain rule**.

# %%
a, b, c, d = 2.0, -3.0, 10.0, -2.0
e = a * b
f = e + c
L = f * d

if __name__ == "__main__":
    print(e, f, L)  # -6.0 4.0 -8.0

# %% [markdown]
# ## Your turn
#
# Write the gradient of L with respect to each. Begin with d and f, from which L itself is
# computed, and go back from there. Paper is allowed.

# %%
# ---- YOUR TURN --------------------------------------------------------------------------
gradients = {
    "d": 4.0,
    "f": -2.0,
    "c": -2.0,
    "e": -2.0,
    "b": -4.0,
    "a": 6.0,
}
# ---- END OF YOUR TURN -------------------------------------------------------------------

# %% [markdown]
# ## See it
#
# The gradient debugger goes through the same computation, one step after the other. In it,
# `predict a` asks you for the gradient of `a`; `c` goes to the end, and then `why a` shows where
# it comes from; `q` leaves. It writes ∂L/∂f for how many times as much as f L moves.
#
#     python -m engine debug "e = a*b; f = e + c; L = f*d; L" a=2 b=-3 c=10 d=-2
#
# A nudge says whether you are right:


# %%
def nudged(h):
    """Return L after a nudge of h to a."""
    return ((a + h) * b + c) * d


if __name__ == "__main__":
    print(round((nudged(0.001) - nudged(-0.001)) / 0.002, 4))

# %% [markdown]
# Save the file. `python -m demos.workshop check 2` says what is right and what is not yet.
