"""No crafted file of JSON is a traceback, whichever reader it comes to: it is read, or an InputError says why."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import save

from benchmark.methods.classical.common import read_parameters
from benchmark.records.order import highest_order
from benchmark.records.outcome import read_outcome
from benchmark.records.restoring_cost import add_cost
from benchmark.records.run_file import read_run_file, read_run_files
from benchmark.records.scores import SCHEMA, Score, ScoreFile, read_file, scores_folder
from benchmark.records.words import EVALUATION
from benchmark.reports.evaluation.write import write_tables
from benchmark.reports.figures import tradeoff
from benchmark.runs.checkpoints import _parse_tried
from benchmark.runs.scoring.set_scores import read_features
from benchmark.specs.evaluation import Evaluation, write_evaluation
from degrade.core.errors import InputError
from degrade.core.storage.files import JsonLines, object_parser, parse_lines, sha256
from degrade.operators.chain import OPERATORS, replay_image
from degrade.recipes.library import find_recipe
from degrade.recipes.parse_recipe import rebuild
from degrade.splits.make_split import SplitPlan, write_split
from degrade.splits.records import record_line
from degrade.splits.replay import replay, verify
from degrade.splits.roles import portrait_sources
from degrade.splits.split import load_split
from ispl_model.losses.tfjs import GraphModel, model_files
from ispl_model.network.variants import IsplConfig
from ispl_model.restoration.files import restore_files
from ispl_model.restoration.restorer import load_network
from ispl_model.runtime.checkpoint import complete_header, load_header, read_tensors
from ispl_model.training.resume import _State, read_report
from tests.crafted import faults

HEADER = complete_header({"method": "ispl:isp_unet_pac", "network": {"width": 2, "size": 64}, "training": {"scale": 1}})
SCORE: dict[str, Any] = {"schema": SCHEMA, "seed": None, "checkpoint": None, "value": 1.5, "seconds": 0.1, "error": ""}
SCORE |= dict.fromkeys(("run", "profile", "protocol", "task", "split", "method", "image", "metric", "unit"), "a")
COST = {"images": 1, "seconds": 0.5, "peak_mib": 2.5, "parameters": None}
KEPT = COST | {"date": "a", "processor": "a", "device": "a"}
RUN = {
    "run": "20260101T000000Z-01234567", "profile": "lite", "protocol": "S2S", "task": "a", "split": "a", "method": "a",
    "seed": 0, "checkpoint": None, "split_sha256": "0" * 64, "metrics": {"psnr.rgb": "0"},
    "weights": {"path": "a", "sha256": "0", "train_split": "a", "steps": 1}, "split_folder": "a",
    "counts": {"faces_asked": 2, "images": 2, "scored": 2, "failed": None}, "profile_values": {"size": 64},
    "sessions": [
        {"packages": {"numpy": "2"}, "command": ["a"], "seconds": {"score": 1.0}, "restored": COST | {"kept": KEPT}}
    ],
}  # fmt: skip
GRAPH = {
    "modelTopology": {"node": [{"name": "a", "op": "Placeholder"}]},
    "weightsManifest": [{"paths": ["w.bin"], "weights": [{"name": "b", "dtype": "float32", "shape": [1]}]}],
}
RESULT = {"steps": 1, "images_seen": 1, "seconds": 0.1, "losses": {"l1": 1.0}, "warning": None}


def as_header(read: Callable[[Path], Any]) -> Callable[[Path], Any]:
    """A reader of a checkpoint, of a file that holds its header alone."""

    def reads(path: Path) -> Any:
        try:
            header = path.read_bytes().decode()
        except UnicodeDecodeError:
            return
        path.with_suffix(".safetensors").write_bytes(save({}, {"header": header}))
        read(path.with_suffix(".safetensors"))

    return reads


def lines(kind: Any) -> Callable[[Path], Any]:
    return lambda path: JsonLines(path, object_parser(kind)).close()


def document(path: Path) -> Any:
    return rebuild(path.read_text(errors="replace"))


def described(path: Path) -> Any:
    folder = scores_folder(path.parent, "lite")
    folder.mkdir(parents=True, exist_ok=True)
    path.rename(folder / "20260101T000000Z-01234567.json")
    highest_order(folder)
    read_run_files(path.parent, "lite")


def outcome(path: Path) -> None:
    path.rename(path.parent / "outcome.json")
    for test_set, label, why in read_outcome(path.parent).refused:
        assert (test_set + label + why) is not None


def cost(path: Path) -> None:
    path.rename(path.parent / "cost.json")
    add_cost(path.parent, COST, KEPT)


READERS: dict[str, tuple[Callable[[Path], Any], Any]] = {
    "score lines": (read_file, SCORE),
    "score file": (lambda path: ScoreFile(path).close(), SCORE | {"n": 1, "replicates": [0.1], "deviation": 0.1}),
    "run file": (read_run_file, RUN),
    "runs of a folder": (described, RUN | {"order": 1, "faces": {"folder": "a", "list": None}}),
    "outcome": (outcome, {"splits": {"a": "a"}, "refused": [["a", "a", "a"]], "folders": {"a": "a"}, "more": 1}),
    "cost": (cost, KEPT),
    "features": (read_features, {"image": "a", "error": "", "dtype": "<f4", "feature": "AACAPw=="}),
    "tried candidates": (lambda path: parse_lines(path, path.read_bytes(), _parse_tried), [0, "a", 30.5]),
    "parameters": (lambda path: read_parameters(path, "a"), {"method": "a", "parameters": {"sigma": 1.0}}),
    "restored": (
        lines(restore_files.Made),
        {"file_name": "a.png", "source_sha256": "0", "sha256": "0", "made_by": {}},
    ),
    "trade-off": (lines(tradeoff._LINE), {"image": "a", "psnr.rgb": 1.0, "found.dlib": None, "lpips.squeeze": 0.1}),
    "checkpoint": (as_header(load_header), HEADER),
    "network": (as_header(lambda path: load_network(path, "cpu")), HEADER),
    "training state": (
        as_header(lambda path: read_tensors(path, _State)),
        {"header": {}, "step": 1, "seconds": 0.5, "losses": {"l1": 1.0}, "health": {"certain": 0}},
    ),
    "train.json": (read_report, {"header": HEADER, "result": RESULT, "run": {}}),
    "TensorFlow.js": (GraphModel, GRAPH),
    "files of TensorFlow.js": (model_files, GRAPH),
    "recipe of a split": (
        document,
        {"recipe": {"name": "a", "steps": [{"operator": "Quantize", "chance": 0.5}]}, "severity": None},
    ),
}


@pytest.mark.parametrize("name", READERS)
def test_a_crafted_file_is_read_or_refused_in_a_sentence(name, tmp_path):
    read, good = READERS[name]
    refused = 0
    for fault, content in faults(good):
        (tmp_path / "file").write_bytes(content.replace(b"\n", b" ") + b"\n")
        try:
            read(tmp_path / "file")
        except InputError as error:
            refused += 1
            assert "\n" not in str(error), fault
        except Exception as error:
            pytest.fail(f"{fault}: {type(error).__name__}: {error}")
    assert refused > len(list(faults({})))


def test_an_evaluation_with_a_crafted_run_file_is_shown_or_refused_in_a_sentence(tmp_path):
    """Whatever a table takes from the file of a run."""
    names = {"task": "s", "profile": EVALUATION, "protocol": EVALUATION.upper()}
    line = Score(**SCORE | names | {"method": "bicubic", "metric": "psnr.rgb", "run": RUN["run"]})
    write_evaluation(tmp_path, Evaluation(("bicubic",), splits=("s",)))
    folder = scores_folder(tmp_path, EVALUATION)
    folder.mkdir()
    (folder / f"{line.run}.jsonl").write_text(line.line() + "\n")
    shown = 0
    for fault, content in faults(RUN):
        (folder / f"{line.run}.json").write_bytes(content)
        try:
            write_tables(tmp_path)
            shown += 1
        except InputError as error:
            assert "\n" not in str(error), fault
        except Exception as error:
            pytest.fail(f"{fault}: {type(error).__name__}: {error}")
    assert shown


@pytest.mark.parametrize("name", READERS)
def test_a_folder_in_the_place_of_a_file_is_a_sentence(name, tmp_path):
    if name not in (
        "network",
        "checkpoint",
        "training state",
        "recipe of a split",
        "features",
        "tried candidates",
        "runs of a folder",
        "outcome",
        "cost",
    ):
        with pytest.raises(InputError):
            READERS[name][0](tmp_path)


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    return load_split(made(tmp_path_factory.mktemp("crafted") / "split"))


def made(path: Path) -> Path:
    write_split(path, portrait_sources("test", 1), SplitPlan(find_recipe("deblur"), "test", 64), progress=False)
    return path


def say(split, metadata: bytes) -> None:
    (split.path / "metadata.jsonl").write_bytes(metadata)
    (split.path / "split.json").write_text(json.dumps(split.info | {"metadata_sha256": sha256(metadata)}))


def opened(split, metadata: bytes) -> None:
    """The split with another line in metadata.jsonl, opened, verified and rebuilt."""
    say(split, metadata)
    load_split(split.path)
    verify(split.path)
    for file in split.files(split.names[0]):
        content = file.read_bytes()
        file.unlink()
        replay(split.path)
        file.write_bytes(content)


def test_a_crafted_split_is_opened_or_refused_in_a_sentence(split):
    for fault, line in faults(split.records[0]):
        try:
            opened(split, line.replace(b"\n", b" ") + b"\n")
        except InputError:
            continue
        except Exception as error:
            pytest.fail(f"{fault}: {type(error).__name__}: {error}")


@pytest.mark.parametrize("key", ["source_sha256", "hq_sha256", "lq_sha256", "libraries"])
def test_a_pair_whose_record_lacks_a_key_is_made_again_or_refused_in_a_sentence(key, tmp_path):
    split = load_split(made(tmp_path / "split"))
    say(split, record_line({name: value for name, value in split.records[0].items() if name != key}))
    try:
        made(split.path)
    except InputError:
        return
    assert load_split(split.path).records == split.records


def test_a_crafted_split_json_is_opened_or_refused_in_a_sentence(split):
    (split.path / "metadata.jsonl").write_bytes(b"".join(json.dumps(record).encode() for record in split.records))
    for fault, content in faults(split.info):
        (split.path / "split.json").write_bytes(content)
        try:
            load_split(split.path)
        except InputError:
            continue
        except Exception as error:
            pytest.fail(f"{fault}: {type(error).__name__}: {error}")


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_a_crafted_operator_is_refused_in_a_sentence_before_memory_is_taken(name):
    import numpy as np

    fields = OPERATORS[name].__dataclass_fields__
    face = np.full((16, 16, 3), 128, np.uint8)
    for fault, drawn in faults(dict.fromkeys(fields, 10**9)):
        try:
            replay_image(face, [{"op": name, "drawn": drawn.decode(errors="replace")}])
        except InputError:
            continue
        except Exception as error:
            pytest.fail(f"{fault}: {type(error).__name__}: {error}")


@pytest.mark.parametrize(
    "network",
    [
        {"width": 2000},
        {"width": 4.5},
        {"width": True},
        {"width": 1024},
        {"projection": 10**9},
        {"size": 10**9},
        {"q": 1},
    ],
)
def test_a_checkpoint_that_describes_another_network_takes_no_memory(network, tmp_path, monkeypatch):
    from ispl_model.runtime import checkpoint

    monkeypatch.setattr(checkpoint, "load_weights", lambda *_arguments: pytest.fail("it was built"))
    header = HEADER | {"network": {"width": 15, "size": 256} | network}
    (tmp_path / "a.safetensors").write_bytes(save({}, {"header": json.dumps(header)}))
    with pytest.raises(
        InputError, match=r"a\.safetensors: (its header does not describe|holds the weights of another)"
    ):
        load_network(tmp_path / "a.safetensors", "cpu")


def test_widths_below_the_published_one_are_fine():
    assert IsplConfig(width=64).width == 64
