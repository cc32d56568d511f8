"""cmd:PROGRAM: what a program leaves behind, says, takes and is given."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmark.methods.adapters import command
from degrade.core.errors import InputError

COPIES = "import shutil, sys, subprocess, time; shutil.copy(*sys.argv[1:3])"


def restored(tmp_path, code, timeout=""):
    """What a program makes of one small image, and the seconds it took."""
    (tmp_path / "program.py").write_text(code)
    start = time.perf_counter()
    method = command.load("cpu", f"{timeout}{sys.executable} {tmp_path / 'program.py'} {{input}} {{output}}", 16)
    (image,) = method.restore([np.full((16, 16, 3), 0.5, np.float32)])
    return image, time.perf_counter() - start


def test_what_a_program_leaves_behind_neither_holds_up_nor_stays(tmp_path):
    mark = tmp_path / "pid"
    child = "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
    image, seconds = restored(tmp_path, f"{COPIES}; {child}; open({str(mark)!r}, 'w').write(str(child.pid))")
    assert image.shape == (16, 16, 3) and seconds < 20
    _wait_for(lambda: _has_ended(int(mark.read_text())), 2)


def test_a_program_and_what_it_starts_end_with_this_process_however_that_is_ended(tmp_path):
    mark = tmp_path / "pid"
    (tmp_path / "program.sh").write_text(f"sleep 600 & echo $! > {mark}.new; mv {mark}.new {mark}; wait")
    code = "import sys; from benchmark.methods.adapters import command; command._run(sys.argv[1:], 600)"
    parent = subprocess.Popen([sys.executable, "-c", code, "sh", str(tmp_path / "program.sh")])
    _wait_for(mark.exists, 60)
    parent.kill()
    parent.wait()
    _wait_for(lambda: _has_ended(int(mark.read_text())), 2)


def _wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def _has_ended(pid):
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().split()[2] in "ZX"


def test_what_a_program_says_takes_no_memory(tmp_path):
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    shout = "[sys.stdout.buffer.write(b'x' * (1 << 20)) for _ in range(300)]; sys.exit('the end')"
    with pytest.raises(InputError, match="exit code 1: the end$"):
        restored(tmp_path, f"{COPIES}; {shout}")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB; it says 300 MB


def test_a_program_has_as_long_as_it_is_given(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "TIMEOUT", 1)
    slow = f"{COPIES}; time.sleep(1.5)"
    with pytest.raises(InputError, match="took more than 1 s for one image; begin the command with timeout=2"):
        restored(tmp_path, slow)  # the output is there, but it may not be all of it
    assert restored(tmp_path, slow, "timeout=20 ")[0].shape == (16, 16, 3)
    for wrong in ("timeout=0 ", "timeout=-1 ", "timeout=1.5 ", "timeout=9999999 ", "timeout= "):
        with pytest.raises(InputError, match="expected timeout=SECONDS"):
            restored(tmp_path, slow, wrong)


def test_the_reason_holds_neither_places_of_this_machine_nor_what_a_terminal_obeys(tmp_path):
    with pytest.raises(InputError) as caught:
        restored(tmp_path, "import sys; sys.exit(f'\\x1b[2Jno {sys.argv[1]}')")
    assert str(caught.value).endswith("exit code 1: ?[2Jno {input}")
    with pytest.raises(InputError) as caught:
        restored(tmp_path, "import sys; open(sys.argv[2], 'w').write('x')")
    assert str(caught.value).startswith("{output}: ")


def test_a_command_may_be_long_and_hold_any_letter(tmp_path):
    words = f"{sys.executable} -c '{COPIES}' {{input}} {{output}} {'x' * 5000} '\0'"
    assert len(command.digest(words.replace("\0", ""))) == 64
    with pytest.raises(InputError, match="at most 16384 letters"):
        command.load("cpu", f"{words} {'y' * 3_000_000}", 16)


def test_a_program_that_cannot_be_started_is_a_sentence(tmp_path):
    path = tmp_path / "no_program"
    path.write_text("neither a program nor a script")
    path.chmod(0o755)
    with pytest.raises(InputError, match="cannot be started"):
        command.load("cpu", f"{path} {{input}} {{output}}", 16).restore([np.zeros((16, 16, 3), np.float32)])
