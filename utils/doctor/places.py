"""Folders and programs: shared memory, disks, data sets, the pixel cache, weights, a browser."""

import os
import shutil
from pathlib import Path

from ..counting import counted
from .section import Problem, Section, gigabytes

SHARED_MEMORY = Path("/dev/shm")  # of Linux, where containers have 64 MB of it by default
LEAST_SHARED = 500e6  # what eight processes that read batches of 64 images at 256x128 may need [bytes]
LEAST_DISK = 2e9  # a run of a ResNet-50: the state of the training twice, and three weights [bytes]
IMAGES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
DEEPEST = 3  # folders below that of the data sets in which images are counted


def examine_places(root: Path, data: Path, cache_gb: float | None) -> Section:
    """Look at folders and programs.

    Args:
        root: folder of the program.
        data: folder of the data sets.
        cache_gb: most that the pixel caches may take [GB]; None: not known.
    """
    section = Section("Places")
    if SHARED_MEMORY.is_dir():
        _examine_shared_memory(section)
    for name, folder in (("data", data), ("logs", Path("logs"))):
        _examine_disk(section, name, folder)
    section.facts["data sets"] = _data_sets(data)
    _examine_cache(section, data / ".cache", cache_gb)
    weights = [
        f"{file.name} ({gigabytes(file.stat().st_size)})" for file in sorted((root / "weights").glob("*.pth"))
    ]
    section.facts["weights"] = ", ".join(weights) or "none in weights/"
    for settings in sorted((root / "weights").glob("*.config.yml")):
        file = settings.with_name(settings.name.replace(".config.yml", ".pth"))
        if not file.is_file():
            section.problems.append(
                Problem(f"the ready weights {file} are missing", f"git checkout -- {file}")
            )
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    section.facts["chromium"] = browser or "not there; only the tests of pages need it"
    return section


def _examine_shared_memory(section: Section) -> None:
    usage = shutil.disk_usage(SHARED_MEMORY)
    section.facts["shared memory"] = (
        f"{gigabytes(usage.free)} free of {gigabytes(usage.total)} ({SHARED_MEMORY})"
    )
    if usage.free < LEAST_SHARED:
        section.problems.append(
            Problem(
                f"{SHARED_MEMORY} has {gigabytes(usage.free)} free, little for processes that read images",
                "give a container more with docker run --shm-size 2g, or set DATALOADER.NUM_WORKERS 0",
            )
        )


def _examine_disk(section: Section, name: str, folder: Path) -> None:
    """Look at the disk of a folder, or of the nearest one above it that is there."""
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.is_dir())
    free = shutil.disk_usage(there).free
    section.facts[f"disk of {name}"] = f"{gigabytes(free)} free at {there}"
    if free < LEAST_DISK:
        fix = "delete what is no longer needed, or name another folder with OUTPUT_DIR or DATASETS.ROOT_DIR"
        section.problems.append(Problem(f"the disk of {name} has {gigabytes(free)} free", fix))


def _data_sets(data: Path) -> str:
    """The folders below that of the data sets that hold images, and how many."""
    found = {folder.name: _count_images(folder) for folder in _folders(data)}
    named = [f"{name} ({counted(count, 'image')})" for name, count in found.items() if count]
    return ", ".join(named) or f"no images below {data}"


def _count_images(folder: Path, depth: int = 1) -> int:
    try:
        count = sum(name.lower().endswith(IMAGES) for name in os.listdir(folder))
    except OSError:
        return 0
    return count + (
        sum(_count_images(inner, depth + 1) for inner in _folders(folder)) if depth < DEEPEST else 0
    )


def _folders(above: Path) -> list[Path]:
    try:
        with os.scandir(above) as entries:
            return sorted(
                Path(entry.path) for entry in entries if entry.is_dir() and entry.name[0] not in "._"
            )
    except OSError:
        return []


def _examine_cache(section: Section, folder: Path, cache_gb: float | None) -> None:
    files = list(folder.glob("*.pixels"))
    size = sum(file.stat().st_size for file in files)
    most = "" if cache_gb is None else f", at most {cache_gb:g} GB (DATALOADER.CACHE_GB)"
    section.facts["pixel cache"] = f"{gigabytes(size)} in {counted(len(files), 'file')}{most}"
    if cache_gb is not None and size > 0.9 * cache_gb * 1e9:
        fix = f"delete old files in {folder}, or raise DATALOADER.CACHE_GB"
        section.problems.append(Problem(f"the pixel cache, {gigabytes(size)}, is about full", fix))
