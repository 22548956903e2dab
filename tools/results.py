"""Compare finished runs, as Markdown: python tools/results.py --help."""

import argparse
import sys
from pathlib import Path

import yaml

# The program's folders, from wherever it is called.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from config import get_defaults
from utils.command import run_command
from utils.run_table import read_run, runs_table


def main(argv: list[str] | None = None) -> int:
    """Read the runs and print the table."""
    parser = argparse.ArgumentParser(
        prog="tools/results.py",
        description="Compare finished runs, as Markdown: the last evaluation of each, what sets its settings "
        "apart from the first one's, and the mean where runs differ by their seeds alone.",
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of a run, logs/<run>")
    defaults = yaml.safe_load(get_defaults().dump())
    print(runs_table([read_run(folder, defaults) for folder in parser.parse_args(argv).runs]))
    return 0


if __name__ == "__main__":
    run_command(main)
