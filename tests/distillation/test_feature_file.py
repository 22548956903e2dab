import csv

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from distillation.feature_file import read_features
from utils.errors import InputError
from utils.feature_file import FORMATS

PATHS = ["/data/train/0002_c1.jpg", "/data/train/王_c2.png", "/data/train/deep/0002_c3.jpg"]
FEATURES = np.arange(6, dtype=np.float32).reshape(3, 2)


def write(file, names, features) -> None:
    if file.suffix == ".npz":
        np.savez(file, names=np.array(names), features=features)
    elif file.suffix == ".parquet":
        pq.write_table(
            pa.table({"name": names, "feature": [list(map(float, row)) for row in features]}), file
        )
    elif file.suffix == ".h5":
        with pytest.importorskip("h5py").File(file, "w") as content:
            content["names"], content["features"] = list(names), features
    else:
        with open(file, "w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([name, *row] for name, row in zip(names, features, strict=True))


@pytest.mark.parametrize("suffix", FORMATS)
def test_by_name_in_any_order_and_more_than_needed(tmp_path, suffix):
    file = tmp_path / f"features{suffix}"
    names = ["another.jpg", *(path.rpartition("/")[2] for path in reversed(PATHS))]
    write(file, names, np.vstack([[9, 9], FEATURES[::-1]]))
    found = read_features(file, PATHS)
    assert found.dtype == np.float32 and np.array_equal(found, FEATURES)


def test_a_csv_may_have_titles(tmp_path):
    (tmp_path / "f.csv").write_text("name,x,y\n0002_c1.jpg,1,2\n", encoding="utf-8-sig")
    assert read_features(tmp_path / "f.csv", PATHS[:1]).tolist() == [[1, 2]]


def test_the_longest_end_of_a_path_counts(tmp_path):
    paths = ["/x/train/a/1.jpg", "/x/train/b/1.jpg"]
    file = tmp_path / "f.npz"
    write(file, ["1.jpg", "b\\1.jpg", "train/a/1.jpg"], np.eye(3))
    assert read_features(file, paths).tolist() == [[0, 0, 1], [0, 1, 0]]
    write(file, ["1.jpg"], np.eye(1))
    with pytest.raises(InputError, match="1.jpg is the name of several images; give more of the path"):
        read_features(file, paths)


def test_two_features_of_an_image_are_refused(tmp_path):
    file = tmp_path / "f.npz"
    write(file, ["a/1.jpg", "2.jpg", "a\\1.jpg"], np.eye(3))
    with pytest.raises(InputError, match="a/1.jpg has several features; keep one per image"):
        read_features(file, ["/x/a/1.jpg", "/x/2.jpg"])
    assert read_features(file, ["/x/2.jpg"]).tolist() == [[0, 1, 0]]


@pytest.mark.parametrize(
    "content, words",
    [
        ({"names": ["0002_c1.jpg"], "features": np.eye(1)}, "no feature for 2 of 3 images, such as .*王_c2"),
        ({"names": ["a", "b"], "features": np.eye(3)}, "2 names do not fit"),
        ({"names": ["a"], "features": np.ones(1)}, "do not fit"),
        ({"features": np.eye(3)}, "no names and features"),
        ({"names": ["a"], "features": np.full((1, 2), np.nan)}, "not finite"),
        ({"names": np.array([{}], dtype=object), "features": np.eye(1)}, "no names and features"),
    ],
)
def test_what_does_not_fit_is_one_line(tmp_path, content, words):
    np.savez(tmp_path / "f.npz", **content)
    with pytest.raises(InputError, match=words):
        read_features(tmp_path / "f.npz", PATHS)


def test_other_files(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_features(tmp_path / "f.npz", PATHS)
    with pytest.raises(InputError, match="are kept in .parquet, .npz, .h5, .csv"):
        read_features(tmp_path / "f.txt", PATHS)


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.binary(max_size=200) | st.text(max_size=60).map(str.encode), st.sampled_from([*FORMATS]))
@example(b"", ".csv")
@example(b"a,1,2\nb,1\n", ".csv")
@example(b"PK\x05\x06" + b"\0" * 18, ".npz")
def test_any_bytes_end_in_features_or_a_line(tmp_path, content, suffix):
    file = tmp_path / f"features{suffix}"
    file.write_bytes(content)
    with pytest.raises(InputError):
        read_features(file, PATHS)
