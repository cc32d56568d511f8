"""Real faces without references: what needs none is scored, sets against clean faces, all else refused at once."""

import json

import numpy as np
import pytest

from benchmark.metrics import registry as metrics
from benchmark.runs.request import RunRequest
from benchmark.runs.run import run
from benchmark.runs.settings import DataFolders, Settings
from benchmark.runs.splits import domain_split
from benchmark.specs.protocols import Profile, load_protocol
from degrade.core.errors import InputError
from degrade.core.image import write
from degrade.importing.import_pairs import ImagePair, ImportPlan, import_pairs
from degrade.portraits.paint import paint

PAPER = Profile("paper", 64, 2, 1, 0, 4, 1, 2, "none", (0,))


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """Three real faces without references, and four clean ones of other people."""
    root = tmp_path_factory.mktemp("real")
    for place in range(3):
        write(root / "photos" / f"photo{place}.png", np.clip(paint(place, 64) * 0.8, 0, 1).astype(np.float32))
    pairs = [ImagePair(path.stem, path) for path in sorted((root / "photos").glob("*.png"))]
    import_pairs(root / "real" / "test", pairs, ImportPlan("photos"))
    for place in range(4):
        write(root / "clean" / f"clean{place}.png", paint(100 + place, 64))
    (root / "clean" / "test.txt").write_text("\n".join(f"clean{place}" for place in range(4)))
    faces = DataFolders(ffhq=root / "clean", facerenov=root / "real")
    return Settings(PAPER, faces, root / "work", root / "results", "cpu")


def request(settings, protocol, *ids):
    return RunRequest(settings, load_protocol(protocol), "identity", ("sr4",), metrics=ids)


def test_a_metric_with_a_reference_is_refused_in_one_sentence_before_anything_is_made(settings):
    with pytest.raises(
        InputError, match=r"has no references, so psnr\.rgb, fed\.dlib cannot be computed; name metrics"
    ):
        run(request(settings, "S2R", "niqe.y", "psnr.rgb", "fed.dlib"))
    with pytest.raises(InputError, match=r"has no references, so ffd\.dlib cannot be computed"):
        run(request(settings, "R2R", "ffd.dlib"))  # nothing says which clean faces to compare with
    assert not settings.work.exists() and not settings.results.exists()


def test_metrics_without_reference_and_sets_against_clean_faces_are_scored(settings):
    summary = run(request(settings, "S2R", "niqe.y", "ffd.dlib"))
    of_set = next(score for score in summary.scores if score.metric == "ffd.dlib")
    scored = {score.image for score in summary.scores if score.metric == "niqe.y"}
    assert scored in ({"photo0", "photo1", "photo2"}, {None})  # the latter where its weights are not here
    clean = domain_split(settings, "synthetic", "sr4", "test")
    real = domain_split(settings, "real", "sr4", "test")
    scorer = metrics.load("ffd.dlib")
    restored = np.stack([scorer.feature(real.split.degraded(name)) for name in real.names])
    reference = np.stack([scorer.feature(clean.split.reference(name)) for name in clean.names])
    assert (of_set.n, of_set.value) == (3, pytest.approx(scorer.distance(restored, reference)))
    facts = json.loads(summary.places[0].with_suffix(".json").read_text())
    assert facts["set_references"] == clean.label
