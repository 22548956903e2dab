"""torch.hub.load, from a program that has modules of the same names as this one's folders."""

import re
import subprocess
from pathlib import Path

import pytest
import torch

import hubconf
from config import READY_MODELS, load_cfg
from engine import load_extractor
from modeling import build_model
from tests.commands import ROOT, run_fresh
from tests.data.custom_data import write_image

PROGRAM = """
import sys
import cv2
import numpy
import torch

import data  # of this program, imported before
cv2.setNumThreads(3)
folder, weights = sys.argv[1:]
extractor = torch.hub.load(folder, "reid", source="local", weights=weights, device="cpu", batch_size=2)
import config, utils.helper, engine  # and after
from utils.helper import HELP
assert (data.MINE, config.MINE, HELP, engine.MINE) == ("data", "config", "help", "engine")
assert cv2.getNumThreads() == 3 and not [path for path in sys.path if path == folder]

files = ["images/a.png", "images/b.png", "images/c.png"]
features = extractor(files)
arrays = [cv2.imread(file)[..., ::-1] for file in files]
tensors = [torch.from_numpy(array.copy()).permute(2, 0, 1) for array in arrays]
assert torch.equal(extractor(arrays), features) and torch.equal(extractor(tensors), features)
assert features.shape == (3, extractor.model.feature_dim) and features.dtype == torch.float32
again = torch.hub.load(folder, "reid", source="local", weights=weights, device="cpu")
assert torch.allclose(again(files), features, rtol=1e-5, atol=1e-6)
assert data.MINE == "data" and sys.modules["data"] is data
try:
    torch.hub.load(folder, "reid", source="local", weights="gone.pth")
except Exception as error:
    print(type(error).__name__, error)
torch.save(features, "features.pt")
"""


@pytest.fixture
def weights(small, tmp_path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    cfg = load_cfg([*small, "SOLVER.AMP", "no"])
    torch.save(build_model(cfg, num_classes=0).state_dict(), folder / "mAP1.0.pth")
    (folder / "config.yml").write_text(cfg.dump())
    return folder / "mAP1.0.pth"


@pytest.fixture
def caller(tmp_path) -> Path:
    """The folder of a program with modules of its own."""
    folder = tmp_path / "caller"
    (folder / "utils").mkdir(parents=True)
    (folder / "program.py").write_text(PROGRAM)
    for name in ("data", "config", "engine"):
        (folder / f"{name}.py").write_text(f"MINE = {name!r}")
    (folder / "utils" / "helper.py").write_text("HELP = 'help'")  # without an __init__.py
    for n, name in enumerate("abc"):
        write_image(folder / "images" / f"{name}.png", n, (64, 32))
    return folder


def test_an_extractor_beside_modules_of_the_same_names(weights, caller):
    done = run_fresh("program.py", ROOT, weights, cwd=caller)
    assert done.returncode == 0, done.stderr
    assert re.search(r"InputError gone.pth: no such file$", done.stdout, re.M)
    expected = load_extractor(weights, torch.device("cpu"))(sorted((caller / "images").iterdir()))
    assert torch.allclose(torch.load(caller / "features.pt"), expected, rtol=1e-5, atol=1e-6)


def test_without_weights_it_is_the_ready_network(tmp_path):
    if Path(READY_MODELS["mobilenet_v2"]).is_file():
        program = "print(torch.hub.load({!r}, 'reid', source='local')([]).shape)"
        words = "torch.Size([0, 1280])"
    else:
        program = "torch.hub.load({!r}, 'reid', source='local')"
        words = "market1501_mobilenet_v2.pth: no such file, the ready weights; name others with weights="
    done: subprocess.CompletedProcess = run_fresh(
        "-c", f"import torch; {program.format(str(ROOT))}", cwd=tmp_path
    )
    assert words in done.stdout + done.stderr


MODULES = {
    "pytorch-ignite": "ignite",
    "PyYAML": "yaml",
    "opencv-python": "cv2",
}  # of other names than packages


def test_torch_hub_is_told_what_the_program_needs():
    needed, _, _ = (ROOT / "requirements.txt").read_text().partition("#")
    packages = [re.split("[>=]", line)[0] for line in needed.split()]
    assert hubconf.dependencies == [MODULES.get(package, package) for package in packages]
