"""Metrics of sets: replicates without each group, pairs of which one side is missing, features kept exactly."""

import numpy as np
import pytest

from benchmark.metrics import registry as metrics
from benchmark.metrics.base import MetricError
from benchmark.records.scores import GROUPS
from benchmark.runs.scoring.image_scores import Feature
from benchmark.runs.scoring.set_scores import FeatureFile, References, read_features, score_set
from benchmark.runs.scoring.workers import scoring_pool
from degrade.core.errors import InputError
from degrade.core.image import write


class MeanDistance:
    """Distance of the means; the feature of an image is its mean."""

    def feature(self, image):
        if image.max() == 0:
            raise MetricError("too dark")
        return np.array([image.mean()])

    def distance(self, restored, reference):
        other = 0.0 if reference is None else reference.mean()
        return float(abs(restored.mean() - other))

    def deviation(self, restored, reference):
        return float(restored.std())


@pytest.fixture
def pool(monkeypatch):
    monkeypatch.setattr(metrics, "load", lambda _: MeanDistance())
    with scoring_pool(1, None) as pool:
        yield pool


def outcomes(values):
    return {
        f"{place:02}": Feature(np.array([value]) if value is not None else None) for place, value in enumerate(values)
    }


def references(folder, count, dark=()):
    for place in range(count):
        write(folder / f"{place:02}.png", np.full((2, 2, 3), 0.0 if place in dark else 0.2, np.float32))
    return {path.stem: path for path in sorted(folder.glob("*.png"))}


def test_replicates_leave_out_each_group_by_the_position_in_name_order(pool, tmp_path):
    values = np.random.default_rng(0).random(45)
    found = score_set(pool, "x", outcomes(values), References(references(tmp_path, 45)))
    assert found.n == 45 and found.value == pytest.approx(abs(values.mean() - 0.2), abs=1e-6)
    assert found.deviation == pytest.approx(values.std())
    assert len(found.replicates) == GROUPS
    for group, replicate in enumerate(found.replicates):
        left = values[np.arange(45) % GROUPS != group]
        assert replicate == pytest.approx(abs(left.mean() - 0.2), abs=1e-6)


def test_an_image_that_is_missing_keeps_the_groups_of_the_others(pool, tmp_path):
    values = [*np.random.default_rng(0).random(42)]
    values[0] = None
    found = score_set(pool, "x", outcomes(values), References(references(tmp_path, 42)))
    left = [value for place, value in enumerate(values) if place % GROUPS != 1 and value is not None]
    assert found.n == 41 and found.replicates[1] == pytest.approx(abs(np.mean(left) - 0.2), abs=1e-6)


def test_without_two_images_beside_every_group_there_are_no_replicates(pool, tmp_path):
    files = references(tmp_path, 3)
    assert score_set(pool, "x", outcomes([0.1, 0.2, 0.3]), References(files)).replicates is not None
    del files["02"]
    assert score_set(pool, "x", outcomes([0.1, 0.2]), References(files)).replicates is None


def test_of_pairs_only_those_with_both_features_count(pool, tmp_path):
    files = references(tmp_path, 3, dark=(1,))
    found = score_set(pool, "x", outcomes([0.4, 0.9, None]), References(files))
    assert (found.value, found.n) == (pytest.approx(0.2, abs=1e-6), 1)


def test_a_set_of_other_images_counts_whole_and_a_metric_that_knows_its_own_needs_none(pool, tmp_path):
    others = References(references(tmp_path, 5), paired=False)
    found = score_set(pool, "x", outcomes([0.5, 0.7]), others)
    assert (found.value, found.n) == (pytest.approx(0.4, abs=1e-6), 2)
    assert score_set(pool, "x", outcomes([0.5, 0.7]), None).value == pytest.approx(0.6)


def test_a_set_of_nothing_says_why(pool):
    found = score_set(pool, "x", {"a": Feature(None, "not restored: no luck")}, None)
    assert (found.value, found.n) == (None, None) and "not restored: no luck" in found.error


def test_features_come_back_bit_for_bit_and_failures_with_their_reason(tmp_path):
    path = tmp_path / "features.jsonl"
    kept = {"a": np.array([1 / 3, -0.0, 1e-300]), "b": np.array([0.1], np.float32)}
    with FeatureFile(path) as file:
        for name, feature in kept.items():
            file.append((name, Feature(feature)))
        file.append(("c", Feature(None, "too dark")))
    path.write_bytes(path.read_bytes() + b'{"image": "d", "fea')
    found = read_features(path)
    assert list(found) == ["a", "b", "c"] and found["c"].error == "too dark"
    for name, feature in kept.items():
        assert found[name].vector.tobytes() == feature.tobytes() and found[name].vector.dtype == feature.dtype
    path.write_bytes(b"not json\n")
    with pytest.raises(InputError, match=r"features\.jsonl: is damaged .*remove it"):
        read_features(path)


def test_few_images_are_as_few_groups(pool, tmp_path):
    values = [0.1, None, 0.23, 0.37]
    found = score_set(pool, "x", outcomes(values), References(references(tmp_path, 4)))
    assert found.replicates == pytest.approx([0.1, 1 / 30, 0.035, 0.035], abs=1e-6)
    assert found.replicates[1] == found.value  # the group of the one that has no feature
