"""What tests of metrics and methods share."""

import pytest

from benchmark.assets import trust, weights


@pytest.fixture
def any_weights(monkeypatch):
    """Files with seeded random weights may lie under published names."""
    monkeypatch.setattr(weights, "check_published", lambda *_arguments: "random weights")


@pytest.fixture
def trusting(monkeypatch):
    """TorchScript is run, as with --trust."""
    monkeypatch.setenv(trust.VARIABLE, "1")
