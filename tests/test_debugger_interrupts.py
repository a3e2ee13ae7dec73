"""Ctrl-C by what the program is doing: a flag, an exception, or nothing."""

import io
import os
import signal
import threading

import pytest

from engine import Value
from engine.debugger import Debugger, Session
from engine.debugger.interrupts import HINT, Interrupts


@pytest.fixture(autouse=True)
def _heard():
    """A suite that runs in the background ignores Ctrl-C: here it is heard."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press():
    signal.raise_signal(signal.SIGINT)


def test_in_a_run_it_is_a_flag_however_often_it_is_pressed():
    with Interrupts("run") as interrupts:
        press()
        press()
        assert interrupts.taken() and not interrupts.taken()


def test_in_a_script_it_is_a_flag_first_and_then_an_exception(monkeypatch):
    written = []
    monkeypatch.setattr(os, "write", lambda file, text: written.append((file, text)))
    with Interrupts("script") as interrupts:
        press()
        assert written == [(2, HINT)]
        with pytest.raises(KeyboardInterrupt):
            press()
        assert interrupts.taken()
        press()  # the flag was read: it is the first again
        assert interrupts.taken()


@pytest.mark.parametrize("mode", ["command", "prompt"])
def test_at_a_prompt_and_in_a_command_it_is_an_exception_once(mode):
    with Interrupts() as interrupts:
        interrupts.switch(mode)
        with pytest.raises(KeyboardInterrupt):
            press()
        press()  # until the prompt is there again
        interrupts.switch("prompt")
        assert not interrupts.taken()
        with pytest.raises(KeyboardInterrupt):
            press()


def test_a_prompt_of_another_thread_is_left_alone():
    with Interrupts() as interrupts:
        other = threading.Thread(target=interrupts.switch, args=("prompt",))
        other.start()
        other.join()
        press()
        assert interrupts.mode == "prompt" and not interrupts.taken()


def test_once_there_is_an_error_every_signal_raises_it():
    with Interrupts("run") as interrupts:
        interrupts.error = ZeroDivisionError
        with pytest.raises(ZeroDivisionError):
            press()


def test_the_handler_of_before_comes_back_and_a_mode_ends_with_its_block():
    before = signal.getsignal(signal.SIGINT)
    with Interrupts("script") as interrupts:
        assert signal.getsignal(signal.SIGINT) == interrupts._interrupt
        with interrupts.during("run"):
            assert interrupts.mode == "run"
        assert interrupts.mode == "script"
    assert signal.getsignal(signal.SIGINT) is before


def test_what_ignores_it_goes_on_ignoring_it():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            press()
            assert not interrupts.taken()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_outside_the_main_thread_it_does_nothing():
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def work():
        with Interrupts() as interrupts:
            seen.append((signal.getsignal(signal.SIGINT) is before, interrupts.taken()))

    other = threading.Thread(target=work)
    other.start()
    other.join()
    assert seen == [(True, False)]


def test_a_command_that_is_interrupted_leads_to_the_prompt(monkeypatch):
    x = Value(2.0, label="x")
    debugger = Debugger(Session(x * x), stdin=io.StringIO("plot\np x\nq\n"), stdout=io.StringIO())
    monkeypatch.setattr(debugger, "picture", press)
    with debugger.interrupts:
        debugger.interact()
    said = debugger.stdout.getvalue()
    assert said.count("(grad) ") == 3 and "x(data=2, grad=0)" in said


def test_a_run_that_is_interrupted_has_taken_whole_steps(monkeypatch):
    x = Value(2.0, label="x")
    session = Session(x * x * x)
    debugger = Debugger(session, stdin=io.StringIO("c\np x.grad\nq\n"), stdout=io.StringIO())
    move = session._move

    def moved(direction):
        if session.position == 2:
            press()
            press()
        move(direction)

    monkeypatch.setattr(session, "_move", moved)
    with debugger.interrupts:
        debugger.interact()
    said = debugger.stdout.getvalue()
    assert "stopped at Ctrl-C" in said and session.position == 3
    assert f"\n{session.trail[2].after:.10g}\n" in said.replace("(grad) ", "\n")
