"""A scripted learner of the workshop: what is written first, and words of what is said of it."""

from demos.workshop.catalog import exercise

FIRST = {  # a mistake in each exercise: what stands in the solution, what is written, what is said
    1: ("(f(x + h) - f(x - h)) / (2.0 * h)", "(f(x + h) - f(x)) / h", "nudge to one side"),
    2: ('"a": 6.0', '"a": -3.0', "one step alone"),
    3: ("(other.data, self.data)", "(self.data, other.data)", "are the two swapped"),
    4: ("1.0 - data * data", "1.0 - data", "square left out"),
    5: ("+= contribution", "= contribution", "only the last contribution is there"),
    6: ("        if node not in seen:\n", "        if True:\n", "each time that it is used"),
    7: (
        "            parent.grad += contribution\n",
        "            parent.grad += contribution +\n",
        "not Python yet",
    ),
    8: ("return z.tanh()", "return z", "not z itself"),
    9: ("        w.grad = 0.0\n", "", "zero_grad"),
    10: ("bias_b = 4.0", "bias_b = 2.0", "should be between 0.01 and 100"),
}


def wrong(number):
    old, new, words = FIRST[number]
    text = right(number)
    assert old in text
    return text.replace(old, new), words


def right(number):
    return exercise(number).solution.read_text(encoding="utf-8")
