"""The whole report."""

import os
import platform
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..machine import git_commit
from .devices import examine_devices
from .packages import examine_packages
from .places import examine_places
from .section import Problem, Section

WIDTH, LABEL = 100, 20  # of the text, and of labels that stand beside their values [characters]
# Variables that change what is computed, or where.
VARIABLES = (
    *("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "NVIDIA_TF32_OVERRIDE", "PYTORCH_CUDA_ALLOC_CONF"),
    *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_IO_MAX_IMAGE_PIXELS", "MPLBACKEND"),
)


@dataclass
class Report:
    """All that was found."""

    sections: Sequence[Section]

    @property
    def problems(self) -> list[Problem]:
        """What is wrong; what is required first."""
        found = [problem for section in self.sections for problem in section.problems]
        return sorted(found, key=lambda problem: not problem.required)

    @property
    def exit_code(self) -> int:
        """1 if the program cannot work so, else 0."""
        return int(any(problem.required for problem in self.problems))

    def text(self) -> str:
        """Plain text, to paste."""
        parts = [_section_text(section) for section in self.sections]
        lines = [f"Problems: {len(self.problems) or 'none found'}"]
        for what, fix, required in self.problems:
            lines += [_wrapped(f"{'error' if required else 'warning'}: {what}", "  ", "    ")]
            lines += [f"    fix: {fix}"]  # in one line, so that a command in it can be copied
        return "\n\n".join([*parts, "\n".join(map(_without_home, lines))])

    def tree(self) -> dict:
        """The same for JSON."""
        return {
            "sections": {section.title: section.facts for section in self.sections},
            "problems": [problem._asdict() for problem in self.problems],
        }


def examine(root: Path, data: Path, cache_gb: float | None = None) -> Report:
    """Look at the machine and the installation.

    Args:
        root: folder of the program.
        data: folder of the data sets, DATASETS.ROOT_DIR.
        cache_gb: most that the pixel caches may take, DATALOADER.CACHE_GB [GB]; None: not known.
    """
    return Report(
        [
            _examine_program(root),
            examine_packages(sorted(root.glob("requirements*.txt"), key=lambda file: file.stem)),
            examine_devices(),
            examine_places(root, data, cache_gb),
        ]
    )


def _examine_program(root: Path) -> Section:
    section = Section("Program")
    facts = section.facts
    facts["git commit"] = git_commit()
    facts["folder"] = f"{root}, run in {Path.cwd()}"
    place = "" if sys.prefix == sys.base_prefix else ", in a virtual environment"
    facts["Python"] = f"{platform.python_version()} at {sys.executable}{place}"
    facts["system"] = ", ".join(filter(None, (platform.platform(), _container())))
    found = [f"{name}={os.environ[name]}" for name in VARIABLES if name in os.environ]
    facts["variables"] = ", ".join(found) or "none of those that matter are set"
    return section


def _container() -> str:
    known = {"/.dockerenv": "in a Docker container", "/run/.containerenv": "in a Podman container"}
    return next((name for file, name in known.items() if os.path.exists(file)), "")


def _section_text(section: Section) -> str:
    width = max(map(len, section.facts)) + 2
    if width > LABEL:  # of names of files: the values below them
        lines = [f"  {label}\n{_wrapped(value, ' ' * 6, ' ' * 6)}" for label, value in section.facts.items()]
    else:
        indent = " " * (width + 2)
        lines = [_wrapped(value, f"  {label:{width}}", indent) for label, value in section.facts.items()]
    return "\n".join([section.title, *lines])


def _wrapped(text: str, first: str, others: str) -> str:
    return textwrap.fill(
        _without_home(text),
        WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _without_home(text: str) -> str:
    """Without the name of the user, which nobody needs to know."""
    home = str(Path.home())
    return text.replace(home, "~") if len(home) > 1 else text
