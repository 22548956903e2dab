"""What the doctor says, also where packages, GPUs, space or files are missing."""

import json
import subprocess
import sys
from collections import namedtuple
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import pytest
import torch
from packaging.requirements import Requirement

from tests.conftest import ROOT
from tools import doctor
from utils.doctor import devices, packages, places
from utils.doctor.devices import Gpu, driver_gpus, examine_devices, is_built_for
from utils.doctor.packages import examine_packages, read_groups
from utils.doctor.places import examine_places
from utils.doctor.report import Report
from utils.doctor.section import Problem, Section

FILES = sorted(ROOT.glob("requirements*.txt"))


def test_a_python_without_any_package(tmp_path):
    """-S hides all that is installed."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", ROOT / "tools/doctor.py", "--json", "report.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={"PYTHONUTF8": "1"},
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "error: not installed: torch, torchvision, timm," in done.stdout
    assert "\n    fix: pip install -r requirements.txt\n" in done.stdout
    tree = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert tree["problems"][0]["required"] and tree["sections"]["Devices"].keys() == {"CPU", "GPUs"}


def test_a_python_with_all_packages(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert doctor.main([]) == 0
    out = capsys.readouterr().out
    for fact in (
        ", run in ~\n",
        f"{torch.__version__}, built for",
        "0.0 MB in 0 files, at most 50 GB (DATALOADER",
    ):
        assert fact in out, out
    assert all(len(line) <= 100 for line in out.splitlines() if "fix: " not in line)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_programs_requirements_are_understood_as_pip_does(file):
    lines = (line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    expected = [Requirement(line) for line in lines if line and not line.startswith("-r")]
    found = [requirement for _, group in read_groups(file) for requirement in group]
    here = [line for line in expected if line.marker is None or line.marker.evaluate()]
    assert [(r.name, f"{r.relation}{r.version}") for r in found] == [(r.name, str(r.specifier)) for r in here]


def test_groups_of_requirements(tmp_path):
    file = tmp_path / "requirements-x.txt"
    file.write_text("# for tools/x.py\na>=1\n# why\nb\n\n# for more\nc==2.0; sys_platform == 'none'\nd\n")
    with pytest.raises(ValueError, match="c==2.0.* is not understood"):
        list(read_groups(file))
    file.write_text(file.read_text().replace("'", '"'))
    groups = {label: [requirement.name for requirement in group] for label, group in read_groups(file)}
    assert groups == {"requirements-x.txt": ["a", "b"], "requirements-x.txt, for more": ["d"]}


@pytest.fixture
def installed(monkeypatch):
    """Pretend that these packages are installed, and can be imported."""

    def pretend(**versions: str) -> None:
        versions = {name.replace("_", "-"): number for name, number in versions.items()}

        def version(name: str) -> str:
            if name not in versions:
                raise PackageNotFoundError(name)
            return versions[name]

        monkeypatch.setattr(packages, "version", version)
        monkeypatch.setattr(packages, "_import_error", lambda module: "")

    return pretend


def test_packages_that_are_missing_old_or_instead_of_others(installed, tmp_path):
    file, extra = tmp_path / "requirements.txt", tmp_path / "requirements-x.txt"
    file.write_text("torch>=2.6\nopencv-python>=4.9\nyacs>=0.1.8\n\n# for tests\nruff>=0.9\n")
    extra.write_text("onnx>=1.16\nmilvus==2.3.5\n")
    installed(torch="2.5.1+cpu", opencv_python_headless="4.10.0.84", onnx="1.16", milvus="2.4")
    section = examine_packages([file, extra])
    assert section.facts == {
        "requirements.txt": "missing (pip install -r requirements.txt): yacs; there: torch 2.5.1+cpu, "
        "opencv-python 4.10.0.84 (opencv-python-headless)",
        "requirements.txt, for tests": "missing (pip install -r requirements.txt): ruff",
        "requirements-x.txt": "onnx 1.16, milvus 2.4",
    }
    assert section.problems == [
        Problem("not installed: yacs", "pip install -r requirements.txt", True),
        Problem(
            "not the version that is needed: torch 2.5.1+cpu (>=2.6)",
            "pip install -r requirements.txt --upgrade",
            True,
        ),
        Problem(
            "not the version that is needed: milvus 2.4 (==2.3.5)",
            "pip install -r requirements-x.txt --upgrade",
        ),
    ]
    assert Report([section]).exit_code == 1


@pytest.mark.parametrize(
    "found, wanted, met",
    [("2.14.1+cu130", "2.6", True), ("1.0", "1", True), ("3.0rc1", "2.9", True), ("0.9", "0.10", False)],
)
def test_versions_are_compared_by_their_numbers(found, wanted, met):
    assert packages.Requirement("x", ">=", wanted).is_met_by(found) is met


def test_two_packages_with_the_same_modules(installed, tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("opencv-python>=4.9\n")
    installed(opencv_python="4.10", opencv_python_headless="4.10")
    (problem,) = examine_packages([file]).problems
    assert problem.what.startswith("opencv-python and opencv-python-headless are installed together")
    assert not problem.required


@pytest.mark.parametrize(
    "error, fix",
    [
        (ImportError("libGL.so.1: cannot open\nshared object file"), packages.LIBGL),
        (
            AttributeError("_ARRAY_API not found"),
            "pip install --force-reinstall --no-cache-dir opencv-python",
        ),
    ],
)
def test_a_package_that_is_broken(monkeypatch, tmp_path, error, fix):
    def fail(name: str):
        assert name == "cv2"
        raise error

    file = tmp_path / "requirements.txt"
    file.write_text("opencv-python\n")
    monkeypatch.setattr(packages, "installed", lambda name: "5.0" if name == "opencv-python" else "")
    monkeypatch.setattr(packages.importlib, "import_module", fail)
    (problem,) = examine_packages([file]).problems
    assert problem.required and problem.fix == fix
    assert f"{type(error).__name__}: {' '.join(str(error).split())}" in problem.what


# ------------------------------------------------------------------------------------------------------- GPUs

ONE = [Gpu("Tesla T4", 16e9, 1e9, "580.1")]


@pytest.mark.parametrize(
    "capability, architectures, runs",
    [
        ((8, 6), ["sm_80"], True),
        ((8, 0), ["sm_86"], False),
        ((6, 1), ["sm_75", "sm_80", "compute_80"], False),
        ((9, 0), ["sm_80"], False),
        ((12, 0), ["sm_80", "compute_90"], True),
        ((9, 0), ["sm_90a"], True),
    ],
)
def test_whether_torch_has_kernels_for_a_gpu(capability, architectures, runs):
    assert is_built_for(capability, architectures) is runs


def test_gpus_as_the_driver_lists_them(monkeypatch):
    lines = [
        "NVIDIA H200, 143771, 1024, 580.9",
        "NVIDIA GB10, [N/A], [N/A], 580.9",
        "Tesla T4, 15360, [N/A], 580.9",
    ]
    monkeypatch.setattr(devices.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout="\n".join(lines)))
    monkeypatch.setattr(devices, "_import", {}.get)
    assert driver_gpus()[:2] == [
        Gpu("NVIDIA H200", 143771 * 2**20, 2**30, "580.9"),
        Gpu("NVIDIA GB10", None, None, "580.9"),
    ]
    assert examine_devices().facts["GPUs"] == (
        "NVIDIA H200, 149.7 GB free of 150.8 GB, driver 580.9; NVIDIA GB10, memory not known, driver 580.9; "
        "Tesla T4, 16.1 GB, driver 580.9"
    )


CARDS = {
    "GTX 1080": SimpleNamespace(major=6, minor=1, name="GTX 1080", total_memory=8e9),
    "H100": SimpleNamespace(major=9, minor=0, name="H100", total_memory=80e9),
    "MI250X": SimpleNamespace(
        major=9, minor=0, name="MI250X", total_memory=64e9, gcnArchName="gfx90a:xnack-"
    ),
}


def pretended_torch(available=False, cuda="13.0", told="", cards=("GTX 1080",), hip=None) -> SimpleNamespace:
    def is_available() -> bool:
        if told:
            devices.warnings.warn(told, stacklevel=1)
        return available

    switches = SimpleNamespace(
        allow_tf32=True, version=lambda: 92400, matmul=SimpleNamespace(allow_tf32=False)
    )
    return SimpleNamespace(
        __version__="2.14.1",
        version=SimpleNamespace(cuda=cuda, hip=hip),
        backends=SimpleNamespace(cudnn=switches, cuda=switches),
        get_num_threads=lambda: 4,
        cuda=SimpleNamespace(
            is_available=is_available,
            device_count=lambda: len(cards),
            get_device_properties=lambda number: CARDS[cards[number]],
            get_arch_list=lambda: ["gfx90a", "gfx942"] if hip else ["sm_75", "sm_90"],
        ),
    )


@pytest.mark.parametrize(
    "torch, variable, problem",
    [
        (pretended_torch(cuda=None), None, "torch is a build for CPUs"),
        (pretended_torch(), "", "CUDA_VISIBLE_DEVICES is ''"),
        (pretended_torch(told="The driver is too old. Please update"), None, "The driver is too old"),
        (pretended_torch(available=True), None, "no kernels for GPU 0: GTX 1080, of capability 6.1"),
    ],
)
def test_why_a_gpu_is_not_used(monkeypatch, torch, variable, problem):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if variable is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", variable)
    monkeypatch.setattr(devices, "driver_gpus", lambda: ONE)
    monkeypatch.setattr(devices, "_import", {"torch": torch}.get)
    section = examine_devices()
    assert section.facts["GPUs"] == "Tesla T4, 15.0 GB free of 16.0 GB, driver 580.1"
    (found,) = section.problems
    assert problem in found.what and not found.required
    if "kernels" in problem:
        assert section.facts["TF32"].startswith("on in torch")


def torchs_gpus(monkeypatch, torch: SimpleNamespace) -> Section:
    monkeypatch.setattr(devices, "driver_gpus", list)
    monkeypatch.setattr(devices, "_import", {"torch": torch}.get)
    return examine_devices()


def test_each_gpu_has_bfloat16_or_not(monkeypatch):
    section = torchs_gpus(monkeypatch, pretended_torch(available=True, cards=("H100", "GTX 1080")))
    assert section.facts["torch's GPUs"] == (
        "0: H100, 80.0 GB, capability 9.0, has bfloat16; "
        "1: GTX 1080, 8.0 GB, capability 6.1, no bfloat16: AMP computes in float16"
    )


def test_amds_gpus_are_not_asked_for_cudas_architectures(monkeypatch):
    torch = pretended_torch(available=True, cuda=None, cards=("MI250X",), hip="7.0.1")
    section = torchs_gpus(monkeypatch, torch)
    assert section.facts["torch"] == "2.14.1, built for ROCm 7.0.1" and not section.problems
    assert section.facts["torch's GPUs"] == "0: MI250X, 64.0 GB, gfx90a:xnack-, has bfloat16"


# ----------------------------------------------------------------------------------------------------- places


def test_places(monkeypatch, tmp_path):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(places.shutil, "disk_usage", lambda _: usage(64e6, 0, 60e6))
    monkeypatch.setattr(places, "SHARED_MEMORY", tmp_path)
    data, weights = tmp_path / "data", tmp_path / "weights"
    for file in (
        "mine/train/7/a.JPG",
        "mine/b.png",
        "mine/note.txt",
        "datasets/x.py",
        ".cache/256x128.pixels",
    ):
        (data / file).parent.mkdir(parents=True, exist_ok=True)
        (data / file).write_bytes(bytes(1000))
    weights.mkdir()
    (weights / "net.config.yml").touch()
    section = examine_places(tmp_path, data, cache_gb=1e-6)
    facts = section.facts
    assert facts["data sets"] == "mine (2 images)" and facts["weights"] == "none in weights/"
    assert facts["shared memory"] == f"60.0 MB free of 64.0 MB ({tmp_path})"
    assert facts["pixel cache"].startswith("0.0 MB in 1 file,")
    for word in (
        "little for processes",
        "the disk of data",
        "the disk of logs",
        "the pixel cache",
        "net.pth are",
    ):
        assert sum(word in problem.what for problem in section.problems) == 1, word
    assert facts["disk of data"] == f"60.0 MB free at {data}" and Report([section]).exit_code == 0


def test_what_is_to_be_done_stays_in_one_line():
    fix = "pip install " + "package " * 30
    section = Section("Packages", {"x": "y " * 80}, [Problem("w " * 80, fix), Problem("needed", "do", True)])
    text = Report([section]).text()
    assert f"\n    fix: {fix}" in text and text.index("error: needed") < text.index("warning: w w")
    assert text.startswith("Packages\n  x  y y") and "Problems: 2" in text
    assert max(len(line) for line in text.splitlines() if "fix" not in line) <= 100
