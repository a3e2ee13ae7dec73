"""pdb itself, driven as a person drives it, through a terminal."""

import bdb
import gc
import re
import sys

import pytest
from loop import BACKWARD, ROOT, SUM

from engine import Value
from engine.debugger import SKIPPED_MODULES, sum_location
from engine.operations import FAMILIES, OPERATIONS

pexpect = pytest.importorskip("pexpect", reason="a terminal is played by pexpect")
if sys.platform == "win32":
    pytest.skip("pexpect plays terminals on POSIX only", allow_module_level=True)

PROGRAM = """\
from engine import Value
a, b = Value(2.0, label="a"), Value(-3.0, label="b")
root = {root}
{stop}
root.backward()
print("finished", a.grad)
"""
SKIPPING = f"import pdb; pdb.Pdb(skip={SKIPPED_MODULES}).set_trace()"
OURS = "from engine.debugger import GradPdb; GradPdb().set_trace()"


class Person:
    """Types at a prompt and reads what comes."""

    def __init__(
        self, tmp_path, root="a * b + a", stop=SKIPPING, command=None, env=None, prompt=r"\(Pdb\) "
    ):
        file = tmp_path / "program.py"
        file.write_text(PROGRAM.format(root=root, stop=stop), encoding="utf-8")
        settings = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "TERM": "dumb",
            "HOME": str(tmp_path),
            "PYTHONIOENCODING": "utf-8",
            **(env or {}),
        }
        self.prompt = prompt
        self.child = pexpect.spawn(
            sys.executable,
            command or [str(file)],
            env=settings,
            cwd=str(tmp_path),
            timeout=300,
            encoding="utf-8",
            echo=False,
            dimensions=(50, 300),
        )
        self.child.expect(prompt)

    def type(self, line):
        self.child.sendline(line)
        self.child.expect(self.prompt)
        return self.child.before

    def leave(self):
        self.child.close(force=True)


@pytest.fixture
def person(tmp_path):
    people = []

    def hire(**options):
        people.append(Person(tmp_path, **options))
        return people[-1]

    yield hire
    for one in people:
        one.leave()


@pytest.mark.parametrize("root", ["a * b + a", "a * b", "a.tanh()", "1 / b"])
def test_stepping_reaches_the_first_sum_in_fifteen_stops(person, root):
    pdb, stops = person(root=root), 0
    while "-> parent.grad += contribution" not in pdb.type("s"):
        stops += 1
        assert stops < 15
    assert pdb.type("p node.grad, contribution, parent.grad").startswith("(1.0, ")


def test_the_page_names_the_line_of_the_sum_and_the_modules_to_skip():
    page = (ROOT / "docs" / "debugger.md").read_text(encoding="utf-8")
    assert f"engine/backward.py:{SUM}" in page and sum_location() == (str(BACKWARD), SUM)
    assert f"pdb.Pdb(skip={SKIPPED_MODULES})".replace("'", '"') in page


class Stepper(bdb.Bdb):
    """What pdb is made of, with `s` pressed at every stop up to the line of the sum."""

    def __init__(self):
        super().__init__(skip=SKIPPED_MODULES)
        self.stops, self.arrived = 0, False

    def user_line(self, frame):
        self.stops += 1
        if (frame.f_code.co_filename, frame.f_lineno) == (str(BACKWARD), SUM):
            self.arrived = True
            self.set_quit()

    def user_call(self, frame, arguments):
        self.stops += 1

    def user_return(self, frame, value):
        self.stops += 1


FAMILY = [
    FAMILIES["power_of"](2.0),
    FAMILIES["power_of"](0.1),
    FAMILIES["leaky_relu_of"](0.1),
    FAMILIES["elu_of"](1.0),
    FAMILIES["clamp_of"](0.0, 1.0),
]


@pytest.mark.parametrize("operation", [*OPERATIONS.values(), *FAMILY], ids=repr)
def test_whatever_the_root_is_the_first_sum_is_fifteen_stops_away(operation):
    count = operation.arity or 3
    root = operation(
        *[Value(x) for x in ([1.5] if operation.name == "acosh" else [0.5, 0.6, 0.7])[:count]]
    )
    stepper = Stepper()
    gc.collect()  # what a collection in between would call is no stop on the way
    stepper.runcall(lambda: root.backward())
    assert stepper.arrived and stepper.stops <= 15 + 1  # the lambda's own line


class Calls(bdb.Bdb):
    """Notes the functions that `s` goes into, for which a breakpoint by name can be set."""

    def __init__(self):
        super().__init__(skip=SKIPPED_MODULES)
        self.called = []

    def user_call(self, frame, arguments):
        self.called.append((frame.f_code.co_name, frame.f_code.co_filename))


@pytest.mark.parametrize("operation", [*OPERATIONS.values(), *FAMILY], ids=repr)
def test_a_function_breakpoint_on_an_operation_stops_in_its_rule(operation):
    """The skipped files hold no rule: each is a function in operations.py with the operation's name."""
    count = operation.arity or 3
    root = operation(
        *[Value(x) for x in ([1.5] if operation.name == "acosh" else [0.5, 0.6, 0.7])[:count]]
    )
    calls = Calls()
    calls.runcall(root.backward)
    assert (operation.name, str(ROOT / "engine" / "operations.py")) in calls.called


@pytest.mark.parametrize("root", ["a + b", "a - b", "-a", "a * b", "a.tanh()"])
def test_the_rule_of_a_node_can_be_broken_on_by_the_node(person, root):
    pdb = person(root=root)
    name = pdb.type("p root.operation.name").strip().strip("'")
    pdb.type("b root.operation.rule")
    assert f"operations.py({rule_line(name)}){name}()" in pdb.type("c")
    assert "engine/backward.py" in pdb.type("w")


def rule_line(name):
    return OPERATIONS[name].rule.__code__.co_firstlineno


def test_one_breakpoint_shows_everything_as_plain_locals(person):
    pdb = person()
    pdb.type(f"b {BACKWARD}:{SUM}")
    seen = []
    for _ in range(4):
        pdb.type("c")
        seen.append(pdb.type("p parent.label, local, contribution, parent.grad").strip())
    assert seen == [
        "('', 1.0, 1.0, 0.0)",
        "('a', 1.0, 1.0, 0.0)",
        "('a', -3.0, -3.0, 1.0)",
        "('b', 2.0, 2.0, 0.0)",
    ]
    assert pdb.type("p node").strip() == "*(data=-6, grad=1)"


def test_stepping_into_the_closure_lands_on_the_rule(person):
    pdb = person(root="a * b")
    for _ in range(12):
        if re.search(r"operations\.py\(\d+\)multiply", pdb.type("s")):
            break
    else:
        pytest.fail("never came to the rule")
    assert pdb.type("p x, y").strip() == "(2.0, -3.0)"
    assert "multiply" in pdb.type("l")


def test_edge_and_why(person):
    pdb = person(stop=OURS)
    assert "no edge here" in pdb.type("edge")
    assert "why root, x elsewhere" in pdb.type("why a")
    pdb.type(f"b {BACKWARD}:{SUM}")
    for _ in range(3):
        pdb.type("c")
    said = pdb.type("edge")
    assert (
        "a.grad += (a·b).grad × ∂(a·b)/∂a = 1 × -3 = -3" in said
        and "a.grad is 1" in said
        and "^^^^^" in said
    )
    assert "+1  from a·b + a" in pdb.type("why a")
    assert "NameError" in pdb.type("why zzz")


def said(text):
    """The lines of an answer, without the places in source."""
    return [re.sub(r" +program\.py:\d+", "", line) for line in text.strip().splitlines()]


def test_why_in_the_loop_tells_how_far_the_node_that_is_sending_has_come(person):
    pdb = person(stop=OURS)  # a·b + a sends to a·b and to a, then a·b to a and to b
    pdb.type(f"b {BACKWARD}:{SUM}")
    for _ in range(3):
        pdb.type("c")
    before = ["a.grad = 1", "   +1  from a·b + a    ∂(a·b + a)/∂a = 1"]
    sending = "   a·b is sending now: {} of its 2 contributions are added"
    assert said(pdb.type("why a")) == [*before, sending.format(0)]
    assert said(pdb.type("why b")) == ["b.grad = 0", sending.format(0)]
    after = [
        "a.grad = -2",
        "   +1  from a·b + a    ∂(a·b + a)/∂a = 1",
        "   -3  from a·b        ∂(a·b)/∂a = -3",
        sending.format(1),
    ]
    pdb.type("n")  # the sum is made, the loop stands at the next parent
    assert said(pdb.type("why a")) == after
    pdb.type("n")
    pdb.type("n")  # on the sum, for b
    assert said(pdb.type("why a")) == after
    assert said(pdb.type("why root, parent")) == ["b.grad = 0", sending.format(1)]
    pdb.type("n")
    assert said(pdb.type("why b")) == [
        "b.grad = 2",
        "   +2  from a·b    ∂(a·b)/∂b = 2",
        sending.format(2),
    ]


def test_why_where_a_parent_is_used_twice_by_the_node(person):
    pdb = person(root="a * a", stop=OURS)
    pdb.type(f"b {BACKWARD}:{SUM}")
    term = "   +2  from a·a    ∂(a·a)/∂a = 2"
    sending = "   a·a is sending now: {} of its 2 contributions are added"
    pdb.type("c")
    assert said(pdb.type("why a")) == ["a.grad = 0", sending.format(0)]
    pdb.type("c")
    assert said(pdb.type("why a")) == ["a.grad = 2", term, sending.format(1)]
    pdb.type("n")
    assert said(pdb.type("why a")) == ["a.grad = 4", term, term, sending.format(2)]


def test_edge_before_the_first_parent_of_a_node(person):
    pdb = person(root="a.tanh()", stop=OURS)
    for _ in range(15):
        if "local_derivatives(node)" in pdb.type("s"):
            break
    answer = pdb.type("edge")
    assert answer.startswith("tanh(a)") and "computed now" in answer and ".grad +=" not in answer


def test_breakpoint_opens_grad_pdb(person):
    pdb = person(stop="breakpoint()", env={"PYTHONBREAKPOINT": "engine.debugger.set_trace"})
    assert "edge" in pdb.type("help edge") and "contribution" in pdb.type("help edge")


def test_pytest_opens_grad_pdb_at_a_failure(tmp_path, person):
    (tmp_path / "test_it.py").write_text(
        "from engine import Value\n\n\ndef test_it():\n    x = Value(3.0, label='x')\n    y = x * x\n    y.backward()\n"
        "    assert x.grad == 3.0\n",
        encoding="utf-8",
    )
    pdb = person(
        command=[
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--pdb",
            "--pdbcls=engine.debugger:GradPdb",
            "test_it.py",
        ]
    )
    assert "+3  from y = x·x" in pdb.type("why y, x") or "+3  from x·x" in pdb.type("why y, x")


def test_the_example_of_a_pdbrc(person, tmp_path):
    text = (ROOT / ".pdbrc.example").read_text(encoding="utf-8")
    (tmp_path / ".pdbrc").write_text(text, encoding="utf-8")
    pdb = person()
    assert f"breakpoint at {BACKWARD}:{SUM}" in pdb.type("bsum")
    pdb.type("c")
    assert "+(data=-4, grad=1)" in pdb.type("p node")
    assert "*(data=-6, grad=0) += 1 × 1 = 1" in pdb.type("edge")
