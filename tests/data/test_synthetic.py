from concurrent.futures import ThreadPoolExecutor

import pytest

from config import load_cfg
from data.datasets import synthetic
from data.datasets.synthetic import STAMP, read_synthetic
from utils.errors import InputError


def section(root, *words):
    return load_cfg(
        [
            "DATASETS.ROOT_DIR",
            str(root),
            "DATASETS.SYNTHETIC.TRAIN_IDS",
            "3",
            "DATASETS.SYNTHETIC.TEST_IDS",
            "2",
            "DATASETS.SYNTHETIC.IMAGES_PER_CAMERA",
            "2",
            *words,
        ]
    ).DATASETS


def test_drawn_once_and_again_for_other_numbers(tmp_path):
    first = read_synthetic(section(tmp_path))
    assert (first.num_train_pids, len({r.pid for r in first.query})) == (3, 2)
    stamp = tmp_path / "synthetic" / STAMP
    made = stamp.stat().st_mtime_ns
    read_synthetic(section(tmp_path))
    assert stamp.stat().st_mtime_ns == made
    assert read_synthetic(section(tmp_path, "DATASETS.SYNTHETIC.TRAIN_IDS", "4")).num_train_pids == 4
    assert [p.name for p in tmp_path.glob("[!.]*")] == ["synthetic"], "nothing temporary stays"


def test_processes_that_start_together_draw_it_once(tmp_path, monkeypatch):
    drawn, draw = [], synthetic.draw
    monkeypatch.setattr(synthetic, "draw", lambda *args: drawn.append(args) or draw(*args))
    with ThreadPoolExecutor(3) as pool:
        sets = list(pool.map(read_synthetic, [section(tmp_path)] * 3))
    assert len(drawn) == 1 and sets[0] == sets[1] == sets[2]


def test_an_unfinished_drawing_leaves_nothing(tmp_path, monkeypatch):
    def fails(folder, spec):
        folder.mkdir(parents=True)
        (folder / "half.jpg").write_bytes(b"")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("data.datasets.synthetic.write_synthetic", fails)
    with pytest.raises(InputError, match="No space left on device.*DATASETS.ROOT_DIR"):
        read_synthetic(section(tmp_path))
    assert list(tmp_path.glob("[!.]*")) == []


def test_a_folder_of_the_users_is_not_replaced(tmp_path):
    (tmp_path / "synthetic").mkdir()
    (tmp_path / "synthetic" / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="was not drawn by this program"):
        read_synthetic(section(tmp_path))
    assert (tmp_path / "synthetic" / "mine.txt").read_text() == "mine"
