"""A tiny drawn data set for every test, and commands run as a user runs them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:
    # Before torch is imported: tests side by side, or a busy machine, would stall OpenMP's barriers.
    os.environ["OMP_NUM_THREADS"] = "1"

import pytest
from loguru import logger

from config import load_cfg
from data.datasets.synthesis import SyntheticSpec
from data.datasets.synthetic import draw
from tests.browser import browser, page  # noqa: F401
from tests.commands import ROOT, Command, run_fresh

TINY = SyntheticSpec(train_ids=16, test_ids=4, images_per_camera=2, seed=0)
# For large networks: two batches of 8 images, or a few more.
TINIEST = SyntheticSpec(train_ids=4, test_ids=4, images_per_camera=2, seed=0)
# The last two wait for a server.
LONGEST = ("killed_twenty_times", "a_server_writes_its_files_anew", "a_killed_server")
# A network small and fast enough for a test on the CPU.
SMALL_NET = [
    "--model_name",
    "resnet18",
    "--pretrain_choice",
    "none",
    "INPUT.SIZE_TRAIN",
    "[64,32]",
    "INPUT.SIZE_TEST",
    "[64,32]",
    "INPUT.PADDING",
    "4",
    "MODEL.DEVICE",
    "cpu",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests first, so that the others run beside them."""
    items.sort(key=lambda item: not any(name in item.name for name in LONGEST))


@pytest.fixture(scope="session")
def tiny_root(tmp_path_factory) -> Path:
    """A DATASETS.ROOT_DIR with the tiny synthetic data set."""
    root = tmp_path_factory.mktemp("data")
    draw(root / "synthetic", TINY)
    return root


@pytest.fixture(scope="session")
def tiniest(tmp_path_factory) -> list[str]:
    """Settings that take the tiniest data set, which holds two batches of 8 images, or a few more."""
    root = tmp_path_factory.mktemp("tiniest")
    draw(root / "synthetic", TINIEST)
    return synthetic_settings(root, TINIEST)


def synthetic_settings(root: Path, spec: SyntheticSpec) -> list[str]:
    """The settings of a drawn data set, read without further processes."""
    return [
        *("DATASETS.NAMES", "synthetic", "DATASETS.ROOT_DIR", str(root), "DATALOADER.NUM_WORKERS", "0"),
        *("DATASETS.SYNTHETIC.TRAIN_IDS", str(spec.train_ids)),
        *("DATASETS.SYNTHETIC.TEST_IDS", str(spec.test_ids)),
        *("DATASETS.SYNTHETIC.IMAGES_PER_CAMERA", str(spec.images_per_camera)),
    ]


@pytest.fixture(scope="session")
def tiny(tiny_root) -> list[str]:
    """Settings that train a small network on the tiny data set."""
    return [*SMALL_NET, *synthetic_settings(tiny_root, TINY)]


@pytest.fixture(scope="session")
def small(tiny) -> list[str]:
    """As ``tiny``, with a network whose step takes a third and whose files a fiftieth of ResNet-18's."""
    return [*tiny, "--model_name", "osnet_x0_25"]


@pytest.fixture(scope="session")
def quick(tiny) -> list[str]:
    """As ``tiny``, with the tests' own network, which a fresh Python does not know."""
    return [*tiny, "--model_name", "tiny"]


@pytest.fixture
def load():
    """load_cfg from words."""
    return lambda *words, command="train": load_cfg(list(words), command)


@pytest.fixture(scope="module")
def start_in(tmp_path_factory):
    """Start ``tools/<name>.py <words>`` in a folder; a Command. What outlives the module is killed."""
    started = []

    def start(cwd: Path, *words: object, **kwargs) -> Command:
        started.append(Command(words, tmp_path_factory.mktemp("output"), cwd, **kwargs))
        return started[-1]

    yield start
    for command in started:
        command.kill()


@pytest.fixture
def start(start_in, tmp_path):
    """Start ``tools/<name>.py <words>`` in an empty folder; a Command."""
    return lambda *words, **kwargs: start_in(tmp_path, *words, **kwargs)


@pytest.fixture
def command(start):
    """Run ``tools/<name>.py <words>`` in an empty folder; gives exit code, stdout and stderr."""
    return lambda *words, **kwargs: start(*words, **kwargs).finish()


@pytest.fixture
def fresh_command(tmp_path):
    """As ``command``, in a fresh Python, as a user's is."""
    return lambda script, *words, **kwargs: run_fresh(ROOT / script, *words, cwd=tmp_path, **kwargs)


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A folder on a disk of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", folder], check=True)


def assert_refused(done: subprocess.CompletedProcess, *words: str) -> None:
    """The command ended on bad input: exit code 2 and one line on stderr that holds the words."""
    assert done.returncode == 2, done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: "), done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    for word in words:
        assert word in lines[0], lines[0]


@pytest.fixture
def caplog_loguru():
    """The messages logged during the test."""
    messages: list[str] = []
    sink = logger.add(messages.append, format="{message}", level="INFO")
    yield messages
    logger.remove(sink)
