"""Checkpoints: whole, honest about what they are, never unpickled."""

import pickle

import pytest
import torch
from torch import nn

from degrade.core.errors import InputError
from ispl_model.runtime import checkpoint

HEADER = {"method": "tiny", "network": {"width": 2}}


@pytest.fixture
def state():
    return {"weight": torch.arange(12.0).reshape(3, 4) / 7, "count": torch.tensor(3)}


def test_what_is_saved_comes_back_with_a_whole_header(tmp_path, state):
    checkpoint.save(tmp_path / "new" / "a.safetensors", state, {**HEADER, "step": 5})
    loaded, header = checkpoint.load(tmp_path / "new" / "a.safetensors")
    torch.testing.assert_close(loaded, state, rtol=0, atol=0)
    assert set(header) == set(checkpoint.HEADER_KEYS)
    assert (header["method"], header["network"], header["step"]) == ("tiny", {"width": 2}, 5)
    assert header["recipe"] is None and header["schema"] == checkpoint.SCHEMA
    assert checkpoint.load_header(tmp_path / "new" / "a.safetensors") == header


def test_the_same_weights_give_the_same_bytes(tmp_path, state):
    for name in ("a", "b"):
        checkpoint.save(tmp_path / name, dict(reversed(state.items())) if name == "b" else state, HEADER)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_channels_last_weights_are_stored_as_they_are_read(tmp_path):
    weight = torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last)
    checkpoint.save(tmp_path / "a", {"weight": weight}, HEADER)
    assert torch.equal(checkpoint.load(tmp_path / "a")[0]["weight"], weight)


def test_half_stores_floats_in_half_the_bytes_and_leaves_counts_alone(tmp_path, state):
    checkpoint.save(tmp_path / "a", state, HEADER, half=True)
    loaded, _ = checkpoint.load(tmp_path / "a")
    assert loaded["weight"].dtype == torch.float16 and loaded["count"].dtype == state["count"].dtype
    torch.testing.assert_close(loaded["weight"].float(), state["weight"], rtol=1e-3, atol=0)


def test_a_pickled_file_is_refused_without_being_unpickled(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "exploded"), "w"))

    (tmp_path / "a.pkl").write_bytes(pickle.dumps(Bomb()))
    torch.save({"weight": torch.zeros(2)}, tmp_path / "a.pth")
    for name in ("a.pkl", "a.pth"):
        with pytest.raises(InputError, match="pickled PyTorch file.*expected safetensors"):
            checkpoint.load(tmp_path / name)
    assert not (tmp_path / "exploded").exists()


def test_a_header_whose_length_looks_like_a_pickle_is_read(tmp_path, state):
    """Safetensors begin with that length: 640 bytes are 80 02 in little endian, as in pickle's second protocol."""
    starts = set()
    for letters in range(0, 640, 8):
        checkpoint.save(tmp_path / "a", state, HEADER | {"recipe": "r" * letters, "commit": "c"})
        assert checkpoint.load(tmp_path / "a")[1]["recipe"] == "r" * letters
        starts.add((tmp_path / "a").read_bytes()[:2])
    assert b"\x80\x02" in starts


@pytest.mark.parametrize("kept", [0, 4, 100, 300])
def test_a_cut_off_file_is_one_sentence(tmp_path, state, kept):
    checkpoint.save(tmp_path / "a", state, HEADER)
    whole = (tmp_path / "a").read_bytes()
    assert kept < len(whole)
    (tmp_path / "a").write_bytes(whole[:kept])
    with pytest.raises(InputError, match="not a whole safetensors file"):
        checkpoint.load(tmp_path / "a")


def test_a_missing_file_and_a_folder_are_one_sentence(tmp_path):
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            checkpoint.load(path)


def test_another_programs_safetensors_is_refused(tmp_path, state):
    from safetensors.torch import save_file

    save_file(state, tmp_path / "a")
    save_file(state, tmp_path / "b", {"header": '{"other": 1}'})
    for name in "ab":
        with pytest.raises(InputError, match="a safetensors file, but"):
            checkpoint.load(tmp_path / name)


def test_another_schema_is_refused(tmp_path, state, monkeypatch):
    monkeypatch.setattr(checkpoint, "SCHEMA", 99)
    checkpoint.save(tmp_path / "a", state, HEADER)
    monkeypatch.undo()
    with pytest.raises(InputError, match="schema 99, this version reads schema 1"):
        checkpoint.load(tmp_path / "a")


def test_weights_of_another_architecture_name_the_first_difference():
    network = nn.Linear(2, 3)
    cases = {
        "bias is missing": {"weight": torch.zeros(3, 2)},
        "extra is not part of it": {"weight": torch.zeros(3, 2), "bias": torch.zeros(3), "extra": torch.zeros(1)},
        r"weight has shape \(3, 4\), expected \(3, 2\)": {"weight": torch.zeros(3, 4), "bias": torch.zeros(3)},
    }
    for sentence, state in cases.items():
        with pytest.raises(InputError, match=f"some.file: holds the weights of another network .{sentence}"):
            checkpoint.load_weights(network, state, "some.file")


def test_half_weights_fill_a_float32_network(tmp_path):
    network, other = nn.Linear(2, 3), nn.Linear(2, 3)
    checkpoint.save(tmp_path / "a", other.state_dict(), HEADER, half=True)
    checkpoint.load_weights(network, checkpoint.load(tmp_path / "a")[0], "a")
    assert network.weight.dtype == torch.float32
    torch.testing.assert_close(network.weight, other.weight, rtol=1e-3, atol=1e-4)


def test_a_header_with_an_unknown_or_without_a_needed_key_is_a_fault_of_the_caller(tmp_path):
    for header in ({**HEADER, "colour": 1}, {"method": "tiny"}):
        with pytest.raises(ValueError, match="header"):
            checkpoint.save(tmp_path / "a", {}, header)
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("outer", [False, True])
def test_a_header_with_a_key_twice_is_refused(tmp_path, outer):
    header = '"{\\"size\\": 64, \\"size\\": 512}"'
    metadata = f'{{"header": "{{}}", "header": {header}}}' if outer else f'{{"header": {header}}}'
    text = f'{{"__metadata__": {metadata}}}'.encode()
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    key = "header" if outer else "size"
    with pytest.raises(InputError, match=f"the key '{key}' stands twice in an object"):
        checkpoint.read_tensors(path)
