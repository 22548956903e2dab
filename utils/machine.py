"""The machine and this copy of the program, as far as Python's standard library knows them."""

import platform
import subprocess
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")  # of Linux
BFLOAT16_SINCE = (8, 0)  # capability of the GPUs that have bfloat16 arithmetic


def cpu_name() -> str:
    """The model of the CPU as far as the system names it: ``AMD EPYC 9B45``, ``x86_64``."""
    # On Linux, platform.processor() is the architecture, or nothing.
    names = [line.split(":", 1)[1].strip() for line in _cpuinfo() if line.startswith("model name")]
    return next(filter(None, names), platform.processor() or platform.machine())


def cpu_has_bfloat16() -> bool:
    """Whether the CPU has bfloat16 arithmetic, as far as Linux says so."""
    # avx512_bf16 and amx_bf16 on x86, bf16 on ARM
    return platform.system() == "Linux" and any("bf16" in line for line in _cpuinfo())


def git_commit() -> str:
    """The commit of this program, with ``+changes`` where files differ from it; 'unknown' outside git."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--dirty=+changes", "--exclude=*"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()


def _cpuinfo() -> list[str]:
    return CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines() if CPUINFO.exists() else []
