import codecs
import sys
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from config import ConfigError, load_cfg
from data import make_data_loader, read_dataset
from data.datasets import find_custom
from data.datasets.custom import read_custom
from tests.conftest import SMALL_NET
from tests.data.custom_data import short, write_image, write_images
from tools.start import read_settings
from utils.errors import InputError


def test_folder_of_people(tmp_path, caplog_loguru):
    write_images(
        tmp_path,
        "train/王五/a_c2.jpg",
        "train/王五/2024/夏/b_c10s1_07.PNG",
        "train/Анна/c1s3_000.webp",
        "query/bob/x_c2.bmp",
        "gallery/bob/y_c10.tiff",
        "gallery/王五/z_c1.ppm",
    )
    (tmp_path / "train" / "Анна" / "notes.txt").write_text("no image")
    (tmp_path / "train" / "Анна" / ".hidden.jpg").write_text("no image")
    dataset = read_custom(tmp_path)
    assert dataset.name == tmp_path.name
    # Training people first, in the order of their names; cameras 1, 2, 10.
    assert short(dataset.train, tmp_path) == [
        ("train/Анна/c1s3_000.webp", 0, 0),
        ("train/王五/2024/夏/b_c10s1_07.PNG", 1, 2),
        ("train/王五/a_c2.jpg", 1, 1),
    ]
    assert short(dataset.query, tmp_path) == [("query/bob/x_c2.bmp", 2, 1)]
    assert short(dataset.gallery, tmp_path) == [
        ("gallery/bob/y_c10.tiff", 2, 2),
        ("gallery/王五/z_c1.ppm", 1, 0),
    ]
    assert [dataset.names.person(pid) for pid in (0, 1, 2)] == ["Анна", "王五", "bob"]
    assert [dataset.names_of("train").camera(c) for c in (0, 1, 2)] == ["1", "2", "10"]
    assert not caplog_loguru


@pytest.mark.parametrize(
    "name, camera",
    [("0002_c1s1_000451_03.jpg", "1"), ("c3s1.jpg", "3"), ("door_c03.jpg", "3"), ("c12-4.jpg", "12")]
    + [(name, None) for name in ("abc3.jpg", "img_c3po.jpg", "c.jpg", "dc3s1.jpg", "_c3sx.jpg")],
)
def test_camera_in_a_file_name(tmp_path, name, camera):
    write_images(tmp_path, f"query/a/{name}", "gallery/a/x_c77.jpg")
    dataset = read_custom(tmp_path)
    assert dataset.names.camera(dataset.query[0].camid) == (camera or "none")


def test_test_folder_is_divided(tmp_path):
    names = [f"test/a/{n}_c{c}.jpg" for n, c in [(1, 1), (2, 1), (3, 2), (4, 2)]]
    write_images(tmp_path, *names, "test/b/1_c1.jpg", "test/b/2_c2.jpg", "test/c/1_c1.jpg")
    dataset = read_custom(tmp_path)
    assert not dataset.train
    # a: the first of each camera. b: one image in each camera, the first of all, or no match would be left.
    assert [path for path, *_ in short(dataset.query, tmp_path)] == [
        names[0],
        names[2],
        "test/b/1_c1.jpg",
    ] + ["test/c/1_c1.jpg"]
    assert [path for path, *_ in short(dataset.gallery, tmp_path)] == [names[1], names[3], "test/b/2_c2.jpg"]


def test_without_camera_ids_no_match_is_left_out(tmp_path, caplog_loguru):
    write_images(tmp_path, "train/a/1.jpg", "test/b/1.jpg", "test/b/2.jpg", "test/b/3.jpg")
    dataset = read_custom(tmp_path)
    assert [r.camid for r in dataset.query] == [0] and [r.camid for r in dataset.gallery] == [1, 1]
    (line,) = caplog_loguru
    assert "4 of 4 images have no camera id; queries without one count as one camera" in line


def test_market_layout_is_recognised(tmp_path):
    write_images(tmp_path / "all", *(f"{part}/0002_c{c}s1_000451_03.jpg" for part, c in
                 [("bounding_box_train", 1), ("query", 2), ("bounding_box_test", 3)]))  # fmt: skip
    assert [r.camid for r in read_custom(tmp_path / "all").query] == [1]
    write_images(tmp_path / "tested", "query/0002_c2s1_000451_03.jpg", "bounding_box_test/0002_c3_1.jpg")
    assert read_custom(tmp_path / "tested").train == [] and read_custom(tmp_path / "tested").name == "tested"


def test_what_is_no_data_set(tmp_path, caplog_loguru):
    with pytest.raises(InputError, match="is not a data set: it needs train, query and gallery .or test"):
        read_custom(tmp_path)
    (tmp_path / "train" / "nobody").mkdir(parents=True)
    write_images(tmp_path, "train/stray.jpg")
    with pytest.raises(InputError, match="holds no image"):
        read_custom(tmp_path)
    assert "1 image that is in no person's folder: stray.jpg" in caplog_loguru[0]
    assert "1 folder without an image: nobody" in caplog_loguru[1]
    write_images(tmp_path, "test/a/1.jpg", "gallery/a/1.jpg")
    with pytest.raises(InputError, match="has test beside query or gallery"):
        read_custom(tmp_path)


CSV = """path,person_id,camera_id,split
a/1.jpg,王五,门口,train
a/2.jpg,王五,大厅,train
"b/1, 2.jpg",7,门口,Query
b\\2.jpg,7,大厅,gallery

"""


@pytest.fixture
def table(tmp_path):
    write_images(tmp_path, "a/1.jpg", "a/2.jpg", "b/1, 2.jpg", "b/2.jpg")

    def write(content: str | bytes) -> Path:
        content = content.encode() if isinstance(content, str) else content
        (tmp_path / "people.csv").write_bytes(content)
        return tmp_path / "people.csv"

    return write


@pytest.mark.parametrize(
    "content",
    [
        CSV.encode(),
        codecs.BOM_UTF8 + CSV.replace("\n", "\r\n").encode(),
        CSV.encode("gb18030"),
        CSV.replace("camera_id", " Camera_ID ").encode(),
    ],
)
def test_csv(tmp_path, table, content):
    dataset = read_custom(table(content))
    assert dataset.name == "people"
    assert short(dataset.train, tmp_path) == [("a/1.jpg", 0, 1), ("a/2.jpg", 0, 0)]
    assert short(dataset.query + dataset.gallery, tmp_path) == [("b/1, 2.jpg", 1, 1), ("b/2.jpg", 1, 0)]
    assert [dataset.names.person(pid) for pid in (0, 1)] == ["王五", "7"]
    assert {dataset.names.camera(c) for c in (0, 1)} == {"门口", "大厅"}


def test_csv_of_other_spreadsheets(table):
    content = "path;split;person_id\na/1.jpg;test;1\na/2.jpg;test;1\n"
    for text in (content, content.replace(";", "\t")):
        dataset = read_custom(table(text))
        assert (len(dataset.query), len(dataset.gallery)) == (1, 1)
        assert dataset.query[0].camid != dataset.gallery[0].camid


@pytest.mark.parametrize(
    "content, message",
    [
        ("path,person,split\n", "the column person_id is missing; .* it has 'path', 'person', 'split'"),
        ("", "the column path is missing; .* it has none"),
        ("path,person_id,split\n", "holds no image"),
        (CSV + "b/2.jpg,,门口,train\n", "people.csv, row 7: person_id is empty"),
        (
            CSV + "b/2.jpg,7,,train\n",
            "row 7: camera_id is empty; fill it in every row, or leave the column out",
        ),
        (CSV + "b/2.jpg,7,门口\n", "row 7: split is empty"),
        (CSV + "b/2.jpg,7,门口,trian\n", "row 7: unknown split 'trian'; valid: train, query, gallery, test"),
        (CSV + '"b/2\n.jpg",7,门口,train\n', "row 7: path 'b/2.n.jpg' holds control characters"),
        (
            CSV.replace("a/", "x/a/").replace("b", "x/b"),
            "none of its images exists, such as .*x/a/1.jpg; paths are rel",
        ),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "neither UTF-8 nor GB18030"),
        (CSV + '"' + "x" * 200_000 + '"', "row 7: not CSV"),
    ],
)
def test_bad_csv(table, content, message):
    with pytest.raises(InputError, match=message) as error:
        read_custom(table(content))
    assert "\n" not in str(error.value)


def test_parquet(tmp_path, table):
    columns = {
        "path": ["a/1.jpg", "a/2.jpg", "b/2.jpg"],
        "person_id": [7, 7, 7],
        "camera_id": [1.0, 2.0, 10.0],
        "split": ["train", "query", "gallery"],
        "note": [None, None, None],
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "people.parquet")
    dataset = read_custom(tmp_path / "people.parquet")
    assert short(dataset.gallery, tmp_path) == [("b/2.jpg", 0, 2)]
    assert dataset.names.person(0) == "7" and dataset.names.camera(2) == "10"
    columns["camera_id"] = [1.0, float("nan"), 10.0]
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "people.parquet")
    with pytest.raises(InputError, match="people.parquet, row 3: camera_id is empty"):
        read_custom(tmp_path / "people.parquet")
    (tmp_path / "people.parquet").write_bytes(b"PAR1 but no more")
    with pytest.raises(InputError, match="people.parquet is not a Parquet table"):
        read_custom(tmp_path / "people.parquet")


def test_a_path_is_absolute_or_from_here_or_below_the_root(tmp_path, monkeypatch):
    (tmp_path / "root" / "mine").mkdir(parents=True)
    (tmp_path / "root" / "t.CSV").write_text("")
    (tmp_path / "root" / "t.txt").write_text("")
    root, mine = str(tmp_path / "root"), tmp_path / "root" / "mine"
    assert find_custom("mine", root) == find_custom(str(mine), "x") == mine
    assert find_custom("t.CSV", root) == tmp_path / "root" / "t.CSV"
    for name in ("t.txt", "yours", ""):
        assert find_custom(name, root) is None
    monkeypatch.chdir(tmp_path)
    assert find_custom("root/mine", "x") == Path("root/mine")


def test_names_are_checked_before_anything_is_read(tmp_path):
    words = ["DATASETS.ROOT_DIR", str(tmp_path)]
    with pytest.raises(
        ConfigError, match="unknown 'duketmc' .did you mean dukemtmc.*veri.*of your own folder"
    ):
        read_settings("train", [*words, "DATASETS.NAMES", "market1501,duketmc"])
    with pytest.raises(ConfigError, match="unknown 'mine'"):
        read_settings("train", [*words, "DATASETS.TEST_NAME", "mine"])
    (tmp_path / "mine").mkdir()
    read_settings("train", [*words, "DATASETS.TEST_NAME", "mine"])
    # A test reads the tested set alone.
    read_settings("test", [*words, "DATASETS.TEST_NAME", "mine", "DATASETS.NAMES", "gone"])


def test_custom_folder_through_to_batches(tmp_path):
    for person in range(4):
        write_images(tmp_path / "mine", *(f"train/p{person}/{n}_c{n}.jpg" for n in (1, 2)))
    write_images(tmp_path / "mine", "test/t/1.jpg", "test/t/2.jpg")
    settings = ["DATASETS.ROOT_DIR", str(tmp_path), "DATASETS.NAMES", "mine", "DATALOADER.NUM_INSTANCE", "2"]
    cfg = load_cfg([*SMALL_NET, *settings, "--IMS_PER_BATCH", "4"])
    train_loader, val_loader, num_query, num_classes = make_data_loader(cfg)
    assert (num_query, num_classes) == (1, 4)
    batch = next(iter(train_loader))
    assert batch.images.shape == (4, 3, 64, 32) and not batch.bad
    assert [pid for batch in val_loader for pid in batch.pids.tolist()] == [4, 4]
    named = train_loader.dataset.names.person, val_loader.dataset.names.person
    assert [one(pid) for one, pid in zip(named, (3, 4), strict=True)] == ["p3", "t"]


def test_a_part_that_is_missing(tmp_path):
    write_images(tmp_path / "tested", "test/t/1.jpg", "test/t/2.jpg")
    write_images(tmp_path / "trained", "train/t/1.jpg", "train/t/2.jpg")
    root = ["DATASETS.ROOT_DIR", str(tmp_path)]
    only_tested = load_cfg([*root, "DATASETS.NAMES", "tested"])
    assert read_dataset(only_tested).train == [] and len(read_dataset(only_tested, train=False).query) == 1
    with pytest.raises(InputError, match="tested has no training images .*DATASETS.NAMES"):
        make_data_loader(only_tested)
    with pytest.raises(InputError, match="tested has no training images"):
        read_dataset(load_cfg([*root, "DATASETS.NAMES", "trained,tested"]))
    with pytest.raises(InputError, match="trained has no query or no gallery images.*DATASETS.TEST_NAME"):
        read_dataset(load_cfg([*root, "DATASETS.NAMES", "trained"]))
    both = read_dataset(load_cfg([*root, "DATASETS.NAMES", "trained", "DATASETS.TEST_NAME", "tested"]))
    assert (len(both.train), len(both.query), both.name) == (2, 1, "trained, tested on tested")


def test_files_of_a_table_that_are_gone_are_left_to_reading(tmp_path, table):
    dataset = read_custom(table(CSV + "b/gone.jpg,7,门口,gallery\n"))
    assert dataset.gallery[-1].path.endswith("gone.jpg")
    write_image(tmp_path / "b/gone.jpg")


@pytest.mark.parametrize("junk", ["-1", "-0001", "-1.0"])
def test_junk_is_left_out_as_of_market_1501_and_distractors_stay(tmp_path, caplog_loguru, junk):
    """As layumi's prepare.py lays Market-1501 out: junk under -1, distractors under 0000."""
    names = ["query/0002/1_c1s1.jpg", "gallery/0002/2_c2s1.jpg", "gallery/0000/3_c3s1.jpg"]
    write_images(tmp_path / "m", "train/0003/0_c1s1.jpg", *names)
    without = read_custom(tmp_path / "m")
    caplog_loguru.clear()
    write_images(tmp_path / "m", f"gallery/{junk}/4_c3s1.jpg", f"train/{junk}/5_c1s1.jpg")
    assert read_custom(tmp_path / "m") == without
    (line,) = caplog_loguru
    assert f"left out 2 images of the person {junk}" in line and "junk" in line
    assert [without.names.person(r.pid) for r in without.gallery] == ["0000", "0002"]
    rows = [f"m/{name},{name.split('/')[1]},{name.split('/')[0]}" for name in names]
    rows += [f"m/gallery/{junk}/4_c3s1.jpg,{junk},gallery"]
    (tmp_path / "t.csv").write_text("\n".join(["path,person_id,split", *rows]))
    caplog_loguru.clear()
    assert len(read_custom(tmp_path / "t.csv").gallery) == 2
    assert any(f"left out 1 image of the person {junk}" in line for line in caplog_loguru)


@pytest.mark.parametrize("person", ["-10", "1", "-", "--1", "a-1", "01"])
def test_what_is_not_junk(tmp_path, caplog_loguru, person):
    write_images(tmp_path, f"query/{person}/1_c1.jpg", f"gallery/{person}/1_c2.jpg")
    assert len(read_custom(tmp_path).gallery) == 1 and not caplog_loguru


def test_folders_that_are_not_read_are_named(tmp_path, caplog_loguru):
    write_images(tmp_path, "train/a/1_c1.jpg", "query/b/1_c1.jpg", "gallery/b/1_c2.jpg")
    write_images(tmp_path, "train_all/a/1_c1.jpg", "val/a/1_c1.jpg", "multi-query/b/1_c1.jpg")
    write_images(tmp_path, "__MACOSX/a/1_c1.jpg", ".cache/a/1_c1.jpg", "gallery/b/@eaDir/1_c2.jpg")
    assert len(read_custom(tmp_path).gallery) == 1
    (line,) = caplog_loguru
    assert "left out 3 folders beside train, query, gallery" in line
    assert line.rstrip().endswith("multi-query, train_all, val")


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_folder_that_is_read_under_another_name_is_not_left_out(tmp_path, caplog_loguru):
    write_images(tmp_path, "train_all/a/1_c1.jpg")
    (tmp_path / "train").symlink_to(tmp_path / "train_all")
    assert len(read_custom(tmp_path).train) == 1 and not caplog_loguru
