"""What the tests of `benchmark evaluate` and of what reads its folder share."""

from pathlib import Path

import pytest

from degrade import make_split


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, an empty one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A split of four portraits at 64 px, as `degrade` makes it."""
    return make_split(tmp_path_factory.mktemp("split") / "blurred", None, "deblur", size=64, limit=4).path
