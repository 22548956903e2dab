"""tools/validate_data.py, and training and testing on data of one's own, as a user runs them."""

import json
import re
import shutil

import cv2
import pytest

from tests.conftest import SMALL_NET, assert_refused
from tests.data.custom_data import write_image


@pytest.fixture
def mine(tmp_path):
    """Four people to train on, two to test, as folders; camera ids in the names."""
    seed = iter(range(1000))
    for part, people in (("train", ["ann", "bob", "王五", "eve"]), ("test", ["x", "y"])):
        for person in people:
            for name in ("1_c1", "2_c1", "1_c2", "2_c2"):
                write_image(tmp_path / "mine" / part / person / f"{name}.jpg", next(seed))
    return tmp_path / "mine"


SETTINGS = ["DATASETS.NAMES", "mine", "--IMS_PER_BATCH", "16"]


def test_nothing_found(fresh_command, mine, tmp_path):
    done = fresh_command("tools/validate_data.py", *SETTINGS, "DATASETS.ROOT_DIR", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "=> mine loaded" in done.stdout and "nothing found" in done.stdout
    picture = cv2.imread(str(tmp_path / "logs" / "data-mine.png"))
    assert picture.shape[0] > 300 and picture.std() > 10
    assert sorted(p.name for p in tmp_path.iterdir()) == ["logs", "mine"], "no run, no cache"


def test_warnings(command, mine, tmp_path):
    shutil.copy(mine / "train/ann/1_c1.jpg", mine / "train/王五/3_c1.jpg")
    words = ["--json", tmp_path / "r.json", "--picture", tmp_path / "sub" / "p.png"]
    done = command("tools/validate_data.py", *words, *SETTINGS)
    assert done.returncode == 1, done.stderr
    assert "WARNING: 1 picture of train is there as two people" in done.stdout
    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert report["findings"][0]["names"] == ["mine/train/ann/1_c1.jpg = mine/train/王五/3_c1.jpg"]
    assert (tmp_path / "sub" / "p.png").is_file() and not (tmp_path / "logs").exists()


def test_errors(command, mine):
    (mine / "train/bob/1_c1.jpg").write_bytes(b"no image")
    shutil.rmtree(mine / "test")
    write_image(mine / "query/x/1_c1.jpg", 1)
    write_image(mine / "gallery/y/1_c2.jpg", 2)
    done = command("tools/validate_data.py", *SETTINGS)
    assert done.returncode == 2 and not done.stderr, done.stderr
    assert "ERROR: 1 file cannot be read as an image\n    mine/train/bob/1_c1.jpg\n    remove" in done.stdout
    assert "ERROR: none of 1 queries can have a match" in done.stdout
    refused = command("tools/train.py", *SMALL_NET, *SETTINGS)
    assert_refused(refused, "none of 1 queries can have a match", "x (camera 1)", "DATASETS.TEST_NAME")


@pytest.mark.parametrize(
    "words, message",
    [
        (["DATASETS.NAMES", "mnie"], "unknown 'mnie'"),
        (["--pictur", "x"], "unknown flag --pictur"),
        (
            [*SETTINGS, "--picture", "mine/train/ann/1_c1.jpg/x.png"],
            "cannot write mine/train/ann/1_c1.jpg/x.png",
        ),
        (
            [*SETTINGS, "--json", "mine/train/ann/1_c1.jpg/r.json"],
            "cannot write mine/train/ann/1_c1.jpg/r.json: ",
        ),
    ],
)
def test_bad_input(command, mine, words, message):
    assert_refused(command("tools/validate_data.py", *words), message)


def test_train_on_two_sets_and_test_on_a_table(command, mine, tiny_root, tmp_path):
    """A folder and drawn people are trained on together; each is tested, and a table never trained on."""
    rows = [
        f"mine/{p.relative_to(mine).as_posix()},{p.parent.name},test" for p in sorted(mine.glob("test/*/*"))
    ]
    (tmp_path / "people.csv").write_text("\n".join(["path,person_id,split", *rows]))
    names = ["DATASETS.NAMES", f"synthetic,{mine}", "DATASETS.ROOT_DIR", tiny_root]
    tiny = ["DATASETS.SYNTHETIC.TRAIN_IDS", 16, "DATASETS.SYNTHETIC.TEST_IDS", 4]
    tiny += ["DATASETS.SYNTHETIC.IMAGES_PER_CAMERA", 2]
    batch = ["--IMS_PER_BATCH", "16", "--MAX_EPOCHS", "1"]
    done = command("tools/train.py", *SMALL_NET, *names, *tiny, *batch, "DATASETS.TEST_NAME", mine)
    assert done.returncode == 0, done.stderr
    assert re.findall("=> (.*) loaded", done.stdout) == [
        "Synthetic",
        "mine",
        "Synthetic+mine, tested on mine",
    ]
    (run,) = (tmp_path / "logs").iterdir()
    assert run.name.startswith("resnet18-synthetic+mine-")
    (weights,) = run.glob("mAP*.pth")
    trained = re.search(r"mAP:\d+\.\d%", done.stdout)[0]

    test = ["tools/test.py", "--model_path", weights]
    assert trained in command(*test).stdout
    shutil.move(mine, tmp_path / "moved")  # the training sets are no longer needed
    assert_refused(command(*test), f"unknown '{mine}'")
    done = command(*test, "DATASETS.TEST_NAME", "synthetic")
    assert done.returncode == 0 and re.findall("=> (.*) loaded", done.stdout) == ["Synthetic"]
    shutil.move(tmp_path / "moved", mine)
    done = command(*test, "DATASETS.TEST_NAME", "people.csv")
    assert done.returncode == 0 and re.search(r"mAP:\d+\.\d%", done.stdout), done.stderr
    assert "people: 8 of 8 images have no camera id" in done.stdout
