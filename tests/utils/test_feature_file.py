"""Files of names and features, written piece by piece and read back."""

import csv
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest

from utils.errors import InputError
from utils.feature_file import FORMATS, read_features, write_features

NAMES = ["a/1.jpg", "王, 2.png", 'b"3.bmp', "4.jpg", "5.jpg"]
FEATURES = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32) * np.array(
    [1e-6, 1, 1e6], np.float32
)


@pytest.fixture(params=FORMATS)
def file(request, tmp_path):
    return tmp_path / "folder" / f"features{request.param}"


def write(file, names=NAMES, features=FEATURES):
    with write_features(file) as add:
        add(names[:2], features[:2])
        add(names[2:], features[2:])


def test_what_is_written_is_read(file):
    write(file)
    names, features = read_features(file)
    assert names == NAMES and features.dtype == np.float32
    assert np.array_equal(features, FEATURES), "to the last bit, also as text"


def test_other_programs_read_it(tmp_path):
    for suffix in (".npz", ".parquet", ".csv", ".h5"):
        write(tmp_path / f"f{suffix}")
    arrays = np.load(tmp_path / "f.npz")
    assert arrays["names"].tolist() == NAMES and np.array_equal(arrays["features"], FEATURES)
    table = pq.read_table(tmp_path / "f.parquet")
    assert table["name"].to_pylist() == NAMES and table["feature"].to_pylist() == FEATURES.tolist()
    with open(tmp_path / "f.csv", newline="", encoding="utf-8-sig") as stream:
        lines = list(csv.reader(stream))
    assert lines[0] == ["name", "f0", "f1", "f2"] and [line[0] for line in lines[1:]] == NAMES
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "f.h5") as content:
        assert list(content["names"].asstr()) == NAMES and np.array_equal(content["features"], FEATURES)


def test_nothing_is_left_of_a_file_that_was_not_finished(file):
    file.parent.mkdir()
    file.write_text("the one before")
    with pytest.raises(KeyError), write_features(file) as add:
        add(NAMES[:2], FEATURES[:2])
        raise KeyError
    assert file.read_text() == "the one before" and [*file.parent.iterdir()] == [file]


def test_what_cannot_be_written(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"are kept in \.parquet, \.npz, \.h5, \.csv files"):
        write(tmp_path / "features.txt")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write .*features.csv"):
        write(tmp_path / "file" / "features.csv")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(InputError, match="h5py is not installed.*pip install -r requirements-export.txt"):
        write(tmp_path / "features.h5")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
