"""Locks between real processes: the second waits and says so, and a dead one holds nothing."""

import signal
import subprocess
import sys
import time

import pytest

from degrade.core.storage.files import locked

IMPORTS = "import sys, time; from degrade.core.storage.files import locked"
TAKE = f"{IMPORTS}\nwith locked(sys.argv[1]): print('taken', flush=True)"
HOLD = f"{TAKE}; time.sleep(60)"


def started(code, place):
    return subprocess.Popen(
        [sys.executable, "-c", code, str(place)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_a_second_process_waits_until_the_first_is_killed_and_then_takes_the_lock(tmp_path, kind):
    place = tmp_path / "place"
    place.mkdir() if kind == "folder" else place.touch()
    first = started(HOLD, place)
    assert first.stdout.readline() == "taken\n"
    second = started(TAKE, place)
    assert "place: another process is writing to it; waiting" in second.stderr.readline()
    time.sleep(0.1)
    assert second.poll() is None
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert second.communicate(timeout=30)[0] == "taken\n" and second.returncode == 0


def test_a_lock_is_free_again_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path):
        raise ZeroDivisionError
    with locked(tmp_path):
        pass
