"""Files of weights that are damaged, foreign or hostile."""

import io
import os
import pickle
import random
import zipfile

import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine import load_state
from modeling.weights import load_weights, read_state_dict
from utils.checkpoint_file import load_checkpoint, save_atomically
from utils.errors import InputError

quick = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
STATE = {"settings": "SEED: 0", "iteration": 3, "random": {}, "model": {"base.weight": torch.arange(50.0)}}


def whole(legacy: bool = False) -> bytes:
    buffer = io.BytesIO()
    torch.save(STATE, buffer, _use_new_zipfile_serialization=not legacy)
    return buffer.getvalue()


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.base = torch.nn.Linear(50, 1, bias=False)


def read(file) -> dict | None:
    """Through every reader of such files; None where they end with an InputError, as they may."""
    found = None
    for reader in (load_checkpoint, read_state_dict, load_state, lambda path: load_weights(Net(), path)):
        try:
            content = reader(file)
        except InputError as error:
            assert str(file) in str(error)
        else:
            found = found or content
    return found


@quick
@given(st.data(), st.booleans())
def test_damaged_files(tmp_path, data, legacy):
    content = bytearray(whole(legacy))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        how = data.draw(st.sampled_from(["flip", "cut", "insert", "double"]))
        if how == "flip":
            content[place] ^= 1 << data.draw(st.integers(0, 7))
        elif how == "cut":
            del content[max(1, place) :]
        elif how == "insert":
            content[place:place] = data.draw(st.binary(min_size=1, max_size=30))
        else:
            content += content[place:]
    file = tmp_path / "last.pth"
    file.write_bytes(content)
    read(file)


@quick
@given(st.binary(max_size=300))
@example(b"")
@example(b"PK\x05\x06" + b"\0" * 18)
@example(pickle.dumps({"base.weight": [1, 2]}))
def test_any_bytes(tmp_path, content):
    file = tmp_path / "weights.pth"
    file.write_bytes(content)
    read(file)


LEAVES = st.one_of(
    st.none(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from([torch.ones(2, 3), torch.ones(()), torch.empty(0), torch.ones(1).expand(10**6, 10**6)]),
)
TREES = st.recursive(
    LEAVES,
    lambda tree: (
        st.lists(tree, max_size=3)
        | st.dictionaries(
            st.sampled_from(["model", "state_dict", "base.weight", "module.base.weight", "iteration", 1]),
            tree,
        )
    ),
)


@quick
@given(TREES)
@example({"settings": 1, "iteration": "x", "random": []})
def test_any_content(tmp_path, tree):
    file = tmp_path / "weights.pth"
    torch.save(tree, file)
    read(file)


def test_every_flipped_bit_is_noticed(tmp_path):
    """torch.load alone would take it for a weight."""
    content, file = whole(), tmp_path / "last.pth"
    start = content.index(torch.arange(50.0).numpy().tobytes())
    for number in random.Random(0).sample(range(8 * 200), 100):
        damaged = bytearray(content)
        damaged[start + number // 8] ^= 1 << number % 8
        file.write_bytes(damaged)
        with pytest.raises(InputError, match="damaged"):
            load_checkpoint(file)


class Attack:
    def __reduce__(self):
        return os.mkdir, ("attacked",)


@pytest.mark.parametrize("legacy", [False, True])
def test_no_code_in_a_file_is_run(tmp_path, monkeypatch, legacy):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "weights.pth"
    torch.save({"model": torch.ones(2), "extra": Attack()}, file, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(InputError, match="could run code"):
        load_checkpoint(file)
    assert not (tmp_path / "attacked").exists()


def test_an_archive_that_would_grow_is_refused(tmp_path):
    file = tmp_path / "weights.pth"
    with (
        zipfile.ZipFile(io.BytesIO(whole())) as source,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for member in source.infolist():
            content = source.read(member)
            if member.filename.endswith("data/0"):
                content = bytes(50 << 20)
            bomb.writestr(member.filename, content)
    assert file.stat().st_size < 1 << 20
    with pytest.raises(InputError, match="damaged"):
        load_checkpoint(file)


def test_what_is_saved_is_read_again_and_the_one_before_stays(tmp_path):
    file, previous = tmp_path / "last.pth", tmp_path / "last.previous.pth"
    for number in (1, 2, 3):
        save_atomically({"number": number}, file, previous)
    assert load_checkpoint(file) == {"number": 3} and load_checkpoint(previous) == {"number": 2}
    assert len(list(tmp_path.iterdir())) == 2
