"""Whatever lies in a folder or a table: a data set, or one line that says what is wrong with it."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from data.datasets import Record, ReidDataset
from data.datasets.custom import read_custom
from data.datasets.market_layout import read_market_layout
from utils.errors import InputError

FUZZ = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
unix = pytest.mark.skipif(sys.platform == "win32", reason="names of any bytes")


@pytest.fixture(scope="module", autouse=True)
def quiet():
    """Without the warnings, which are many."""
    from loguru import logger

    logger.disable("data")
    yield
    logger.enable("data")


def check(read) -> None:
    """The reader gives a data set that the loaders can take, or an InputError of one line."""
    try:
        dataset = read()
    except InputError as error:
        assert "\n" not in str(error) and str(error)
        return
    assert isinstance(dataset, ReidDataset)
    assert {r.pid for r in dataset.train} == set(range(dataset.num_train_pids))
    for record in dataset.train + dataset.query + dataset.gallery:
        assert isinstance(record, Record) and abs(record.pid) < 2**31 and abs(record.camid) < 2**31
        record.path.encode()


def check_table(name: str, write) -> None:
    """A table beside one image file."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "x.jpg").write_bytes(b"")
        write(Path(folder) / name)
        check(lambda: read_custom(Path(folder) / name))


ODD = st.text(max_size=8) | st.sampled_from(["", '"', "a,b", "\n", "\0", "..", "\ufeff", "1e999", "\u2028"])
PATHS = st.sampled_from(["x.jpg", "./x.jpg", ".\\x.jpg", "gone.jpg"])
PEOPLE = st.sampled_from(["1", "01", "7.0", "王五", "a b"])
SPLITS = st.sampled_from(["train", "Train", "query", "gallery"]) | st.sampled_from(["test", "train"])
HEADER = ("path", "person_id", "camera_id", "split")


@given(
    content=st.binary(max_size=300)
    | st.text(max_size=300).map(lambda text: f"path,split,person_id\n{text}".encode())
)
@FUZZ
def test_random_csv(content):
    check_table("t.csv", lambda file: file.write_bytes(content))


@given(
    rows=st.lists(st.tuples(PATHS, PEOPLE, PEOPLE, SPLITS), min_size=1, max_size=5),
    odd=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), ODD), max_size=2),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
)
@FUZZ
def test_random_rows(rows, odd, delimiter, encoding):
    """Tables that are right but for up to two cells, of the heading as well."""
    table = [list(HEADER), *map(list, rows)]
    for row, column, text in odd:
        table[row % len(table)][column] = text
    # By hand, since the csv module of Python 3.10 writes no NUL.
    quoted = [['"{}"'.format(cell.replace('"', '""')) for cell in row] for row in table]
    content = "".join(f"{delimiter.join(row)}\r\n" for row in quoted).encode(encoding, errors="replace")
    check_table("t.csv", lambda file: file.write_bytes(content))


VALUES = [st.none(), st.integers(-(2**63), 2**63 - 1), st.floats(), ODD, st.booleans(), st.binary(max_size=4)]


@given(
    rows=st.lists(
        st.tuples(PATHS, PEOPLE | st.integers(0, 9).map(str), PEOPLE, SPLITS), min_size=1, max_size=5
    ),
    odd=st.none() | st.tuples(st.integers(0, 3), st.sampled_from(VALUES)),
    data=st.data(),
)
@FUZZ
def test_random_parquet(rows, odd, data):
    """Tables that are right but for one column of any type."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    if odd:
        place, values = odd
        columns[place] = data.draw(st.lists(values, min_size=len(rows), max_size=len(rows)))

    def write(file: Path) -> None:
        try:
            pyarrow.parquet.write_table(pyarrow.table(columns, names=HEADER), file)
        except UnicodeEncodeError:  # half a character, which is not text
            assume(False)

    check_table("t.parquet", write)


@given(content=st.binary(max_size=200))
@FUZZ
def test_random_bytes_as_parquet(content):
    check_table("t.parquet", lambda file: file.write_bytes(b"PAR1" + content + b"PAR1"))


PIECES = st.sampled_from(
    [b"0002_c1s1_000451_03", b"_c3", b"c3s1", b"-1_c1", b".jpg", b".", b" ", b"\n", b"\xff", b"_c", b"0"]
)
NAMES = (st.binary(min_size=1, max_size=30) | st.lists(PIECES, min_size=1, max_size=6).map(b"".join)).map(
    lambda name: name.replace(b"/", b"_").replace(b"\0", b"_")
)


@unix
@given(
    names=st.lists(NAMES, max_size=6),
    people=st.lists(NAMES, max_size=3),
    folders=st.lists(st.booleans(), min_size=6, max_size=6),
)
@FUZZ
def test_random_names(names, people, folders):
    root = tempfile.mkdtemp()
    try:
        for part in (
            "train",
            "test",
            *(("bounding_box_train", "query", "bounding_box_test") if folders[0] else ()),
        ):
            for person in [b"", *people]:
                for name, is_folder in zip(names, folders, strict=False):
                    place(os.path.join(os.fsencode(root), part.encode(), person), name, is_folder)
        check(lambda: read_custom(Path(root)))
        check(lambda: read_market_layout(Path(root), "M", whole=False))
    finally:
        shutil.rmtree(root)


def place(folder: bytes, name: bytes, is_folder: bool) -> None:
    """Make an entry, where its name is one and nothing is in the way."""
    path = os.path.join(folder, name)
    try:
        os.makedirs(path if is_folder else folder, exist_ok=True)
        if not is_folder:
            open(path, "xb").close()
    except OSError:
        pass
