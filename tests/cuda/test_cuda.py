"""The program's parts on a CUDA device that is pretended: see ``pretended`` for what that shows."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from filelock import FileLock

from tests.commands import ROOT
from tests.cuda.child import CASES


@pytest.fixture(scope="session")
def results(tiny_root, tmp_path_factory) -> dict[str, dict]:
    """What each case came to. One process runs them all, and reports to all of pytest's."""
    if sys.platform != "linux" or not torch.version.cuda:
        pytest.skip("needs a torch that is built for CUDA, on Linux")
    if not shutil.which("gcc"):
        pytest.skip("needs gcc, for what stands in for CUDA's libraries")
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cuda"
    folder.mkdir(exist_ok=True)
    file = folder / "results.jsonl"
    with FileLock(folder / "lock"):
        if not file.exists():
            file.write_text(run_cases(tiny_root, folder), encoding="utf-8")
    return {line["case"]: line for line in map(json.loads, file.read_text(encoding="utf-8").splitlines())}


def run_cases(data: Path, folder: Path) -> str:
    library = folder / "libcuda.so.1"
    build = ["gcc", "-shared", "-fPIC", f"-Wl,-soname,{library.name}", "-o", library]
    subprocess.run([*build, Path(__file__).with_name("stubs.c")], check=True)
    env = os.environ | {"LD_PRELOAD": str(library), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    child = [sys.executable, "-m", "tests.cuda.child", data, folder]
    done = subprocess.run(child, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", CASES)
def test_case(results, name):
    error = results[name]["error"]
    assert error is None, error


@pytest.mark.parametrize("name, most", [("average", 4), ("bad steps skipped", 18), ("clipped", 40)])
def test_what_is_done_to_all_tensors_takes_a_few_launches(results, name, most):
    # The tiny network has 5 batch norms, with 15 buffers, and 18 parameters.
    assert 0 < results[name]["launches"] - results["pooling avg"]["launches"] <= most
