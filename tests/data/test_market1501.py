import pytest
from yacs.config import CfgNode

from data.datasets import statistics_table
from data.datasets.market1501 import read_market1501
from data.datasets.market_layout import read_market_layout
from utils.errors import InputError

NAMES = {
    "bounding_box_train": ["0007_c1s1_000001_01.jpg", "0007_c3s1_000002_01.jpg", "0002_c2s1_000003_00.jpg"],
    "query": ["0001_c1s1_001051_00.jpg", "0003_c6s1_001051_00.jpg"],
    "bounding_box_test": [
        "0001_c2s1_001051_01.jpg",
        "0000_c4s1_000001_02.jpg",
        "-1_c4s1_000001_02.jpg",
        "0003_c1s1_000009_01.JPG",
    ],
}


@pytest.fixture
def market(tmp_path):
    for folder, names in NAMES.items():
        path = tmp_path / "market1501" / folder
        path.mkdir(parents=True)
        for name in [*names, "Thumbs.db", "readme.txt"]:
            (path / name).write_bytes(b"")
    return tmp_path / "market1501"


def section(root) -> CfgNode:
    return CfgNode({"ROOT_DIR": str(root)})


def test_records(market):
    dataset = read_market_layout(market, "M")
    assert [(r.path.rpartition("/")[2], r.pid, r.camid) for r in dataset.train] == [
        ("0002_c2s1_000003_00.jpg", 0, 1),
        ("0007_c1s1_000001_01.jpg", 1, 0),
        ("0007_c3s1_000002_01.jpg", 1, 2),
    ]
    assert dataset.num_train_pids == 2
    assert [(r.pid, r.camid) for r in dataset.query] == [(1, 0), (3, 5)]
    # Distractors (0) count, junk (-1) does not.
    assert [(r.pid, r.camid) for r in dataset.gallery] == [(0, 3), (1, 1), (3, 0)]


def test_statistics_table(market):
    assert statistics_table(read_market_layout(market, "Market1501")).splitlines() == [
        "=> Market1501 loaded",
        "Dataset statistics:",
        "  ----------------------------------------",
        "  subset   | # ids | # images | # cameras",
        "  ----------------------------------------",
        "  train    |     2 |        3 |         3",
        "  query    |     2 |        2 |         2",
        "  gallery  |     3 |        3 |         3",
        "  ----------------------------------------",
    ]


@pytest.mark.parametrize("name", ["market1501", "Market1501", "Market-1501-v15.09.15"])
def test_found_under_its_usual_names_and_a_partial_set_is_named(market, name, caplog_loguru):
    market.rename(market.with_name(name))
    assert len(read_market1501(section(market.parent)).query) == 2
    (line,) = (m for m in caplog_loguru if m.startswith("Market1501, query: "))
    assert line.strip().endswith("2 ids, published 750; 2 images, published 3368; 2 cameras, published 6")


def test_files_with_other_names_are_left_out_and_named(market, caplog_loguru):
    (market / "query" / "holiday.jpg").write_bytes(b"")
    (market / "query" / "._0001_c1s1_001051_00.jpg").write_bytes(b"")  # left by macOS
    assert len(read_market_layout(market, "M").query) == 2
    assert len(caplog_loguru) == 1 and "holiday.jpg" in caplog_loguru[0]


def test_no_folder(tmp_path):
    with pytest.raises(InputError) as error:
        read_market1501(section(tmp_path))
    for name in ("market1501", "Market1501", "Market-1501-v15.09.15"):
        assert str(tmp_path / name) in str(error.value)
    assert "unpack" in str(error.value) and "DATASETS.ROOT_DIR" in str(error.value)


def test_half_unpacked(market):
    for file in (market / "query").iterdir():
        file.unlink()
    with pytest.raises(InputError, match="query holds no image named like .*; is the archive unpacked whole"):
        read_market1501(section(market.parent))
    (market / "query").rmdir()
    with pytest.raises(InputError, match="query is missing; is the archive unpacked whole"):
        read_market1501(section(market.parent))
