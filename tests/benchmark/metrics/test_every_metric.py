"""Laws that every metric in the table keeps; a new one is covered before its author writes a test."""

import json
import math
import os
import socket
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmark.assets.weights import WEIGHTS, readable
from benchmark.metrics.base import MetricError, Record, Unavailable
from benchmark.metrics.registry import definition, find_metric, load
from benchmark.metrics.table import METRICS
from benchmark.specs.published import load_published
from degrade.core.errors import InputError
from degrade.portraits.paint import paint

OF_IMAGES = sorted(name for name, metric in METRICS.items() if metric.per == "image" and not metric.needs_record)
OF_SETS = sorted(name for name, metric in METRICS.items() if metric.per == "set")
WITH_REFERENCE = [name for name in OF_IMAGES if METRICS[name].needs_reference]
DROPPING_OUT = [name for name in OF_IMAGES if name.endswith(".author")]  # as their authors have it
WITH_WEIGHTS = sorted(name for name, metric in METRICS.items() if metric.weights)


def loaded(name: str):
    try:
        return load(name)
    except Unavailable as reason:
        pytest.skip(str(reason))


def beside(name: str, reference: np.ndarray) -> np.ndarray | Record:
    """What the metric looks at beside the restored image: where it needs a record, one without operators."""
    return Record(reference, (), reference.shape[0]) if METRICS[name].needs_record else reference


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return paint(1, 256)


@pytest.fixture(scope="module")
def blurred(portrait) -> np.ndarray:
    return np.clip(cv2.GaussianBlur(portrait, (0, 0), 2.0), 0, 1)


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    return np.random.default_rng(0).random((256, 256, 3), dtype=np.float32)


@pytest.mark.parametrize("name", sorted(METRICS))
def test_the_declared_facts_are_complete(name):
    metric = METRICS[name]
    assert metric.id == name and find_metric(name) is metric
    assert metric.unit and metric.header and len(metric.meaning) > 20 and metric.packages
    assert metric.higher_is_better in (True, False) or metric.needs_record
    assert not (metric.needs_record and (metric.needs_reference or metric.per == "set"))
    assert metric.per in ("image", "set")


@pytest.mark.parametrize("name", sorted(METRICS))
def test_the_facts_of_a_row_go_together(name):
    metric = METRICS[name]
    assert metric.note or metric.note_below_px is metric.note_below_images is None
    assert metric.frechet_over > 0 if metric.gap_role == "frechet" or metric.interval_from else True
    assert metric.gap_role not in ("frechet", "kernel") or metric.per == "set"
    assert not metric.gap_role or metric.higher_is_better is False  # a gap is a ratio of what should be small
    columns = {line.metric for line in load_published()}
    assert not metric.published_as or metric.published_as in columns and metric.id not in columns
    real = METRICS.get(metric.stands_in_for, metric)
    assert real.per == metric.per and real.higher_is_better == metric.higher_is_better


def test_every_published_metric_has_a_row_that_stands_beside_it():
    columns = {line.metric for line in load_published()} - {"gap", "gain_percent"}
    assert columns <= {metric.printed_column for metric in METRICS.values()}


def test_no_two_metrics_share_a_header():
    headers = [metric.header for metric in METRICS.values()]
    assert len(set(headers)) == len(headers)


@pytest.mark.parametrize("name", sorted(METRICS))
def test_the_definition_is_strict_json_and_names_versions(name):
    facts = json.loads(json.dumps(definition(name), allow_nan=False))
    assert facts["id"] == name and facts["version"] >= 1
    assert set(facts["packages"]) == set(METRICS[name].packages)
    assert all(facts["packages"].values()), "a package of the metric has another distribution name"
    assert set(METRICS[name].weights) <= set(facts["weights"])


def test_an_unknown_metric_is_answered_with_the_nearest():
    with pytest.raises(InputError, match=r"did you mean 'psnr\.rgb'"):
        load("psnr_rgb")


def test_listing_the_metrics_imports_nothing_heavy():
    code = (
        "import sys, benchmark.metrics; print([m for m in ('torch', 'pyiqa', 'dlib', 'skimage') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_arguments):
        raise AssertionError("something tried to reach the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_missing_weights_are_a_sentence_and_never_a_connection(name, tmp_path, monkeypatch, no_network):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    load.cache_clear()
    with pytest.raises(Unavailable) as raised:
        load(name)
    file = Path(METRICS[name].weights[0])
    size = readable(WEIGHTS[file.name].size)
    assert f"{file.name} ({size}); put it at $TORCH_HOME/hub/{file}, or: benchmark weights fetch" in str(raised.value)
    assert str(tmp_path) not in str(raised.value), "reasons end up in result files"
    assert not any(tmp_path.iterdir())
    load.cache_clear()


@pytest.mark.slow
def test_scoring_with_every_metric_there_is_opens_no_socket(portrait, blurred, no_network):
    load.cache_clear()
    scored = []
    for name in (*OF_IMAGES, *OF_SETS):
        try:
            scorer = load(name)
        except Unavailable:
            continue
        scorer.feature(portrait) if name in OF_SETS else scorer(blurred, beside(name, portrait))
        scored.append(name)
    assert len(scored) >= 8


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_damaged_weights_are_a_sentence(name, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for file in METRICS[name].weights:
        path = tmp_path / "hub" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half a download")
    load.cache_clear()
    with pytest.raises(Unavailable, match="fetch it again"):
        load(name)
    load.cache_clear()


@pytest.mark.parametrize("name", OF_IMAGES)
def test_the_same_images_give_the_same_float_and_are_left_alone(name, portrait, blurred):
    scorer = loaded(name)
    restored, reference = blurred.copy(), portrait.copy()
    first = scorer(restored, beside(name, reference))
    assert type(first) is float and math.isfinite(first)
    assert scorer(restored, beside(name, reference)) == first
    np.testing.assert_array_equal(restored, blurred)
    np.testing.assert_array_equal(reference, portrait)


@pytest.mark.parametrize("name", WITH_REFERENCE)
def test_nothing_beats_the_reference_itself_and_noise_is_worst(name, portrait, blurred, noise):
    scorer = loaded(name)
    sign = 1 if METRICS[name].higher_is_better else -1
    same, soft = (sign * scorer(image, portrait) for image in (portrait, blurred))
    if name in DROPPING_OUT:
        with pytest.raises(MetricError):
            scorer(noise, portrait)
        assert same >= soft
    else:
        assert same >= soft > sign * scorer(noise, portrait)
    perfect = math.inf if name.startswith("psnr.") else float(METRICS[name].higher_is_better)
    assert sign * same == pytest.approx(perfect, abs=1e-6)


@pytest.mark.parametrize("name", WITH_REFERENCE)
def test_another_size_than_the_reference_has_no_value(name, portrait):
    with pytest.raises(MetricError, match="256x256 and 128x128"):
        loaded(name)(portrait, portrait[:128, :128].copy())


@pytest.mark.parametrize("name", OF_IMAGES)
def test_pixels_outside_the_contract_are_refused(name, portrait):
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        loaded(name)(portrait * 255, beside(name, portrait))


@pytest.mark.parametrize("name", [*OF_IMAGES, *OF_SETS])
def test_the_global_random_state_is_neither_read_nor_set(name, portrait):
    import torch

    load.cache_clear()
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    scorer = loaded(name)
    scorer.feature(portrait) if name in OF_SETS else scorer(portrait, beside(name, portrait))
    np.testing.assert_array_equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002


@pytest.mark.parametrize("name", OF_SETS)
def test_a_set_is_nearest_to_itself(name, portrait, blurred, noise):
    scorer = loaded(name)
    features = np.stack([scorer.feature(image) for image in (portrait, blurred, noise, noise[::-1].copy())])
    assert features.shape[0] == 4 and features.ndim == 2 and features.dtype.kind == "f"
    same = scorer.distance(features[:2], features[:2])
    assert type(same) is float
    assert same < scorer.distance(features[2:], features[:2])
    with pytest.raises(MetricError, match="at least two images"):
        scorer.distance(features[:1], features)


def test_one_object_serves_the_whole_process():
    assert load("psnr.rgb") is load("psnr.rgb")


def test_tests_run_without_any_weights():
    """The laws above skip what is unavailable; this says how many metrics they cover at the least."""
    usable = [name for name in METRICS if not METRICS[name].weights or "TORCH_HOME" in os.environ]
    assert len(usable) >= 8
