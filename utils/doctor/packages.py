"""The packages of the requirements: installed, missing, too old, or broken."""

import importlib
import platform
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from .section import Problem, Section

REQUIRED = "requirements.txt"  # its packages up to the first empty line
# Packages that are as good as the one that the requirements name: they hold the same modules.
INSTEAD = {
    "opencv-python": ("opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"),
    "onnxruntime": ("onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino"),
    "faiss-cpu": ("faiss-gpu-cu12", "faiss-gpu-cu11"),
    "mlflow-skinny": ("mlflow",),
}
# Packages whose modules have another name.
MODULES = {"pytorch-ignite": "ignite", "PyYAML": "yaml", "opencv-python": "cv2"}
LIBGL = "pip uninstall opencv-python, then pip install opencv-python-headless, which needs no libGL"

_LINE = re.compile(
    r"(?P<name>[\w.-]+)\s*((?P<relation>>=|==)\s*(?P<version>[\d.]+))?\s*"
    r'(;\s*(?P<marker>\w+ == "[^"]*"( and \w+ == "[^"]*")*)\s*)?(#.*)?$'
)


class Requirement(NamedTuple):
    """One line of a file of requirements."""

    name: str
    relation: str  # '>=', '==', or '' for any version
    version: str

    def is_met_by(self, found: str) -> bool:
        """Whether a version is new enough, or the one that is wanted."""
        ours, wanted = _numbers(found), _numbers(self.version)
        return not self.relation or (ours >= wanted if self.relation == ">=" else ours == wanted)


def examine_packages(files: Sequence[Path]) -> Section:
    """Look for the packages that files of requirements name.

    Args:
        files: named ``requirements*.txt``; those of REQUIRED are imported, too.
    """
    section = Section("Packages")
    for file in files:
        for label, group in read_groups(file):
            _examine_group(section, label, group, f"pip install -r {file.name}", label == REQUIRED)
    for name, others in INSTEAD.items():
        together = [other for other in (name, *others) if _version(other)]
        if name in ("opencv-python", "onnxruntime") and len(together) > 1:
            section.problems.append(
                Problem(
                    f"{' and '.join(together)} are installed together, and overwrite each other's files",
                    f"pip uninstall {' '.join(together)}, then install one of them",
                )
            )
    return section


def read_groups(file: Path) -> Iterator[tuple[str, list[Requirement]]]:
    """The requirements that this machine has, by groups: a comment after an empty line begins the next.

    Raises:
        ValueError: a line is not understood.
    """
    label, group, before = file.name, [], "x"
    for line in map(str.strip, file.read_text(encoding="utf-8").splitlines()):
        if line.startswith("#") and not before and group:
            yield label, group
            label, group = f"{file.name}, {line.lstrip('# ')}", []
        elif line and not line.startswith(("#", "-r ")):
            found = _LINE.match(line)
            if found is None:
                raise ValueError(f"{file.name}: {line!r} is not understood")
            if _applies(found["marker"] or ""):
                group.append(Requirement(found["name"], found["relation"] or "", found["version"] or ""))
        before = line
    yield label, group


def installed(name: str) -> str:
    """The version of a package, or of one that is as good, with its name; empty if there is none."""
    for other in (name, *INSTEAD.get(name, ())):
        if found := _version(other):
            return found if other == name else f"{found} ({other})"
    return ""


def _examine_group(
    section: Section, label: str, group: Sequence[Requirement], command: str, required: bool
) -> None:
    found = {requirement.name: installed(requirement.name) for requirement in group}
    missing = [name for name in found if not found[name]]
    old = [r for r in group if found[r.name] and not r.is_met_by(found[r.name])]
    there = ", ".join(f"{name} {found[name]}" for name in found if found[name])
    if missing:
        there = f"missing ({command}): {', '.join(missing)}" + (there and f"; there: {there}")
    section.facts[label] = there
    if missing and required:
        section.problems.append(Problem(f"not installed: {', '.join(missing)}", command, True))
    if old:
        names = ", ".join(f"{r.name} {found[r.name]} ({r.relation}{r.version})" for r in old)
        fix = f"{command} --upgrade"
        section.problems.append(Problem(f"not the version that is needed: {names}", fix, required))
    for name in found if required else ():
        if found[name] and (error := _import_error(MODULES.get(name, name))):
            fix = f"pip install --force-reinstall --no-cache-dir {name}"
            fix = LIBGL if "libGL" in error or "libgthread" in error else fix
            section.problems.append(Problem(f"{name} cannot be imported: {error}", fix, True))


def _version(name: str) -> str:
    """The version of a package; empty if there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _import_error(module: str) -> str:
    """Why a module cannot be imported, in one line; empty if it can."""
    try:
        importlib.import_module(module)
    except Exception as error:  # noqa: BLE001  whatever a broken package raises is what is asked for
        return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return ""


def _applies(marker: str) -> bool:
    """Whether a marker such as ``sys_platform == "linux"`` is true here."""
    here = {"sys_platform": sys.platform, "platform_machine": platform.machine()}
    return all(here.get(name) == value for name, value in re.findall(r'(\w+) == "([^"]*)"', marker))


def _numbers(text: str) -> tuple[int, ...]:
    """``2.14.1+cu130`` as (2, 14, 1)."""
    release = re.match(r"[\d.]*", text)[0]
    numbers = [int(part) for part in release.split(".") if part]
    while numbers and not numbers[-1]:  # 1.0 is 1
        numbers.pop()
    return tuple(numbers)
