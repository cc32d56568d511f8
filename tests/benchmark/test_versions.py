"""A changed output without a raised version is found: scores of two codes would be mixed when a run is resumed."""

import numpy as np
import pytest

from tests.reference.outputs import NotHere, output, stored, versions

SLOW = {("method", "bm3d"), ("routine", "tiles"), ("routine", "photo"), ("metric", "mmd.dlib")}
CLOSE = {"method": (1e-3, 0), "routine": (1e-3, 0), "metric": (1e-5, 2e-3)}  # absolute, relative


@pytest.mark.parametrize(
    "kind, name", [pytest.param(*one, marks=pytest.mark.slow) if one in SLOW else one for one in versions()]
)
def test_every_output_is_that_of_its_version(kind, name):
    known, version = stored().get(f"{kind} {name}"), versions()[kind, name]
    try:
        values = output(kind, name)
    except NotHere as reason:
        pytest.skip(str(reason))
    assert known is not None, f"store it: python -m tests.reference.outputs {name}"
    assert known["version"] == version, f"store the new version's outputs: python -m tests.reference.outputs {name}"
    absolute, relative = CLOSE[kind]
    told = f"{name} gives other numbers than its version {version} did: raise its version, then store them"
    np.testing.assert_allclose(values, known["values"], rtol=relative, atol=absolute, err_msg=told)


def test_the_numbers_can_tell_outputs_apart():
    for key, known in stored().items():
        if not key.startswith("metric"):
            values = np.array(known["values"])
            assert values.std() > 0.01 and ((values > 0) & (values < 1)).mean() > 0.4, key


def test_nothing_is_stored_that_has_no_row():
    assert set(stored()) <= {f"{kind} {name}" for kind, name in versions()}
