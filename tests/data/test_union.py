import pytest

from config import load_cfg
from data import read_dataset
from data.datasets import Names, Record, ReidDataset, joint_name
from data.datasets.union import unite
from tests.data.custom_data import write_images

A = ReidDataset(
    "A",
    [Record("a0", 0, 0), Record("a1", 1, 2), Record("a2", 1, 0)],
    [Record("aq", 5, 0)],
    [Record("ag", 5, 1)],
    train_names=Names({0: "17", 1: "4"}),
)
B = ReidDataset(
    "B",
    [Record("b0", 0, 0), Record("b1", 0, 1)],
    [Record("bq", 0, 3)],
    [Record("bg", 0, 4)],
    [Record("bm", 0, 3)],
    Names({0: "x"}, {0: "door", 1: "hall"}),
    Names({0: "y"}),
)


def test_classes_and_cameras_are_kept_apart():
    both = unite([A, B], B)
    assert both.name == "A+B, tested on B"
    assert [(r.pid, r.camid) for r in both.train] == [(0, 0), (1, 1), (1, 0), (2, 2), (2, 3)]
    assert both.num_train_pids == 3
    assert (both.query, both.gallery, both.multi_query, both.names) == (
        B.query,
        B.gallery,
        B.multi_query,
        B.names,
    )
    assert [both.train_names.person(pid) for pid in range(3)] == ["A 17", "A 4", "B x"]
    assert [both.train_names.camera(c) for c in range(4)] == ["A 1", "A 3", "B door", "B hall"]


@pytest.fixture
def root(tmp_path):
    for name, people in (("one", "ab"), ("two", "abc"), ("three", "d")):
        for person in people:
            write_images(tmp_path / name, *(f"train/{person}/{n}_c{n}.jpg" for n in (1, 2)))
        write_images(tmp_path / name, f"query/{name}/q_c1.jpg", f"gallery/{name}/g_c2.jpg")
    return tmp_path


@pytest.mark.parametrize("test_name, tested", [("", "one"), ("two", "two"), ("three", "three")])
def test_trained_on_several_and_tested_on_one(root, test_name, tested, caplog_loguru):
    words = ["DATASETS.ROOT_DIR", str(root), "DATASETS.NAMES", "[one, two]", "DATASETS.TEST_NAME", test_name]
    dataset = read_dataset(load_cfg(words))
    assert dataset.num_train_pids == 5 and len(dataset.train) == 10
    assert [record.path for record in dataset.query] == [str(root / tested / "query" / tested / "q_c1.jpg")]
    titles = [message.split("\n")[0] for message in caplog_loguru if message.startswith("=>")]
    read = ["one", "two"] if tested != "three" else ["one", "two", "three"]
    assert titles == [*(f"=> {name} loaded" for name in read), f"=> one+two, tested on {tested} loaded"]


def test_a_test_reads_the_tested_set_alone(root, caplog_loguru):
    words = ["DATASETS.ROOT_DIR", str(root), "DATASETS.NAMES", "gone", "DATASETS.TEST_NAME", "two"]
    assert read_dataset(load_cfg(words), train=False).name == "two"
    assert len([message for message in caplog_loguru if message.startswith("=>")]) == 1


def test_one_set_stays_as_it_is_read(root):
    assert read_dataset(load_cfg(["DATASETS.ROOT_DIR", str(root), "DATASETS.NAMES", "one"])).name == "one"


def test_names_on_the_command_line():
    for text in ("one,two", "[one,two]", "[one, two]", "('one', 'two')", '["one", "two"]'):
        assert load_cfg(["DATASETS.NAMES", text]).DATASETS.NAMES == ("one", "two")


def test_joint_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert joint_name(["market1501", "/data/my set/", "tables/行人.csv"]) == "market1501+my set+行人"
    assert joint_name(["."]) == tmp_path.name
