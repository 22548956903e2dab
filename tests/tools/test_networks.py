"""Networks through the commands."""

import json
import re
import subprocess
import sys

import pytest
import torch

from modeling import build_model
from tests.commands import ROOT
from tests.conftest import assert_refused

LINES = [*["--IMS_PER_BATCH", "16", "--MAX_EPOCHS", "1", "SOLVER.LOG_PERIOD", "2"], *["OUTPUT_DIR", "run"]]


def without_name(tiny: list[str]) -> list[str]:
    return tiny[tiny.index("--pretrain_choice") :]


NETWORKS = {
    "timm/vit_tiny_patch16_224": [],
    "timm/efficientnet_b0": ["MODEL.HEAD", "parts"],
    "osnet_x0_25": ["MODEL.HEAD", "parts", "MODEL.POOLING", "gem", "MODEL.EMBEDDING_DIM", "64"],
}


@pytest.mark.parametrize("name", NETWORKS)
def test_trained_tested_and_resumed(command, tiny, tmp_path, name):
    words = [*without_name(tiny), "--model_name", name, *LINES, *NETWORKS[name]]
    done = command("tools/train.py", *words, "SOLVER.EMA", "0.9", "--freeze", "--freeze_epoch", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    trained = re.search(r"mAP:(\d+\.\d)%", done.stdout)[1]
    (file,) = (tmp_path / "run").glob("mAP*.pth")
    done = command("tools/test.py", "--model_path", file)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"mAP:(\d+\.\d)%", done.stdout)[1] == trained
    done = command("tools/train.py", "--resume", "run", "SOLVER.MAX_EPOCHS", "2")
    assert done.returncode == 0 and "Validation Results - Epoch: 2" in done.stdout, done.stdout + done.stderr
    done = command("tools/train.py", "--resume", "run", "MODEL.EMBEDDING_DIM", "32", "SOLVER.MAX_EPOCHS", "3")
    assert_refused(done, "MODEL.EMBEDDING_DIM 32")


def test_runs_folder_of_a_network_of_timm(command, tiny, tmp_path):
    lines = LINES[: LINES.index("OUTPUT_DIR")]
    done = command(
        "tools/train.py", *without_name(tiny), "--model_name", "timm/mobilenetv3_small_050", *lines
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = (tmp_path / "logs").iterdir()
    assert folder.name.startswith("timm-mobilenetv3_small_050-synthetic-")


def test_plain_weights_start_parts(command, tiny, tmp_path, load):
    torch.save(build_model(load("--model_name", "resnet18"), 5).state_dict(), tmp_path / "plain.pth")
    words = [*tiny, *LINES, "--pretrain_choice", "self", "--model_path", "plain.pth", "MODEL.HEAD", "parts"]
    done = command("tools/train.py", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "matched 125 of 126 tensors; left out: classifier.*" in done.stdout


@pytest.mark.parametrize(
    "words, parts",
    [
        (["--model_name", "timm/vit_smal_patch16_224"], ["did you mean timm/vit_small_patch16_224"]),
        (["--model_name", "mobilenet_v3"], ["did you mean mobilenet_v2", "timm/<name>"]),
        (["MODEL.POOLING", "gen"], ["MODEL.POOLING", "did you mean gem"]),
        (["MODEL.HEAD", "part"], ["MODEL.HEAD", "did you mean parts"]),
        (["MODEL.EMBEDDING_DIM", "-1"], ["MODEL.EMBEDDING_DIM must not be negative"]),
        (["MODEL.HEAD", "parts", "MODEL.ID_LOSS_TYPE", "none"], ["MODEL.ID_LOSS_TYPE must not be none"]),
        (["--model_name", "osnet_x0_25", "MODEL.NON_LOCAL", "yes"], ["leave it out for osnet_x0_25"]),
        (["--model_name", "mobilenet_v2", "--kd"], ["KD.SELF (--kd) is for ResNets", "not mobilenet_v2"]),
        (
            ["--model_name", "mobilenet_v2", "SOLVER.LAYER_DECAY", "0.5", "MODEL.NON_LOCAL", "yes"],
            ["SOLVER.LAYER_DECAY is for ResNets and networks of timm", "leave it out for mobilenet_v2"],
        ),
    ],
)
def test_refused(command, tiny, words, parts):
    assert_refused(command("tools/train.py", *tiny, *words), *parts)


@pytest.mark.parametrize("name", ["mobilenet_v2", "timm/convnext_atto"])
def test_benchmark(command, tiny, tmp_path, name):
    words = ["--steps", "1", "--rounds", "1", "--json", "out.json", *tiny, "--IMS_PER_BATCH", "16"]
    done = command("tools/benchmark.py", "train", *words, "--model_name", name)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out.json").read_text())
    assert report["settings"]["model"] == name and report["end_to_end_images_per_s"] > 0


def test_timm_is_imported_only_when_it_is_named():
    code = "import sys; sys.path.insert(0, sys.argv[1]); import tools.start; assert 'timm' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, ROOT], check=True)
