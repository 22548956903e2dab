"""Files of weights that are damaged, foreign or hostile."""

import io
import os
import pickle
import random
import re
import zipfile
from argparse import Namespace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine import load_state
from modeling import BackboneInfo
from modeling.state_dict import read_state_dict
from modeling.weights import load_weights
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
        self.info = BackboneInfo(torch.nn.Linear)


def read(file) -> dict | None:
    """Through every reader of such files; None if they raise an InputError, as they may."""
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


NUMBERS = {
    "rank1": np.float64(0.925),
    "half": np.float16(0.5),
    "epoch": np.int64(3),
    "best": np.bool_(True),
    "cmc": np.arange(6, dtype=np.float32).reshape(2, 3),
    "swapped": np.arange(3, dtype=">i2"),
}


@pytest.mark.parametrize("core", ["numpy.core", "numpy._core"])
@pytest.mark.parametrize("legacy", [False, True])
def test_numbers_and_arrays_of_numpy_are_data(tmp_path, core, legacy):
    """As deep-person-reid saves its Rank-1, under the name of numpy's module before numpy 2 and since."""
    buffer, file = io.BytesIO(), tmp_path / "weights.pth"
    torch.save({"state_dict": STATE["model"], **NUMBERS}, buffer, _use_new_zipfile_serialization=not legacy)
    content = renamed(buffer.getvalue(), core)
    assert f"c{core}.multiarray\n".encode() in content
    file.write_bytes(content)
    found = load_checkpoint(file)
    assert torch.equal(found["state_dict"]["base.weight"], torch.arange(50.0))
    for name, value in NUMBERS.items():
        assert type(found[name]) is type(value) and np.array_equal(found[name], value), name
    assert "numpy" not in str(torch.serialization.get_safe_globals()), "other readers are as strict as before"


def renamed(content: bytes, core: str) -> bytes:
    """The file with numpy's module under this name."""

    def rename(pickled: bytes) -> bytes:
        return re.sub(rb"cnumpy\._?core\.multiarray\n", f"c{core}.multiarray\n".encode(), pickled)

    if not zipfile.is_zipfile(io.BytesIO(content)):
        return rename(content)
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w") as target:
        for member in source.namelist():
            data = source.read(member)
            target.writestr(member, rename(data) if member.endswith("data.pkl") else data)
    return buffer.getvalue()


class Call:
    """Pickled as a call of one of numpy's own functions."""

    def __init__(self, *reduced):
        self.reduced = reduced

    def __reduce__(self):
        return self.reduced


@pytest.mark.parametrize(
    "hostile",
    [
        Call(np.fromfile, ("secret.txt",)),
        Call(np.memmap, ("secret.txt",)),
        Call(np.load, ("secret.txt",)),
        np.array([Attack()], dtype=object),
        np.array([(1, Attack())], dtype=[("a", "i4"), ("b", "O")]),
        Call(np.dtype, ("S5",), (3, "|", None, None, None, -5, 1, 0)),  # a size that numpy would believe
        np.array(["text"]),
    ],
    ids=["fromfile", "memmap", "load", "objects", "fields", "size", "text"],
)
def test_of_numpy_only_numbers_are_read(tmp_path, monkeypatch, hostile):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.txt").write_text("1 2 3")
    file = tmp_path / "weights.pth"
    torch.save({"model": torch.ones(2), "extra": hostile}, file)
    with pytest.raises(InputError, match="could run code"):
        load_checkpoint(file)
    assert not (tmp_path / "attacked").exists()


@pytest.mark.parametrize("legacy", [False, True])
def test_a_commands_flags_are_data(tmp_path, monkeypatch, legacy):
    """As DINO saves them beside its networks; but nothing in them that is more than data."""
    monkeypatch.chdir(tmp_path)
    file, flags = tmp_path / "weights.pth", Namespace(arch="vit_small", lr=0.1, scale=(0.8, 1.0), gpu=None)
    torch.save({"teacher": STATE["model"], "args": flags}, file, _use_new_zipfile_serialization=not legacy)
    assert load_checkpoint(file)["args"] == flags
    assert torch.equal(read_state_dict(file)["base.weight"], torch.arange(50.0))
    flags.lr = Attack()
    torch.save({"teacher": STATE["model"], "args": flags}, file, _use_new_zipfile_serialization=not legacy)
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


def test_what_cannot_be_written_leaves_the_old_file(tmp_path, monkeypatch):
    file, previous = tmp_path / "last.pth", tmp_path / "last.previous.pth"
    save_atomically({"number": 1}, file, previous)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    line = f"cannot write {file}: No space left on device; the weights saved before are intact"
    with pytest.raises(InputError, match=re.escape(line)):
        save_atomically({"number": 2}, file, previous)
    assert load_checkpoint(file) == {"number": 1} and [*tmp_path.iterdir()] == [file]


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="open files are listed there")
def test_no_file_is_replaced_while_it_is_open_or_mapped(tmp_path, monkeypatch):
    """Windows refuses that; here it would pass unnoticed."""
    replace = os.replace

    def strict(source, target):
        for place in map(os.path.realpath, (source, target)):
            held = {os.path.realpath(entry.path) for entry in os.scandir("/proc/self/fd")}
            with open("/proc/self/maps") as maps:
                mapped = {line.split(maxsplit=5)[5].strip() for line in maps if len(line.split()) > 5}
            assert place not in held | mapped, place
        replace(source, target)

    monkeypatch.setattr(os, "replace", strict)
    file, previous = tmp_path / "last.pth", tmp_path / "last.previous.pth"
    for number in (1, 2, 3):
        save_atomically({"number": number, "tensor": torch.ones(1000)}, file, previous)
        content = load_checkpoint(file)  # held while it is replaced, as a training that was resumed holds it
    assert content["number"] == 3
    mapped = torch.load(file, mmap=True)
    with pytest.raises(AssertionError, match="last.pth"):
        save_atomically({"number": 4}, file)
    assert mapped["tensor"].sum() == 1000
