"""A program without standard streams: its workers start, what C libraries print goes nowhere, and it ends well."""

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

PROGRAM = """
import sys
from degrade import read_image
from degrade.core.parallel import spread
from tqdm import tqdm

print("nobody sees this")
assert sorted(spread(divmod, [(7, 2), (9, 2)], 2, "dividing")) == [(3, 1), (4, 1)]
assert read_image(sys.argv[1]).shape == (8, 8, 3)
assert list(tqdm(range(2))) == [0, 1]
"""


@pytest.mark.skipif(os.name != "posix", reason="closes streams as a shell does")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_program_without_its_streams_ends_well(tmp_path, closed):
    image = tmp_path / "deep.png"  # while it is read standard error is turned away
    cv2.imwrite(str(image), np.zeros((8, 8, 3), np.uint16))
    command = ["sh", "-c", f'"$@" {closed}', "sh", sys.executable, "-c", PROGRAM, str(image)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
