import json
import shutil

import numpy as np
import pytest
import torch

from benchmarks.apart import apart
from benchmarks.longer import write_longer
from benchmarks.plain_evaluation import plain_rank_metrics
from benchmarks.search_stages import STAGES
from evaluation import rank_metrics
from search.video import open_video
from tests.conftest import assert_refused
from tests.search.videos import number_of, write_video
from utils.memory import peak_memory


def test_eval(fresh_command, tmp_path):
    done = fresh_command(
        "tools/benchmark.py",
        "eval",
        "--sizes",
        "60x400x16",
        "--plain",
        "60x400x16",
        "--re_ranking",
        "60x400x16",
        "--repeats",
        "2",
        "--json",
        "out.json",
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "out.json").read_text())["sizes"]["60x400x16"]
    for key in ("seconds", "matmul_seconds", "ratio", "plain_seconds"):
        assert figures[key] > 0
    assert figures["extra_bytes"] >= 0 and set(figures["re_ranking"]) >= {"seconds", "extra_bytes"}
    assert "| 60x400x16 (60 × 400 × 16) |" in done.stdout and "beyond the product" in done.stdout
    assert f"{figures['ratio']:.2f}" in done.stdout


@pytest.mark.parametrize("size", ["big", "1x2", "0x5x5", "axbxc"])
def test_bad_sizes(command, size):
    assert_refused(command("tools/benchmark.py", "eval", "--sizes", size), f"--sizes {size}")


def test_the_plain_implementation_agrees():
    rng = np.random.default_rng(0)
    query, gallery = rng.normal(size=(40, 8)), rng.normal(size=(300, 8))
    query, gallery = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (query, gallery))
    ids = (rng.integers(0, 9, 40), rng.integers(0, 12, 300), rng.integers(0, 3, 40), rng.integers(0, 3, 300))
    found, expected = rank_metrics(query, gallery, *ids), plain_rank_metrics(query, gallery, *ids)
    assert found.mAP == pytest.approx(expected[0], abs=1e-9) and np.allclose(found.cmc, expected[1])
    assert found.mINP == pytest.approx(expected[2], abs=1e-9)


def test_train(command, tiny, tmp_path):
    words = ["--steps", "2", "--rounds", "2", "--json", "out.json", *tiny, "--IMS_PER_BATCH", "16"]
    done = command("tools/benchmark.py", "train", *words, "SOLVER.GRAD_ACCUM", "2")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out.json").read_text())
    rates = [
        "end_to_end_images_per_s",
        "fixed_batch_images_per_s",
        "plain_fp32_images_per_s",
        "input_images_per_s_per_core",
        "per_image_pipeline_images_per_s_per_core",
    ]
    assert all(report[rate] > 0 for rate in rates)
    assert 0 < report["data_wait_s"] < 16 / report["end_to_end_images_per_s"], "less than the step itself"
    assert report["peak_memory_bytes"] > 1e8
    assert f"{report['end_to_end_over_fixed_batch']:.3f} of it" in done.stdout
    assert "resnet18, 64×32, batch 16" in done.stdout
    assert not (tmp_path / "logs").exists(), "nothing is saved"
    # Forward and backward of ResNet-18 with a last stride of 1, counted by hand: a multiplication and an
    # addition of each weight at each place, three times (forward, and for the gradients of input and
    # weights), but for the first layer, whose input needs no gradient.
    places = [(7 * 7 * 3 * 64, 32 * 16, 2)]
    widths = [(64, 64, 16 * 8), (64, 128, 8 * 4), (128, 256, 4 * 2), (256, 512, 4 * 2)]
    for i, (before, width, places_out) in enumerate(widths):
        places.append((9 * before * width + 3 * 9 * width * width, places_out, 3))
        if i:
            places.append((before * width, places_out, 3))  # the shortcut
    places.append((512 * 16, 1, 3))
    assert report["flops_per_image"] == pytest.approx(
        sum(2 * w * p * times for w, p, times in places), rel=0.01
    )


def test_search(command, drawn, tmp_path):
    words = ["--detector", "gate.txt", "--weights", "net.pth", "--rounds", "1", "--times", "2"]
    for name in ("gate.mp4", "gate.txt", "net.pth", "net.config.yml"):
        shutil.copy(drawn / name, tmp_path / name)
    done = command("tools/benchmark.py", "search", "gate.mp4", *words, "--json", "out.json")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out.json").read_text())
    boxes = len((drawn / "gate.txt").read_text().split())
    assert (report["frames"], report["detections"], report["size"]) == (80, boxes, [128, 96])
    assert 0 < report["pictures"] <= 8, "four pictures of each of two people"
    rates = [f"{name}_frames_per_s" for name in ("index", "plain", *STAGES)]
    assert all(report[rate] > 0 for rate in rates)
    peak, longer_peak = report["peak_memory_bytes"], report["longer_peak_memory_bytes"]
    # A longer video takes no more memory; but what is loaded first takes most, and a little more or less.
    assert 1e7 < peak < 4e9 and 0.5 * peak < longer_peak < 1.5 * peak
    assert "of a video 2 times as long: " in done.stdout and "| detector alone |" in done.stdout


def test_the_peak_of_a_process_is_its_own():
    held = np.ones(500_000_000, np.uint8)
    before = peak_memory(torch.device("cpu"))
    assert apart(peak_memory, torch.device("cpu")) < before - 0.4 * held.size


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv", "a.ts"])
def test_a_longer_video_shows_the_same_again(tmp_path, name):
    codec = "mpeg4" if name == "a.avi" else "libx264"
    short = write_video(tmp_path / name, codec, count=12)
    write_longer(str(short), tmp_path / f"longer{short.suffix}", 3)
    found = []
    for file in (short, tmp_path / f"longer{short.suffix}"):
        with open_video(file) as video:
            found.append([(number_of(one.image), one.time) for one in video.frames()])
    before, after = found
    assert [number for number, _ in after] == 3 * [number for number, _ in before]
    assert [time for _, time in after] == pytest.approx([n / 10 for n in range(36)], abs=2e-3)


def test_train_takes_the_settings_of_a_training(command):
    assert_refused(command("tools/benchmark.py", "train", "--model_name", "resnet81"), "did you mean resnet")
    assert_refused(command("tools/benchmark.py", "train", "--IMS_PER_BATCH", "6"), "not divisible by")


def test_people(command, tmp_path):
    done = command(
        "tools/benchmark.py", "people", "--tracklets", "200", "60", "--dim", "64", "--json", "out.json"
    )
    assert done.returncode == 0, done.stderr
    sizes = json.loads((tmp_path / "out.json").read_text())["sizes"]
    assert [*sizes] == ["60", "200"] and sizes["200"]["people"] == 10
    for figures in sizes.values():
        assert figures["f1"] > 0.8 and figures["peak_memory_bytes"] > 1e7
        assert all(seconds > 0 for seconds in figures["seconds"].values())
    assert f"| 200 | {sizes['200']['seconds']['reading']:.1f} s |" in done.stdout
