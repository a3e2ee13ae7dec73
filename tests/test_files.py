"""The writer of files: whole or not at all, whatever interrupts, kills or fills up, and as the old file was."""

import gc
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import engine
import nn
from engine import Value, files, write_file

POSIX = pytest.mark.skipif(os.name == "nt", reason="permissions, links and signals of POSIX")
OLD, NEW = b"what was there before\n", b"x" * 5000


def listed(folder):
    return sorted(entry.name for entry in folder.iterdir())


def permissions(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_text_and_bytes_to_the_letter(tmp_path):
    assert write_file(tmp_path / "a.txt", "Σ ∂\r\n梯") == tmp_path / "a.txt"
    assert (tmp_path / "a.txt").read_bytes() == "Σ ∂\r\n梯".encode()
    assert write_file(str(tmp_path / "b"), b"\0\xff") == tmp_path / "b"
    assert (tmp_path / "b").read_bytes() == b"\0\xff"
    write_file(tmp_path / "b", b"")
    assert (tmp_path / "b").read_bytes() == b"" and listed(tmp_path) == ["a.txt", "b"]


def test_a_path_in_the_folder_that_is_current(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert write_file("a.txt", "a") == Path("a.txt") and listed(tmp_path) == ["a.txt"]


@POSIX
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002, 0o000])
def test_a_new_file_has_what_the_umask_leaves(tmp_path, umask):
    path, before = tmp_path / "new", os.umask(umask)
    try:
        write_file(path, b"")
    finally:
        os.umask(before)
    assert permissions(path) == 0o666 & ~umask


@POSIX
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o755, 0o400])
def test_an_old_file_keeps_its_permissions(tmp_path, mode):
    path = tmp_path / "old"
    path.write_bytes(OLD)
    path.chmod(mode)
    write_file(path, NEW)
    assert permissions(path) == mode and path.read_bytes() == NEW


@POSIX
def test_links_stay_links(tmp_path):
    (tmp_path / "folder").mkdir()
    target, link, second = tmp_path / "folder" / "target", tmp_path / "link", tmp_path / "second"
    link.symlink_to(Path("folder") / "target")
    second.symlink_to(link)
    for content in (OLD, NEW):  # first to a target that is not there yet
        assert write_file(second, content) == second
        assert target.read_bytes() == content and not target.is_symlink()
        assert link.is_symlink() and second.is_symlink()
    assert listed(tmp_path / "folder") == ["target"]


@POSIX
def test_what_is_no_file_is_written_to(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_file(pipe, NEW)
    reader.join(timeout=300)
    assert read == [NEW] and stat.S_ISFIFO(pipe.stat().st_mode) and listed(tmp_path) == ["pipe"]
    write_file("/dev/null", NEW)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@POSIX
@pytest.mark.parametrize("stdout", ["pipe", "file"])
def test_the_standard_output_is_a_file_too(python, tmp_path, stdout):
    program = "import engine; engine.write_file('/dev/stdout', 'written')"
    if stdout == "file":
        with open(tmp_path / "out", "w") as out:
            subprocess.run([python, "-c", program], stdout=out, check=True, timeout=300)
        shown = (tmp_path / "out").read_text()
    else:
        shown = subprocess.run(
            [python, "-c", program], capture_output=True, check=True, text=True, timeout=300
        ).stdout
    assert shown == "written"


@pytest.mark.drawing
@pytest.mark.parametrize(
    "save",
    [
        lambda path: nn.MLP(1, [1]).save(f"{path}.json"),
        lambda path: engine.draw(Value(1.0) * 2).save(f"{path}.svg"),
        lambda path: engine.stepper(Value(1.0) * 2).save(f"{path}.html"),
        lambda path: write_file(path, "x"),
    ],
)
def test_errors_name_the_path_that_was_given(tmp_path, save):
    with pytest.raises(FileNotFoundError) as caught:
        save(tmp_path / "gone" / "w")
    assert str(caught.value.filename).startswith(str(tmp_path / "gone" / "w"))
    assert f"there is no folder {tmp_path / 'gone'}: make it first" in str(caught.value)
    (tmp_path / "file").write_bytes(OLD)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        save(tmp_path / "file" / "w")
    assert listed(tmp_path) == ["file"] and ".part" not in str(caught.value)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(OSError) as caught:  # IsADirectoryError, on Windows PermissionError
        write_file(tmp_path, "x")
    assert caught.value.filename == str(tmp_path)


def test_what_cannot_be_written_changes_nothing(tmp_path):
    path = tmp_path / "old"
    path.write_bytes(OLD)
    with pytest.raises(UnicodeEncodeError):
        write_file(path, "\ud800")
    assert path.read_bytes() == OLD and listed(tmp_path) == ["old"]


@pytest.mark.parametrize("step", ["close", "chmod", "replace"])
def test_a_failure_at_any_step_leaves_the_old_file(tmp_path, monkeypatch, step):
    path = tmp_path / "old"
    path.write_bytes(OLD)

    def fail(*operands):
        raise OSError(28, "No space left on device", "something.part")

    monkeypatch.setattr(files.os, step, fail)
    with pytest.raises(OSError) as caught:
        write_file(path, NEW)
    assert str(caught.value) == f"[Errno 28] No space left on device: {str(path)!r}"
    assert path.read_bytes() == OLD and listed(tmp_path) == ["old"]


@POSIX
@pytest.mark.drawing
def test_a_full_disk_leaves_the_old_file(python, tmp_path):
    """The size of files is limited for the process, which fails as a full disk does: in the middle of a write."""
    path = tmp_path / "picture.svg"
    path.write_bytes(OLD)
    program = (
        "import resource, signal, sys, engine\n"
        "picture = engine.draw(engine.Value(2.0, label='x') * 3.0)\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    picture.save(sys.argv[1])\n"
        "except OSError as error:\n    print(error.filename)\n"
    )
    done = subprocess.run(
        [python, "-c", program, str(path)], capture_output=True, text=True, timeout=300, check=True
    )
    assert done.stdout == f"{path}\n" and path.read_bytes() == OLD
    assert listed(tmp_path) == ["picture.svg"]


# -- interrupts


def interrupted_at(moment, call):
    """Call, with Ctrl-C before one instruction of what runs in Python until it is done.

    In a thread of its own: an exception that a trace raises within `with` or `finally` can stay for
    good among those that Python 3.11 believes to be handled in this thread.
    """
    count, raised = 0, []

    def trace(frame, event, argument):
        nonlocal count
        frame.f_trace_opcodes = True
        if event == "opcode":
            count += 1
            if count == moment:
                raise KeyboardInterrupt
        return trace

    def traced():
        sys.settrace(trace)
        try:
            call()
        except BaseException as error:
            raised.append(error)
        finally:
            sys.settrace(None)

    gc.disable()  # whose callbacks, such as Hypothesis's, are no part of the call
    thread = threading.Thread(target=traced)
    thread.start()
    thread.join()
    gc.enable()
    if raised:
        raise raised[0]


@pytest.mark.parametrize("existing", [True, False])
def test_ctrl_c_before_any_instruction(tmp_path, existing):
    """Every instant there is: whole or not at all, no part stays, and it is never another exception."""
    path, moment, done = tmp_path / "file", 0, False
    write_file(path, OLD)  # from here on a regular expression is compiled
    whole = set()
    while not done:
        moment += 1
        path.unlink(missing_ok=True)
        if existing:
            path.write_bytes(OLD)
        try:
            interrupted_at(moment, lambda: write_file(path, NEW))
            done = True
        except KeyboardInterrupt:
            pass
        kept = path.read_bytes() if path.exists() else None
        assert kept in (NEW, OLD if existing else None), moment
        assert listed(tmp_path) in (["file"], [] if kept is None else ["file"]), moment
        whole.add(kept)
    assert moment > 300 and len(whole) == 2


@POSIX
def test_ctrl_c_at_300_random_instants(python, tmp_path):
    """The same with signals, in weights and checkpoints: never another exception, always a file that can be read."""
    program = """
import random, signal, sys, engine, nn
chance, weights, checkpoint = random.Random(0), sys.argv[1] + "w.json", sys.argv[1] + "c.json"
net = nn.MLP(2, [4, 1], seed=0)
signal.signal(signal.SIGALRM, signal.default_int_handler)
def fit(epochs):
    history = nn.fit(net, [[1.0, 2.0]], [1], loss=nn.max_margin, optimizer=nn.Adam(net.parameters()),
                     epochs=epochs, checkpoint=checkpoint, progress=False)
    if history.stopped:  # under way, fit returns
        raise KeyboardInterrupt
fit(1)
net.save(weights)
interrupts = 0
while interrupts < 300:
    try:
        signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-6, 2e-3))
        if interrupts % 2:
            fit(1_000_000)
        while True:
            net.save(weights)
    except KeyboardInterrupt:
        interrupts += 1
    net.load(weights)
engine.read_json(checkpoint)
print(interrupts)
"""
    done = subprocess.run(
        [python, "-c", program, f"{tmp_path}/"], capture_output=True, text=True, timeout=300
    )
    assert (done.stdout, done.stderr) == ("300\n", "")
    assert listed(tmp_path) == ["c.json", "w.json"]


@POSIX
def test_kill_9_leaves_a_whole_file_and_the_next_write_removes_the_part(python, tmp_path):
    path, parts = tmp_path / "w.json", 0
    program = """
import json, sys, engine
text = json.dumps([0.5] * 20_000)
engine.write_file(sys.argv[1], text)
print("ready", flush=True)
while True:
    engine.write_file(sys.argv[1], text)
"""
    for attempt in range(30):
        with subprocess.Popen([python, "-c", program, str(path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(0.0007 * attempt)
            writer.send_signal(signal.SIGKILL)
        parts += len(listed(tmp_path)) - 1
        assert json.loads(path.read_text()) == [0.5] * 20_000
    assert parts  # else nothing was tried
    write_file(path, "[]")
    assert listed(tmp_path) == ["w.json"] and path.read_text() == "[]"


@POSIX
def test_a_part_that_somebody_writes_to_is_left_alone(tmp_path):
    path = tmp_path / "w.json"
    with open(tmp_path / f"w.json.{'0' * 16}.part", "xb") as living:
        files._own(living)
        write_file(path, "[1]")
        assert len(listed(tmp_path)) == 2
    (tmp_path / "w.json.mine.part").write_bytes(OLD)  # not one of ours
    write_file(path, "[2]")
    assert listed(tmp_path) == ["w.json", "w.json.mine.part"]


@POSIX
def test_a_new_part_that_is_taken_for_an_abandoned_one_is_written_again(tmp_path, monkeypatch):
    own, calls = files._own, []

    def slow(file):
        calls.append(file.name)
        if len(calls) < 3:  # another process comes between open and lock
            files._remove_abandoned(str(tmp_path), "w.json")
        return own(file)

    monkeypatch.setattr(files, "_own", slow)
    write_file(tmp_path / "w.json", NEW)
    assert len(set(calls)) == 3 and listed(tmp_path) == ["w.json"]


@POSIX
def test_many_that_save_to_one_path_all_end_well(python, tmp_path):
    path = tmp_path / "w.json"
    program = (
        "import sys, engine\n"
        "for i in range(150): engine.write_file(sys.argv[1], sys.argv[2] * 20_000)\n"
    )
    writers = [
        subprocess.Popen([python, "-c", program, str(path), letter], stderr=subprocess.PIPE)
        for letter in "abcd"
    ]
    while any(writer.poll() is None for writer in writers):
        if path.exists():
            kept = path.read_text()
            assert len(kept) == 20_000 and len(set(kept)) == 1
    assert [writer.communicate()[1] for writer in writers] == [b""] * 4
    assert [writer.returncode for writer in writers] == [0] * 4 and listed(tmp_path) == ["w.json"]


def test_threads_that_save_to_one_path_all_end_well(tmp_path):
    failed = []

    def save(letter):
        try:
            for _ in range(50):
                write_file(tmp_path / "w.json", letter * 20_000)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=save, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=300)
    if os.name != "nt":  # where one of two that replace a file at once is refused
        assert not failed
    assert listed(tmp_path) == ["w.json"] and len(set((tmp_path / "w.json").read_text())) == 1
