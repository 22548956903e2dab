import os
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
import yaml

from tests.conftest import ROOT, assert_refused
from utils.run_overview import draw_runs
from utils.run_table import Run

CSV = "epoch,mAP,rank1,rank5,rank10,mINP\n1,10.0,20.0,30.0,40.0,1.0\n{epoch},{mAP},{rank1},70.0,80.0,9.0\n"
LOG = """2026-01-01 | INFO | utils.run_folder:log_environment:1 - Device: cpu (x), 2 threads; seed {seed}
2026-01-01 | INFO | utils.run_folder:log_environment:2 - Python 3.12, torch 2.14; git commit {commit}
"""


def make_run(folder, mean_ap, rank1, seed=0, epoch=14, commit="aa", **settings) -> None:
    folder.mkdir()
    tree = {"SEED": seed, "OUTPUT_DIR": str(folder), "MODEL": {"NAME": "resnet18"}}
    tree |= {"INPUT": {"SIZE_TRAIN": [128, 64]}, "KD": {"SELF": False} | settings}
    (folder / "config.yml").write_text(yaml.safe_dump(tree))
    (folder / "results.csv").write_text(CSV.format(mAP=mean_ap, rank1=rank1, epoch=epoch))
    (folder / "log.txt").write_text(LOG.format(seed=seed, commit=commit))


def test_runs_side_by_side(command, tmp_path):
    make_run(tmp_path / "a", 38.0, 59.0)
    make_run(tmp_path / "b", 39.0, 60.5, seed=1)
    make_run(tmp_path / "c", 47.25, 68.0, commit="bb", SELF=True, FEATURE_LOSS_COEFFICIENT=0.03)
    make_run(tmp_path / "d", 37.5, 58.0, seed=2, LOGITS=1.0)
    done = command("tools/results.py", "a", "b", "c", "d")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "| settings | epochs | seeds | mAP | Rank-1 | mAP against the first |",
        "|---|---|---|---|---|---|",
        "| resnet18, 128×64 | 14 | 0, 1 | 38.5 (38.0, 39.0) | 59.8 (59.0, 60.5) |  |",
        "| `KD.SELF True` | 14 | 0 | 47.2 | 68.0 | +9.2 |",
        "| `KD.LOGITS 1.0` | 14 | 2 | 37.5 | 58.0 | -1.0 |",
        "",
        "Device: cpu (x), 2 threads; Python 3.12, torch 2.14; git commit aa, bb",
    ]


EPOCH = (
    "x - Epoch[{n}] Iteration[90/180] Loss: 1\nx - Epoch {n} done. Time per batch: {time}[s] Speed: 9[s]\n"
)


def test_overview_and_picture(command, tmp_path):
    make_run(tmp_path / "a", 38.0, 59.0, epoch=3)
    tree = yaml.safe_load((tmp_path / "a" / "config.yml").read_text())
    tree["MODEL"]["PRETRAIN_CHOICE"] = "none"
    (tmp_path / "a" / "config.yml").write_text(yaml.safe_dump(tree))
    make_run(tmp_path / "b", 61.0, 80.0, epoch=2, TEACHER_FEATURES="/far/away/osnet.npz")
    tree["INPUT"] |= {"FIRST_EPOCHS": 4, "SIZE_FIRST": [64, 32]}
    make_run(tmp_path / "c", 41.0, 60.0, epoch=2, SELF=True)
    (tmp_path / "c" / "config.yml").write_text(yaml.safe_dump(tree | {"KD": {"SELF": True}}))
    with open(tmp_path / "a" / "log.txt", "a") as log:
        # The third epoch was interrupted, and trained again.
        log.writelines(
            EPOCH.format(n=n, time=time) for n, time in ((1, 20), (2, 10), (3, 99), (3, 10), (4, 50))
        )
    done = command("tools/results.py", "a", "b", "c", "--overview", "--picture", "curves.png")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "| network | start | teacher | size | epochs | hours | mAP | Rank-1 |",
        "|---|---|---|---|---|---|---|---|",
        f"| resnet18 | random |  | 128×64 | 3 | {180 * 40 / 3600:.1f} | 38.0 | 59.0 |",
        "| resnet18 | ImageNet | osnet.npz | 128×64 | 2 | 0.0 | 61.0 | 80.0 |",
        "| resnet18 | random | itself | 64×32, then 128×64 | 2 | 0.0 | 41.0 | 60.0 |",
    ]
    picture = cv2.imread(str(tmp_path / "curves.png"))
    assert picture is not None and picture.shape[1] > 2 * picture.shape[0]


def made(name: str, seed: int, results: list[dict], **settings) -> Run:
    hours = {epoch: 0.5 + seed / 10 for epoch in range(1, 9)}
    return Run(Path(name), {"SEED": seed} | settings, results, "", "", hours)


def test_seeds_of_a_recipe_are_one_line_in_a_band():
    """As far as both have come; what was never evaluated at the same epochs, and other recipes, are apart."""

    def rows(*epochs: float, up: float = 0.0) -> list[dict[str, float]]:
        return [{"epoch": epoch, "mAP": 10 * epoch + up, "rank1": 20 * epoch + up} for epoch in epochs]

    runs = [
        made("net", 0, rows(1.0, 2.0, 3.0)),
        made("other", 0, rows(2.0), KD=True),
        made("net-2", 1, rows(1.0, 3.0, up=4.0)),
        made("odd", 0, rows(1.0), NECK="no"),
        made("odd-2", 1, rows(2.0), NECK="no"),
    ]
    by_epoch, by_time = draw_runs(runs).axes
    drawn = {line.get_label(): line for line in by_epoch.lines if not line.get_label().startswith("_")}
    assert [*drawn] == ["net (seeds 0, 1)", "other", "odd", "odd-2"]
    line = drawn["net (seeds 0, 1)"]
    assert [*line.get_xdata()] == [1, 3] and [*line.get_ydata()] == [12, 32]
    band, _ = by_epoch.collections
    corners = {tuple(corner) for corner in band.get_paths()[0].vertices.tolist()}
    assert corners == {(1, 10), (1, 14), (3, 30), (3, 34)}
    assert by_time.get_xlabel() == "minutes of training"
    assert by_time.lines[0].get_xdata() == pytest.approx([60 * 0.55, 3 * 60 * 0.55])
    _, by_time = draw_runs([made("long", 0, rows(1.0, 8.0))]).axes
    assert by_time.get_xlabel() == "hours of training"
    assert by_time.lines[0].get_xdata() == pytest.approx([0.5, 4.0])
    assert [text.get_text() for text in by_epoch.get_legend().get_texts()] == [*drawn]


def test_curves_of_a_run_of_one_epoch():
    results = [{"epoch": 1.0, "mAP": 38.0, "rank1": 59.0}]
    by_epoch, by_hour = draw_runs([made("a", 0, results)._replace(hours={})]).axes
    assert by_epoch.get_xlim() == by_hour.get_xlim() == (0, 1)
    assert [tick for tick in by_epoch.get_xticks() if 0 <= tick <= 1] == [0, 1]
    assert [[*line.get_ydata()] for line in by_epoch.lines] == [[38], [59]]
    assert all(line.get_marker() == "." for line in by_epoch.lines), "a line through one point is not seen"


@pytest.fixture
def run(tmp_path):
    """Run tools/results.py on a run, with its output where a test wants it."""
    make_run(tmp_path / "a", 38.0, 59.0)

    def run(stdout, words=("a",), **env) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, ROOT / "tools/results.py", *words],
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=os.environ | env,
        )

    return run


@pytest.mark.parametrize("words", [["a"], ["--help"]])
def test_a_reader_that_has_gone_is_not_an_error(run, words):
    """As ``| head``, which may end before a line is written."""
    read, write = os.pipe()
    os.close(read)
    done = run(write, words)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_output_onto_a_full_disk_is_one_line(run):
    with open("/dev/full", "w") as full:
        done = run(full)
    line = "error: cannot write the program's output: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, line)


@pytest.mark.parametrize("encoding, size", [("ascii", r"128\xd764"), ("cp936", "128×64")])
def test_a_console_that_cannot_show_every_character(run, tmp_path, encoding, size):
    with open(tmp_path / "out", "wb") as out:
        done = run(out, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"| resnet18, {size} |" in (tmp_path / "out").read_text(encoding)


def test_no_run(command, tmp_path):
    (tmp_path / "empty").mkdir()
    assert_refused(command("tools/results.py", "empty"), "empty holds no evaluated run")
    make_run(tmp_path / "a", "x", 1)
    assert_refused(command("tools/results.py", "a"), "results.csv is damaged")


def test_a_real_run(command, tiny, tmp_path):
    done = command("tools/train.py", *tiny, "--IMS_PER_BATCH", "16", "--MAX_EPOCHS", "2", "OUTPUT_DIR", "run")
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "run" / "results.csv").read_text().splitlines()
    assert lines[0] == "epoch,mAP,rank1,rank5,rank10,mINP" and len(lines) == 3
    last = float(lines[2].split(",")[1])
    assert f"mAP:{last:.1f}%" in done.stdout
    table = command("tools/results.py", "run").stdout
    assert f"| resnet18, 64×32 | 2 | 0 | {last:.1f} |" in table and "torch 2." in table
