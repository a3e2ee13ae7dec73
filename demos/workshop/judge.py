"""The judge: it compares what the probe measured with the fingerprints, and says what it means.

>>> right = TABLE["right"]["2"]
>>> verdict = judge(2, Outcome(right | {'gradients["a"]': -3.0}, complete=True))
>>> print(verdict.message)
Not right yet: gradients["a"] is -3, should be 6.
That is one step alone: multiply it by the gradient of its result.
See it: python -m engine debug "e = a*b; f = e + c; L = f*d; L" a=2 b=-3 c=10 d=-2
"""

import json
import math
import re
from pathlib import Path
from typing import Any, NamedTuple

from .columns import COLUMNS, MOST_READS, NOTES
from .limits import MEMORY, OUTPUT, SECONDS
from .outcome import Outcome

TABLE: dict[str, Any] = json.loads(
    Path(__file__).with_name("fingerprints.json").read_text(encoding="utf-8")
)
AS_THEY_ARE = ("nan", "inf", "-inf", "nothing")  # the others are texts that a learner wrote
AGAIN = "29 Values, each the one before plus itself: is one visited again and again"
IN_ORDER = {  # what belongs into a list, whatever was done otherwise
    "topological_order: how many Values are missing": "The list has every Value that root was "
    "computed from, and root itself.",
    "topological_order: how many are in it twice": "A Value that is used twice is met twice, and "
    "stands in the list once.",
    "topological_order: how many stand before one of their parents": "A Value may be appended when "
    "all its parents are in the list.",
}
RECURSIVE = (
    "Your order calls itself: a chain of 3,000 Values is beyond Python's limit of calls inside one "
    "another. That is no mistake here; engine/graph.py does it with a loop."
)
DEBUG = "python -m engine debug"
PARENTS = 'python -m engine draw "x*x" x=3 -o parents.svg'
LOOKS = {
    1: "python -i workshop/01_nudge.py lets you nudge by hand: slope(square, 5.0, 0.001)",
    2: f'{DEBUG} "e = a*b; f = e + c; L = f*d; L" a=2 b=-3 c=10 d=-2',
    3: PARENTS,
    4: PARENTS,
    5: f'{DEBUG} "h = x + x; y = h + h*x; y" x=2',
    6: "python -m engine draw workshop/06_order.py:fork -o fork.svg",
    7: PARENTS,
    8: f'{DEBUG} "z = w*x + v*u + b; o = tanh(z); o" w=0.5 x=1 v=-0.25 u=2 b=0.75',
    9: f'{DEBUG} "(w - 3)**2" w=0',
    10: f'{DEBUG} "u = x + f; 2*log(u) - log(3*u)" x=0 f=0, and in it: watch nan, then c',
}
LEAKS = {
    "A": f'{DEBUG} "tanh(w*x)" w=20 x=1, and in it: c, then why x',
    "B": f'{DEBUG} "relu(2*x + b)" x=-1.5 b=0, and in it: c, then why x',
    "C": f'{DEBUG} "x * w**30" x=1 w=1.6, and in it: c, then why x',
}
OWN = {
    5: "python -m engine draw workshop/05_forks.py:square -o square.svg",
    6: "python -m engine draw workshop/06_order.py:fork -o fork.svg",
    7: "python -m engine draw workshop/07_sum.py:fork -o fork.svg",
}


class Verdict(NamedTuple):
    """What is said of an exercise; `traceback` are the lines for whoever wants to see them."""

    exercise: int
    passed: bool
    mistakes: list[str]
    got: Any
    right: Any
    message: str
    traceback: list[str]

    def as_json(self) -> str:
        """Return it as JSON, with the six keys that README.md lists."""
        shown = self._asdict()
        del shown["traceback"]
        return json.dumps(shown, ensure_ascii=False)


def judge(number: int, outcome: Outcome) -> Verdict:
    """Return the verdict on what came of a run."""
    if outcome.stopped:
        return _stopped(number, outcome)
    right = TABLE["right"][str(number)]
    wrong = [c for c in COLUMNS[number] if not agrees(outcome.numbers.get(c), right[c])]
    if not wrong:
        return _passed(number, outcome)
    if outcome.numbers.get(wrong[0]) is None:
        return _unanswered(number, wrong[0])
    keys, sentence = _named(number, outcome.numbers, wrong)
    column = _nearest_to_the_cause(wrong)
    got, expected = outcome.numbers.get(column), right[column]
    first = f"Not right yet: {_difference(column, got, expected)}"
    message = "\n".join(filter(None, [first, sentence, _look(number, column)]))
    return Verdict(number, False, keys, got, expected, message, [])


def _nearest_to_the_cause(wrong: list[str]) -> str:
    """Return the column to quote: a wrong local derivative says more than what it leads to."""
    local = (column for column in wrong if "the local derivative" in column)
    return wrong[0] if is_answer(wrong[0]) else next(local, wrong[0])


def is_answer(column: str) -> bool:
    """Return whether a column is an answer that the learner writes down, as in gradients["a"]."""
    return column.endswith('"]')


def agrees(got: Any, right: Any) -> bool:
    """Return whether a number is what it should be.

    >>> agrees(6.0000000001, 6.0), agrees(9.9, [9.5, 10.5]), agrees(" Dead ReLU", "dead relu")
    (True, True, True)
    >>> agrees("dead_relu", "dead relu"), agrees("6", 6.0), agrees("nan", 6.0)
    (True, False, False)
    """
    if isinstance(right, list):
        return isinstance(got, float) and right[0] <= got <= right[1]
    if isinstance(right, str) or isinstance(got, str):
        return _plain(str(got)) == _plain(str(right))
    return got is not None and math.isclose(got, right, rel_tol=1e-5, abs_tol=1e-9)


def _plain(text: str) -> str:
    return text.strip().lower().replace("-", " ").replace("_", " ")


# -- which mistake


def _named(number: int, numbers: dict[str, Any], wrong: list[str]) -> tuple[list[str], str]:
    """Return the keys of the mistakes that explain the numbers, and the sentence for them."""
    if is_answer(wrong[0]):
        given = TABLE["paper"][str(number)].get(wrong[0], {})
        keys = [k for k in given if any(agrees(numbers[wrong[0]], n) for n in given[k])]
        return keys, _either(number, keys)
    singles, pairs = _explanations(number, numbers)
    if singles:
        return singles, _either(number, singles)
    if len(pairs) == 1:
        return pairs[0], _both(number, pairs[0])
    common = [key for key in pairs[0] if all(key in pair for pair in pairs)] if pairs else []
    common = common or _of_its_own(number, numbers, _nearest_to_the_cause(wrong))
    if common:
        return common, f"{_either(number, common)} Something else is wrong as well."
    return [], _where(wrong, numbers)


def _of_its_own(number: int, numbers: dict[str, Any], quoted: str) -> list[str]:
    """Return the mistakes that explain all local derivatives of the operation that is quoted.

    What is wrong in one operation changes no local derivative of another.
    """
    if "the local derivative" not in quoted:
        return []
    right = TABLE["right"][str(number)]
    operation = quoted.split(" at ")[0]
    columns = [c for c in right if c.startswith(f"{operation} at ") and "local deriv" in c]
    rows = (row for name in TABLE["used"][str(number)] for row in TABLE["tables"][name]["rows"])
    return list(
        dict.fromkeys(
            keys[0]
            for keys, differing in rows
            if len(keys) == 1
            and differing.keys() & {*columns}
            and all(_fits(numbers.get(c), differing.get(c, right[c])) for c in columns)
        )
    )


def _where(wrong: list[str], numbers: dict[str, Any]) -> str:
    """Return what is known of a mistake that has no name."""
    if wrong[0] in IN_ORDER:
        return IN_ORDER[wrong[0]]
    used_once = "y = exp(x) at x = 1: x.grad", "y = relu(x) at x = -1.5: x.grad"
    grads = [column for column in wrong if column.endswith(": x.grad")]
    if grads and all(numbers.get(column) == 0.0 for column in grads):
        return "Nothing arrives at x: what is sent has to be added to parent.grad."
    if grads and grads == wrong and not set(grads) & set(used_once):
        return (
            "Where x is used once, your gradients are right; where it is used twice, they are not."
        )
    return ""


def _explanations(number: int, numbers: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the single mistakes and the pairs that agree with every number of the table."""
    right = TABLE["right"][str(number)]
    columns = [column for column in COLUMNS[number] if not is_answer(column)]
    wrong = {c for c in columns if not agrees(numbers.get(c), right[c])}
    tables = [TABLE["tables"][name] for name in TABLE["used"][str(number)]]
    rows = [
        tuple(keys)
        for table in tables
        if wrong <= set(table["columns"])
        for keys, differing in table["rows"]
        if "not_started" not in keys or table is TABLE["tables"].get(str(number))
        if all(_fits(numbers.get(c), differing.get(c, right[c])) for c in table["columns"])
    ]
    singles = dict.fromkeys(keys[0] for keys in rows if len(keys) == 1)
    pairs = dict.fromkeys(keys for keys in rows if len(keys) == 2)
    return list(singles), [list(pair) for pair in pairs]


def _fits(got: Any, expected: Any) -> bool:
    """Return whether a number is as a row has it; None in a row stands for any."""
    return expected is None or agrees(got, expected)


def _sentence(number: int, key: str) -> str:
    """Return what is said of a mistake, in the words that an exercise has explained."""
    text: str = TABLE["plain"][str(number)].get(key) or TABLE["sentences"][key]
    return _ended(text[0].upper() + text[1:])


def _ended(text: str) -> str:
    return text if text[-1:] in (".", "?") else text + "."


def _either(number: int, keys: list[str]) -> str:
    """Return the sentence of a mistake; of several, all of them."""
    sentences = [_sentence(number, key) for key in keys]
    return ("Several mistakes give these numbers. " * (len(keys) > 1)) + " Or: ".join(sentences)


def _both(number: int, keys: list[str]) -> str:
    """Return the sentence for two mistakes at once; a place that is as at the start is none."""
    sentences = [_sentence(number, key) for key in keys if key != "not_started"]
    if len(sentences) < 2:
        return f"{sentences[0]} And a part of the marked place has no effect yet."
    return f"Two mistakes at once. {sentences[0]} {sentences[1]}"


# -- how it is said


def short(number: Any, digits: int = 4) -> str:
    """Return a number as it is quoted.

    >>> short(1.6417887567), short(6.0), short([0.01, 100.0]), short("nan"), short("6")
    ('1.642', '6', 'between 0.01 and 100', 'nan', "'6'")
    """
    if isinstance(number, list):
        return f"between {number[0]:g} and {number[1]:g}"
    if number is None:
        return "None"
    if isinstance(number, str):
        return number if number in AS_THEY_ARE or "(" in number else repr(number)
    return f"{number:.{digits}g}"


def _difference(column: str, got: Any, right: Any) -> str:
    """Return the sentence with both numbers, in as many digits as it takes to tell them apart."""
    if column == AGAIN:
        return (
            "29 Values, each the one before plus itself: they are visited again and again, more "
            f"than {MOST_READS:,} times in all. Once each is enough."
        )
    digits = 4
    others = right if isinstance(right, list) else [right]
    while short(got, digits) in [short(other, digits) for other in others] and digits < 17:
        digits += 1
    return f"{column} is {short(got, digits)}, should be {short(right, digits)}."


def _look(number: int, column: str) -> str:
    """Return the commands that show it: what is right, and the learner's own Values."""
    match = re.match(r'(?:predictions\[")?(.+?),? at (\w = [^:"]+)(?:: |"\])', column)
    if not match or number not in (3, 4, 5, 6, 7):
        look = LEAKS.get(re.sub(r'.*\b([A-D])(?:"\])?$', r"\1", column)) if number == 10 else None
        return f"See it: {look or (LOOKS[5] if column == AGAIN else LOOKS[number])}"
    names = match[2].replace(" = ", "=").replace(",", "")
    look = f'See it: {DEBUG} "{match[1]}" {names}'
    own = OWN.get(number)
    return f"{look}\nAnd your own Values: {own}" if own and column.endswith("x.grad") else look


def _passed(number: int, outcome: Outcome) -> Verdict:
    notes = [RECURSIVE for column in NOTES.get(number, {}) if outcome.numbers.get(column) == 0.0]
    return Verdict(number, True, [], None, None, "\n".join(["Right.", *notes]), [])


def _unanswered(number: int, column: str) -> Verdict:
    """Return the verdict on a place where nothing has been written yet."""
    key, message = "not_started", f"{column} is still None: write your answer in its place."
    if not is_answer(column):
        key, message = "wrong_type", f"{column} gives None: is a return missing?"
    right = TABLE["right"][str(number)][column]
    return Verdict(number, False, [key], None, right, message, [])


# -- what was stopped


def _stopped(number: int, outcome: Outcome) -> Verdict:
    """Return the verdict on a file that did not get to the end."""
    f = outcome.failure
    where = f"At line {f['line']}, {f['text'].rstrip(':')}" if f.get("line") else "In the check"
    sentences = {
        "time": f"{_during(outcome)} takes more than {SECONDS:g} seconds, and was stopped. "
        "Is there a loop that does not end?",
        "flood": f"{_during(outcome)} prints more than {OUTPUT:,} characters, and was stopped. "
        "Is there a print in a loop that does not end?",
        "memory": f"{_during(outcome)} takes more than {MEMORY >> 20} MB of memory, and was "
        "stopped. Is there a list that grows without end?",
        "crash": f"{_during(outcome)} made Python crash.",
        "input": f"{where}: it waits for input, and in a check nobody types. Take it out, or put "
        'it under if __name__ == "__main__":',
        "exits": f"{where}: it ends Python before the check is done. Take out what exits.",
        "forks": f"{where}: it starts another process, and a check does not allow that.",
        "recursion": f"{where}: it calls itself without end.",
        "syntax": f"{_line(f)} is not Python yet: {_ended(f.get('says', ''))}\n    {f.get('text')}",
        "wrong_type": f"Not right yet: {_ended(f.get('says', ''))}",
        "undefined": f"{f.get('name')} is not defined: the file has to define it, spelled so.",
        "encoding": "The file is not UTF-8: save it as UTF-8.",
        "module": f"{where}: {f.get('says')}. Nothing but Python's own library is needed.",
        "raises": f"{where}: {_ended(': '.join(filter(None, _error(f))))}{_none(f)}",
    }
    during = f"\nIt happened at {outcome.column}" if outcome.column and f else ""
    return Verdict(
        number,
        False,
        [outcome.stopped],
        None,
        None,
        sentences[outcome.stopped] + during,
        f.get("traceback", []),
    )


def _line(failure: dict[str, Any]) -> str:
    return f"Line {failure['line']}" if failure.get("line") else "The file"


def _error(failure: dict[str, Any]) -> tuple[str, str]:
    return failure.get("type", ""), failure.get("says", "")


def _none(failure: dict[str, Any]) -> str:
    return " Is a return missing?" if "'NoneType' object" in failure.get("says", "") else ""


def _during(outcome: Outcome) -> str:
    return outcome.column or "The file itself, before anything is measured,"
