"""The published data sets, each as a handful of empty files with its names."""

import pytest
from yacs.config import CfgNode

from data.datasets import DATASETS, counts
from data.datasets.published import PUBLISHED
from utils.errors import InputError


def section(root, **more) -> CfgNode:
    return CfgNode({"ROOT_DIR": str(root), "CUHK03_LABELED": False, **more})


def make(folder, files: dict[str, list[str]]) -> None:
    for subset, names in files.items():
        (folder / subset).mkdir(parents=True)
        for name in [*names, "Thumbs.db"]:
            (folder / subset / name).write_bytes(b"")


def plain(records) -> list[tuple[str, int, int]]:
    return [(r.path.rpartition("/")[2], r.pid, r.camid) for r in records]


DUKE = {
    "bounding_box_train": ["0005_c2_f0046985.jpg", "0001_c8_f0046182.jpg"],
    "query": ["0005_c5_f0051781.jpg"],
    "bounding_box_test": ["0005_c1_f0051781.jpg", "7139_c8_f0051781.jpg"],
}
CUHK03 = {
    "bounding_box_train": ["0003_c1_21.png", "0003_c2_26.png"],
    "query": ["0001_c1_1.png"],
    "bounding_box_test": ["0001_c2_7.png"],
}
VERI = {
    "image_train": ["0001_c001_00016450_0.jpg", "0771_c020_00016450_0.jpg"],
    "image_query": ["0002_c002_00030600_0.jpg"],
    "image_test": ["0002_c019_00030600_0.jpg"],
}


@pytest.mark.parametrize("folder", ["dukemtmc-reid/DukeMTMC-reID", "DukeMTMC-reID", "dukemtmc"])
def test_dukemtmc(tmp_path, folder):
    make(tmp_path / folder, DUKE)
    dataset = DATASETS["dukemtmc"](section(tmp_path))
    assert dataset.name == "DukeMTMC-reID"
    assert plain(dataset.train) == [("0001_c8_f0046182.jpg", 0, 7), ("0005_c2_f0046985.jpg", 1, 1)]
    assert plain(dataset.query) == [("0005_c5_f0051781.jpg", 5, 4)]
    assert [r.pid for r in dataset.gallery] == [5, 7139]
    assert [dataset.train_names.person(pid) for pid in (0, 1)] == ["1", "5"]
    assert dataset.names.person(5) == "5" and dataset.names.camera(4) == "5"


def test_occluded_duke(tmp_path):
    make(tmp_path / "Occluded_Duke", DUKE)
    dataset = DATASETS["occluded_duke"](section(tmp_path))
    assert dataset.name == "Occluded-Duke" and len(dataset.gallery) == 2


@pytest.mark.parametrize("labeled", [False, True])
def test_cuhk03_has_two_kinds_of_boxes(tmp_path, labeled):
    make(tmp_path / "cuhk03-np" / ("labeled" if labeled else "detected"), CUHK03)
    dataset = DATASETS["cuhk03"](section(tmp_path, CUHK03_LABELED=labeled))
    assert plain(dataset.train) == [("0003_c1_21.png", 0, 0), ("0003_c2_26.png", 0, 1)]
    with pytest.raises(InputError, match="is missing; is the archive unpacked whole"):
        DATASETS["cuhk03"](section(tmp_path, CUHK03_LABELED=not labeled))


def test_veri(tmp_path):
    make(tmp_path / "VeRi", VERI)
    dataset = DATASETS["veri"](section(tmp_path))
    assert plain(dataset.train)[1] == ("0771_c020_00016450_0.jpg", 1, 19)
    assert plain(dataset.query + dataset.gallery) == [
        ("0002_c002_00030600_0.jpg", 2, 1),
        ("0002_c019_00030600_0.jpg", 2, 18),
    ]


MSMT17 = {
    "train": ["0000/0000_000_01_0303morning_0015_0.jpg 0", "0004/0004_000_15_0303morning_0015_0.jpg 4"],
    "val": ["0002/0002_001_03_0303noon_0020_1.jpg 2"],
    "query": ["0000/0000_000_05_0303morning_0015_0.jpg 0", ""],
    "gallery": ["0000/0000_001_14_0303afternoon_0015_0.jpg 0", "0001/0001_001_02_0303noon_0015_0.jpg 1"],
}


def make_msmt17(folder, images: tuple[str, str], lists=MSMT17) -> None:
    for name in images:
        (folder / name).mkdir(parents=True)
    for part, lines in lists.items():
        (folder / f"list_{part}.txt").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    "folder, images",
    [
        ("MSMT17_V1", ("train", "test")),
        ("msmt17/MSMT17_V1", ("train", "test")),
        ("MSMT17_V2", ("mask_train_v2", "mask_test_v2")),
        ("msmt17", ("mask_train_v2", "mask_test_v2")),
    ],
)
def test_msmt17(tmp_path, folder, images):
    make_msmt17(tmp_path / folder, images)
    dataset = DATASETS["msmt17"](section(tmp_path))
    base = tmp_path / folder
    # The validation part joins training, and the classes follow the ids.
    assert [(r.path, r.pid, r.camid) for r in dataset.train] == [
        (str(base / images[0] / "0000/0000_000_01_0303morning_0015_0.jpg"), 0, 0),
        (str(base / images[0] / "0004/0004_000_15_0303morning_0015_0.jpg"), 2, 14),
        (str(base / images[0] / "0002/0002_001_03_0303noon_0020_1.jpg"), 1, 2),
    ]
    assert dataset.query[0].path == str(base / images[1] / "0000/0000_000_05_0303morning_0015_0.jpg")
    assert [(r.pid, r.camid) for r in dataset.query + dataset.gallery] == [(0, 4), (0, 13), (1, 1)]


def test_msmt17_unpacked_in_part(tmp_path):
    make_msmt17(tmp_path / "MSMT17_V1", ("train", "test"))
    (tmp_path / "MSMT17_V1" / "list_val.txt").unlink()
    with pytest.raises(InputError, match="cannot read .*list_val.txt: No such file"):
        DATASETS["msmt17"](section(tmp_path))
    (tmp_path / "MSMT17_V1" / "list_val.txt").write_text("0000/0000.jpg 0\n")
    with pytest.raises(InputError, match="list_val.txt, line 1: '0000/0000.jpg 0' is not like"):
        DATASETS["msmt17"](section(tmp_path))
    (tmp_path / "MSMT17_V1" / "list_val.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="list_val.txt: it is not text"):
        DATASETS["msmt17"](section(tmp_path))
    (tmp_path / "MSMT17_V1" / "test").rmdir()
    with pytest.raises(InputError, match="neither mask_train_v2 and mask_test_v2 nor train and test"):
        DATASETS["msmt17"](section(tmp_path))


@pytest.mark.parametrize("name", ["market1501", "dukemtmc", "msmt17", "cuhk03", "occluded_duke", "veri"])
def test_no_folder(tmp_path, name):
    with pytest.raises(InputError, match="not found: looked for .*; unpack .* DATASETS.ROOT_DIR") as error:
        DATASETS[name](section(tmp_path))
    assert "\n" not in str(error.value)


def test_a_set_that_differs_from_the_published_one_is_named(tmp_path, caplog_loguru, monkeypatch):
    make(tmp_path / "VeRi", VERI)
    DATASETS["veri"](section(tmp_path))
    (train,) = (m.strip() for m in caplog_loguru if m.startswith("VeRi-776, train"))
    assert train == (
        "VeRi-776, train: 2 ids, published 576 or 575; 2 images, published 37778 or 37746; "
        "2 cameras, published 20"
    )
    caplog_loguru.clear()
    whole = {"train": [(9, 9, 9), (2, 2, 2)], "query": [(1, 1, 1)], "gallery": [(1, 1, 1)]}
    monkeypatch.setitem(PUBLISHED, "VeRi-776", whole)
    DATASETS["veri"](section(tmp_path))
    assert not caplog_loguru


def test_published_figures_hold_together():
    """Every query's person is in the gallery, and there are at least as many images as people."""
    for figures in PUBLISHED.values():
        for variants in figures.values():
            assert all(images >= ids >= cameras >= 2 for ids, images, cameras in variants)
        assert figures["gallery"][0][0] >= figures["query"][0][0]


def test_counts(tmp_path):
    make(tmp_path / "dukemtmc", DUKE)
    assert counts(DATASETS["dukemtmc"](section(tmp_path)).gallery) == (2, 2, 2)
