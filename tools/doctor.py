"""What a report of a bug needs to say about this machine and installation: python tools/doctor.py --help.

It imports only Python's standard library, and so works where packages are missing; its flags are therefore
declared here, not in config/flags.py.
"""

import sys

if sys.version_info < (3, 10):  # noqa: UP036  this command tells it
    sys.exit(f"error: Python 3.10 or newer is needed; {sys.executable} is {sys.version.split()[0]}")

import argparse
import json
import os
from contextlib import suppress
from pathlib import Path

# The program's folders, from wherever it is called.
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from utils.command import run_command
from utils.doctor import examine
from utils.files import atomic_write


def main(argv: list[str] | None = None) -> int:
    """Look, print, write."""
    parser = argparse.ArgumentParser(
        prog="tools/doctor.py",
        description="Print what a report of a bug needs to say about this machine and installation, and what "
        "is wrong with them. Paste all of it.",
        epilog="exit code: 0 the program can work, 1 something that it needs is missing or broken",
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", default=Path("data"), help="DATASETS.ROOT_DIR (default: data)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report to this file, too")
    options = parser.parse_args(argv)
    os.environ.pop("MPLBACKEND", None)  # a notebook's, which this Python may lack; see utils/figures.py
    report = examine(ROOT, options.data, _cache_gb())
    print(report.text())
    if options.json:
        with atomic_write(options.json) as stream:
            json.dump(report.tree(), stream, indent=1, ensure_ascii=False)
    return report.exit_code


def _cache_gb() -> float | None:
    with suppress(Exception):  # packages that it needs are missing or broken, which the report says
        from config import get_defaults

        return get_defaults().DATALOADER.CACHE_GB
    return None


if __name__ == "__main__":
    run_command(main)
