"""Operators one after another, and the records that rebuild them."""

import numpy as np
import pytest

from degrade.core.errors import InputError
from degrade.core.image import Image
from degrade.operators.chain import apply, from_record, trace
from degrade.operators.digital.compression import Jpeg, Quantize
from degrade.operators.digital.mosaic import Mosaic
from degrade.operators.digital.resize import Resize


@pytest.fixture
def photo() -> Image:
    return np.random.default_rng(0).random((45, 38, 3), dtype=np.float32)


def test_a_field_added_later_is_left_out_of_records_at_its_default(photo: Image) -> None:
    """Splits made before the field came keep their bytes, and their records still rebuild the operator."""
    _, records = trace([Mosaic(4), Mosaic(4, left=0.5, width=0.5), Resize("pil", "box", factor=2.0)], photo)
    assert [record["drawn"] for record in records] == [
        '{"block": 4}',
        '{"block": 4, "left": 0.5, "width": 0.5}',
        '{"library": "pil", "filter": "box", "factor": 2.0, "height": 0, "width": 0}',
    ]


def test_a_chain_is_applied_from_left_to_right_and_traced_alike(photo: Image) -> None:
    chain = (Mosaic(8), Jpeg(20), Quantize())
    degraded, records = trace(chain, photo)
    np.testing.assert_array_equal(degraded, Quantize()(Jpeg(20)(Mosaic(8)(photo))))
    np.testing.assert_array_equal(degraded, apply(chain, photo))
    assert [record["op"] for record in records] == ["Mosaic", "Jpeg", "Quantize"]


def test_an_image_that_breaks_the_contract_is_refused_at_the_door(photo: Image) -> None:
    for run in (apply, trace):
        with pytest.raises(TypeError, match="float32"):
            run((Quantize(),), photo.astype(np.float64))


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"op": "Mosaik", "drawn": "{}"}, "did you mean 'Mosaic'"),
        ({"op": "Mosaic", "drawn": '{"blocks": 4}'}, "record of Mosaic"),
        ({"op": "Mosaic", "drawn": '{"block": 1}'}, "record of Mosaic"),
        ({"op": "Mosaic", "drawn": "{"}, "record of Mosaic"),
        ({"op": "Mosaic", "drawn": "[]"}, "record of Mosaic"),
        ({"op": "Mosaic"}, "record of Mosaic"),
    ],
)
def test_a_damaged_record_is_answered_with_one_sentence(record: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        from_record(record)


def test_an_operator_outside_the_table_cannot_be_traced(photo: Image) -> None:
    with pytest.raises(ValueError, match="not in OPERATORS"):
        trace((lambda image: image,), photo)
