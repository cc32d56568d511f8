"""Contact sheets of methods: the columns are what the methods really give."""

from dataclasses import replace

import numpy as np

from benchmark.reports.figures.method_sheet import method_sheet
from benchmark.reports.figures.sheets import SheetSize
from benchmark.runs.request import RunRequest
from benchmark.runs.settings import Settings
from benchmark.runs.splits import domain_split
from benchmark.specs.protocols import Profile, load_protocol
from degrade.core.image import read

TINY = Profile("quick", 64, 2, 1, 2, 4, 1, 2, "none", (0,))


def test_a_sheet_shows_degraded_restored_and_reference_of_the_first_faces(tmp_path):
    settings = Settings(TINY, work=tmp_path / "work", results=tmp_path / "results", device="cpu")
    request = RunRequest(settings, replace(load_protocol("S2S"), metrics=()), "bicubic_x4", ("denoise",))
    path = method_sheet(request, ("bicubic_x4",), SheetSize(faces=1))
    assert path == tmp_path / "results" / "quick" / "figures" / "denoise.png"
    split = domain_split(settings, "synthetic", "denoise", "test").split
    sheet, first = read(path), split.names[0]
    bottom = sheet[-6 - 64 : -6]  # the images stand 6 px above the lower edge and 6 px apart
    np.testing.assert_array_equal(bottom[:, 6:70], split.degraded(first))
    np.testing.assert_array_equal(bottom[:, 146:210], split.reference(first))
    assert not np.array_equal(bottom[:, 76:140], split.degraded(first))
    other = tmp_path / "elsewhere.png"
    assert method_sheet(request, ("bicubic_x4",), SheetSize(faces=1, columns=2), other) == other
    assert read(other).shape[1] == 2 * 70 + 6, "two beside each other, and the third below"
