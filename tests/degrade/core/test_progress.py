"""A bar where someone watches, whole lines in a log."""

import io

import pytest

from degrade.core import progress
from degrade.core.progress import progress_bar


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = _Terminal()
    monkeypatch.setattr("sys.stderr", shown)
    assert list(progress_bar(range(3), "pages", unit="page")) == [0, 1, 2]
    assert "\r" in shown.getvalue() and "3/3" in shown.getvalue()


def test_a_log_gets_whole_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress, "EVERY", 0)
    with progress_bar(total=5, title="training", unit="image") as bar:
        for loss in (0.5, 0.25):
            bar.set_postfix({"l1": loss}, refresh=False)
            bar.update(2)
    first, second, third = capsys.readouterr().err.splitlines()
    assert first.startswith("training: 0 of 5 (0 %), 00:00 passed, ? left")
    assert second.startswith("training: 2 of 5 (40 %), ") and second.endswith("image/s, l1=0.5")
    assert third.startswith("training: 4 of 5 (80 %), ") and third.endswith("image/s, l1=0.25")


def test_a_log_hears_nothing_of_short_work(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress_bar(range(3), "pages", unit="page")) == [0, 1, 2]
    assert capsys.readouterr().err == ""
