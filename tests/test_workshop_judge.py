"""The judge and its table: every mistake is named, every correct spelling passes, numbers differ."""

import json
import math
import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spellings import SPELLINGS

from demos.workshop import fingerprints
from demos.workshop.catalog import EXERCISES, exercise
from demos.workshop.columns import BACKWARD, COLUMNS
from demos.workshop.fingerprints import unmarked
from demos.workshop.judge import TABLE, agrees, judge
from demos.workshop.mutants import MUTANTS, SENTENCES, apply
from demos.workshop.outcome import Outcome
from demos.workshop.probe import plain
from engine import Value
from engine.debugger.mistakes import MISTAKES, gradients

KEYS = (
    "assign parents_as_set naive_recursion forward_order pre_order no_seed no_upstream product_unswapped "
    "tanh_without_square tanh_of_input exp_is_input relu_always_one backward_twice"
).split()
APPLIED = [(n, m) for n in range(1, 11) for m in MUTANTS if n in m.exercises]


@cache
def verdict(source, number):
    """Return the verdict on a source that is run in this process."""
    names = {"__name__": "exercise"}
    exec(compile(source, "exercise.py", "exec"), names)
    numbers = {column: plain(measure(names)) for column, measure in COLUMNS[number].items()}
    return judge(number, Outcome(numbers, complete=True))


def mutated(number, mutant):
    source = apply(mutant, unmarked(number))
    assert source, f"{mutant} has no place in exercise {number}"
    return source


# -- the table


@pytest.mark.slow
def test_the_table_is_what_the_mutants_give():
    """If this fails, run `python -m demos.workshop.build`."""
    assert json.loads(fingerprints.text()) == TABLE


def test_the_thirteen_keys_are_those_of_the_debugger():
    assert list(MISTAKES) == KEYS and not set(KEYS) & set(SENTENCES)
    assert {key: TABLE["sentences"][key] for key in KEYS} == {
        k: m.sentence for k, m in MISTAKES.items()
    }


FORK, REVERSED = (f"h = tanh(x); y = {y} at x = 0.5: x.grad" for y in ("h + h*x", "h*x + h"))
EXP, RELU, SQUARE = (
    "y = exp(x) at x = 1: x.grad",
    "y = relu(x) at x = -1.5: x.grad",
    "y = x * x at x = 3: x.grad",
)
SIZE = "the size of the gradient of x in"
# Measured by hand, by another program, to three digits: exp, relu, x·x, h + h·x, h·x + h.
MEASURED = {
    "assign": "2.718 0 3 0.393 0.393",
    "parents_as_set": "2.718 0 3 1.642 1.642",
    "naive_recursion": "2.718 0 6 2.428 2.821",
    "forward_order": "2.718 0 6 0 0",
    "pre_order": "2.718 0 6 1.249 1.642",
    "no_seed": "0 0 0 0 0",
    "no_upstream": "2.718 0 6 1.249 1.249",
    "product_unswapped": "2.718 0 6 1.650 1.650",
    "tanh_without_square": "2.718 0 6 1.269 1.269",
    "tanh_of_input": "2.718 0 6 1.587 1.587",
    "exp_is_input": "1 0 6 1.642 1.642",
    "relu_always_one": "2.718 1 6 1.642 1.642",
    "backward_twice": "5.437 0 12 3.284 3.284",
}


@pytest.mark.parametrize("key", [*KEYS, "backward_twice, same graph"])
def test_the_fingerprints_are_those_that_were_measured(key):
    expected = MEASURED.get(key, "5.437 0 12 5.319 5.319")
    rows = [row for keys, row in TABLE["tables"]["7"]["rows"] if keys == [key.split(",")[0]]]
    right = TABLE["right"]["7"]
    shown = [
        " ".join(
            f"{float(row.get(c, right[c])):.3f}".removesuffix(".000")
            for c in (EXP, RELU, SQUARE, FORK, REVERSED)
        )
        for row in rows
        if None not in [row.get(c, 0) for c in (FORK, REVERSED)]
    ]
    assert expected in [re.sub(r"\.000\b", "", text) for text in shown]


def test_right_is_what_calculus_says():
    h = math.tanh(0.5)
    right = TABLE["right"]["7"]
    assert agrees(right[FORK], (1 - h * h) * 1.5 + h) and right[FORK] == right[REVERSED]
    assert right[SQUARE] == 6.0 and agrees(right[EXP], math.e) and right[RELU] == 0.0
    a, s = 1.5**2, 2 * 1.5  # a = x², b = (a + x)a, c = b + a, y = cb + a
    b, db = (a + 1.5) * a, (s + 1) * a + (a + 1.5) * s
    assert agrees(right[next(c for c in right if "c*b" in c)], (db + s) * b + (b + a) * db + s)


@pytest.mark.parametrize("key", KEYS)
def test_the_checker_and_the_debugger_share_one_table(key):
    """Each row of a single mistake has the numbers of one of the debugger's sweeps."""
    columns = {c: measure for c, measure in BACKWARD.items() if c.endswith(": x.grad")}
    right = TABLE["right"]["7"]
    swept = [
        {c: _engine(measure, way) for c, measure in columns.items()} for way in MISTAKES[key].ways
    ]
    for keys, row in TABLE["tables"]["7"]["rows"]:
        expected = {c: row.get(c, right[c]) for c in columns}
        if keys == [key] and any(expected[c] != right[c] for c in columns):
            assert any(
                all(expected[c] is None or agrees(numbers[c], expected[c]) for c in columns)
                for numbers in swept
            ), row


def _engine(measure, way):
    """Return what a column measures of the engine's graph, swept with a mistake in it."""

    def backward(root):
        for node, grad in gradients(root, way).items():
            node.grad = grad

    return measure({"Value": Value, "backward": backward})


# -- every mistake in every spelling


@pytest.mark.parametrize("number", range(1, 11))
def test_every_mutant_is_rejected_and_named(number):
    mutants = [m for n, m in APPLIED if n == number]
    named = [(m.key, verdict(mutated(number, m), number).mistakes, m.edits) for m in mutants]
    assert [entry for entry in named if entry[1] != [entry[0]]] == []
    assert len(mutants) >= (0 if number in (2, 10) else 3)


def test_each_of_the_thirteen_has_several_spellings():
    for key in KEYS:
        assert len([m for m in MUTANTS if m.key == key and {7, 9} & {*m.exercises}]) >= 2, key


def test_two_mistakes_at_once_are_both_named_where_their_numbers_are_their_own():
    rows = TABLE["tables"]["7"]["rows"]
    right = TABLE["right"]["7"]
    pairs = [row for row in rows if len(row[0]) == 2 and None not in row[1].values()]
    assert len(pairs) > 100
    wrong = []
    for keys, differing in pairs:
        same = [other for other, numbers in rows if _fit(differing, numbers)]
        said = judge(7, Outcome({c: differing.get(c, right[c]) for c in COLUMNS[7]}, complete=True))
        if not said.passed and same == [keys]:
            wrong += [] if sorted(said.mistakes) == sorted(keys) else [(keys, said.mistakes)]
            assert "Two mistakes at once" in said.message
        elif said.passed:
            wrong.append((keys, "passed"))
    assert wrong == []


def _fit(differing, numbers):
    """Whether these numbers could be those of a row; None stands for any."""
    return all(
        differing.get(c) == numbers.get(c) or (c in numbers and numbers[c] is None)
        for c in {*differing, *numbers}
    )


def test_what_two_mistakes_could_explain_names_both():
    x = "y = x * x at x = 3"
    said = judge(
        5,
        Outcome(
            TABLE["right"]["5"] | {f'predictions["{x.replace(" at", ", at")}"]': 3.0}, complete=True
        ),
    )
    assert said.mistakes == ["assign", "parents_as_set"]
    assert "Several mistakes give these numbers" in said.message and " Or: " in said.message


def test_a_neuron_is_judged_before_the_equations_are_answered():
    started = exercise(8).start.read_text(encoding="utf-8")
    begin, end = started.index("equations = {"), started.index("# ---- END")
    text = unmarked(8).replace("return z.tanh()", "return z")
    i, j = text.index("equations = {"), text.index("}\n", text.index("equations = {")) + 2
    assert verdict(text[:i] + started[begin:end] + text[j:], 8).mistakes == ["not_tanh"]


def test_a_wrong_local_derivative_is_quoted_itself():
    said = verdict(unmarked(7).replace("1.0 - data * data", "1.0 - data"), 7)
    assert said.message.startswith(
        "Not right yet: tanh(x) at x = 0.5: the local derivative is 0.5379, "
    )
    assert said.mistakes == ["tanh_without_square"]


def test_what_is_not_known_stays_not_right_yet():
    said = judge(7, Outcome(TABLE["right"]["7"] | {FORK: 2.4}, complete=True))
    assert (said.mistakes, said.got, said.passed) == ([], 2.4, False)
    assert said.message.startswith(
        f"Not right yet: {FORK} is 2.4, should be 1.642.\nWhere x is used once"
    )
    assert "Or: " not in said.message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    return order\n", "    return order[:-1]\n", "root itself"),
        ("            order.append(node)\n", "            order.extend(node.parents)\n", "root itself"),
        ("                visit(parent)\n", "                visit(parent)\n                order.append(node)\n", "stands in the list once"),
        ("    return order\n", "    return sorted(order, key=lambda node: node.data)\n", "when all its parents are in the list"),
    ],
)  # fmt: skip
def test_an_order_that_is_wrong_in_its_own_way_is_told_what_belongs_into_it(old, new, said):
    verdict_ = verdict(unmarked(6).replace(old, new), 6)
    assert verdict_.mistakes == [] and said in verdict_.message


def test_a_mistake_is_not_named_before_all_numbers_agree():
    """Left-out upstream and a walk from the root agree on h + h·x; the other order tells them apart."""
    right = TABLE["right"]["7"]
    assert judge(7, Outcome(right | {FORK: 1.24856}, complete=True)).mistakes == []


def test_numbers_that_are_written_down_for_one_point_do_not_pass():
    """The file prints (4.0, 3.0) at 3 and 4: whoever writes these down has computed nothing."""
    said = verdict(unmarked(3).replace("(other.data, self.data)", "(4.0, 3.0)"), 3)
    assert "z = x * y at x = -2, y = 0.5" in said.message and not said.passed


@pytest.mark.parametrize("number", [3, 4])
def test_a_local_derivative_too_many_does_not_pass(number):
    said = verdict(unmarked(number).replace("(1.0, 1.0)", "(1.0, 1.0, 1.0)"), number)
    assert "how many local derivatives z has is 3, should be 2" in said.message


SPOKEN_OF = {  # what a message of an exercise may not say, because a later one explains it
    2: "local|upstream|contribution|node|seed|parent|tuple|backward|∂",
    3: "upstream|contribution|node|seed|backward|∂|tanh|zero_grad",
    4: "upstream|contribution|node|seed|backward|∂|zero_grad",
    5: "topological|visit|neuron|zero_grad|∂",
    6: "neuron|zero_grad|∂",
    7: "neuron|zero_grad|∂",
}


@pytest.mark.parametrize("number", SPOKEN_OF)
def test_no_message_uses_a_word_that_a_later_exercise_explains(number):
    said = [verdict(mutated(n, m), n).message for n, m in APPLIED if n == number]
    for column, answers in TABLE["paper"][str(number)].items():
        for n in (n for numbers in answers.values() for n in numbers):
            wrong = TABLE["right"][str(number)] | {column: n}
            said.append(judge(number, Outcome(wrong, complete=True)).message)
    assert len(said) > 3
    reasons = [line for message in said for line in message.split("\n")[1:] if "python" not in line]
    assert [line for line in reasons if re.search(SPOKEN_OF[number], line)] == []


@pytest.mark.parametrize(
    ("name", "number", "keys"),
    [
        ("a", -6.0, ["sign"]),
        ("b", 4.0, ["sign"]),
        ("c", 10.0, ["data_for_gradient"]),
        ("d", -2.0, ["product_unswapped", "data_for_gradient"]),
        ("d", 0.0, []),
    ],
)
def test_what_people_write_on_paper_is_named_as_that(name, number, keys):
    right = TABLE["right"]["2"]
    assert (
        judge(2, Outcome(right | {f'gradients["{name}"]': number}, complete=True)).mistakes == keys
    )


def test_three_wrong_functions_do_not_hide_the_first():
    source = unmarked(4).replace("1.0 - data * data", "1.0 - data")
    source = source.replace("(1.0 if self.data > 0.0 else 0.0,)", "(1.0,)")
    said = verdict(source.replace('(data,), "exp"', '(self.data,), "exp"'), 4)
    assert said.mistakes == ["tanh_without_square"]
    assert "square left out? Something else is wrong as well." in said.message


def test_a_part_that_is_as_at_the_start_is_no_second_mistake():
    source = unmarked(4).replace("1.0 - data * data", "1.0 - data")
    said = verdict(source.replace('(data,), "exp"', '(0.0,), "exp"'), 4)
    assert said.mistakes == ["tanh_without_square", "not_started"]
    assert "Two mistakes" not in said.message
    assert "And a part of the marked place has no effect yet." in said.message


def test_another_exercise_s_start_is_not_named_as_the_start():
    """In exercise 5 the start has `=`; that nothing is sent is the start of exercise 7."""
    for line in ("parent.grad == contribution", "parent.data += contribution"):
        said = verdict(unmarked(5).replace("parent.grad += contribution", line), 5)
        assert "start" not in said.message and not said.passed
        assert "Nothing arrives at x" in said.message and said.mistakes == []


@pytest.mark.parametrize(
    ("column", "look"),
    [
        ('predictions["y = x * x, at x = 3"]', '"y = x * x" x=3'),
        ('predictions["h = x + x; y = h + h * x, at x = 2"]', '"h = x + x; y = h + h * x" x=2'),
        ('leaks["A"]', '"tanh(w*x)" w=20 x=1, and in it: c, then why x'),
        (f"{SIZE} B", '"relu(2*x + b)" x=-1.5 b=0, and in it: c, then why x'),
        ('leaks["C"]', '"x * w**30" x=1 w=1.6, and in it: c, then why x'),
        (f"{SIZE} D", "watch nan, then c"),
    ],
)
def test_what_is_shown_is_what_the_question_is_about(column, look):
    number = 10 if "x in" in column or "leaks" in column else 5
    said = judge(number, Outcome(_solved(number) | {column: 9.7e5}, complete=True))
    assert said.message.split("\n")[-1].endswith(look)


# -- start states, solutions, correct spellings


@pytest.mark.parametrize("e", EXERCISES, ids=lambda e: e.name)
def test_every_start_state_fails_with_its_message_and_every_solution_passes(e):
    start = verdict(e.start.read_text(encoding="utf-8"), e.number)
    assert not start.passed and start.mistakes == ["not_started"]
    assert "is still None" in start.message or "the numbers of the start" in start.message
    assert verdict(e.solution.read_text(encoding="utf-8"), e.number).passed


def test_the_start_of_the_forks_is_the_mistake_that_it_is_about():
    text = exercise(5).start.read_text(encoding="utf-8")
    text = text.replace('x = 3": None', 'x = 3": 6').replace('x = 2": None', 'x = 2": 10')
    assert verdict(text, 5).mistakes == ["assign"]


@pytest.mark.parametrize("number", SPELLINGS)
def test_every_correct_spelling_passes(number):
    assert len(SPELLINGS[number]) >= 5
    for old, new in SPELLINGS[number]:
        source = unmarked(number).replace(old, new)
        assert source != unmarked(number), f"no place for {new}"
        assert verdict(source, number).passed, new


# -- messages


def test_no_message_quotes_equal_numbers():
    sources = [(mutated(n, m), n) for n, m in APPLIED]
    sources += [(e.start.read_text(encoding="utf-8"), e.number) for e in EXERCISES]
    quoted = [
        re.search(r" is (\S+), should be (.+)\.$", verdict(*s).message, re.MULTILINE)
        for s in sources
    ]
    assert sum(match is not None for match in quoted) > 100
    assert [match[0] for match in quoted if match and match[1] == match[2]] == []
    for near in (6.0002, 6.000061, 5.9999):
        said = judge(7, Outcome(TABLE["right"]["7"] | {SQUARE: near}, complete=True)).message
        assert re.search(r"is (6\.000\d|5\.9999), should be 6\.$", said, re.MULTILINE)


@pytest.mark.parametrize("number", range(1, 11))
def test_a_message_has_got_and_right_the_reason_and_what_to_look_at(number):
    source = next((mutated(n, m) for n, m in APPLIED if n == number), None)
    if source is None:  # 2 and 10 ask for answers
        source = (
            unmarked(number)
            .replace('"a": 6.0', '"a": -3.0')
            .replace("weight_c = 1.0", "weight_c = 1.6")
        )
    lines = verdict(source, number).message.split("\n")
    assert lines[0].startswith("Not right yet: ") and " should be " in lines[0]
    looks = [line for line in lines if re.match("(See it|And your own Values): python -", line)]
    assert lines[-len(looks) :] == looks and len(looks) == (2 if number in (5, 6, 7) else 1)
    assert len(lines) == 2 + len(looks) or number == 10
    assert max(map(len, lines[:2])) <= 200


@pytest.mark.parametrize(
    ("got", "shown"), [(10.5004, "10.5004"), (9.49996, "9.49996"), (10.500001, "10.500001")]
)
def test_a_number_just_outside_a_range_is_not_quoted_as_its_end(got, shown):
    said = judge(1, Outcome(_solved(1) | {'estimates["square at 5"]': got}, complete=True))
    assert f"is {shown}, should be between 9.5 and 10.5." in said.message and not said.passed


def test_a_passing_order_that_recurses_is_told_and_not_failed():
    numbers = TABLE["right"]["6"]
    told = judge(6, Outcome(numbers | {"a chain of 3,000": 0.0}, complete=True))
    assert told.passed and "3,000" in told.message and "engine/graph.py" in told.message
    assert judge(6, Outcome(numbers | {"a chain of 3,000": 1.0}, complete=True)).message == "Right."


def test_what_is_no_number_is_quoted_as_what_it_is():
    for got, shown in (
        ("6", "'6'"),
        ("nan", "nan"),
        ("Value(data=6.0, grad=0.0)", "Value(data=6.0, grad=0.0)"),
    ):
        said = judge(7, Outcome(TABLE["right"]["7"] | {SQUARE: got}, complete=True))
        assert f"x.grad is {shown}, should be 6." in said.message and not said.passed


def test_a_local_derivative_that_is_missing_is_nothing():
    source = unmarked(3).replace("(1.0, 1.0)", "(1.0,)")
    assert "the local derivative for y is nothing, should be 1." in verdict(source, 3).message


NUMBERS = st.one_of(
    st.none(),
    st.text(max_size=9),
    st.sampled_from(["nan", "inf", "Value(data=1)", "saturated", "nothing"]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(0, 10).map(float),
)


@settings(max_examples=60, deadline=None)
@given(number=st.integers(1, 10), data=st.data())
def test_whatever_was_measured_there_is_a_verdict(number, data):
    right = _solved(number)
    columns = data.draw(st.lists(st.sampled_from(sorted(right)), min_size=1, unique=True))
    changed = {column: data.draw(NUMBERS) for column in columns}
    said = judge(number, Outcome(right | changed, complete=True))
    expected = TABLE["right"][str(number)]
    assert said.passed == all(agrees(n, expected[c]) for c, n in changed.items())
    assert said.message and set(said.mistakes) <= {*KEYS, *SENTENCES, "wrong_type"}
    json.loads(said.as_json(), parse_constant=pytest.fail)
    quoted = re.search(r" is (.+), should be (.+)\.$", said.message, re.MULTILINE)
    assert not quoted or quoted[1] != quoted[2]


@cache
def _solved(number):
    names = {"__name__": "exercise"}
    exec(compile(unmarked(number), "exercise.py", "exec"), names)
    return {column: plain(measure(names)) for column, measure in COLUMNS[number].items()}


def test_the_json_has_its_six_keys_and_is_json_whatever_was_measured():
    numbers = TABLE["right"]["10"] | dict.fromkeys((f"{SIZE} {x}" for x in "ABC"), 1.0)
    said = judge(10, Outcome(numbers | {f"{SIZE} D": "nan"}, complete=True))
    shown = json.loads(said.as_json(), parse_constant=pytest.fail)
    assert list(shown) == ["exercise", "passed", "mistakes", "got", "right", "message"]
    assert shown["got"] == "nan" and shown["right"] == [0.01, 100.0]
