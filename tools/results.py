"""Compare finished runs, as Markdown: python tools/results.py --help."""

import sys
from pathlib import Path

import yaml

# The program's folders, from wherever it is called.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from config import get_defaults, read_options
from utils.command import run_command
from utils.figures import save_figure
from utils.run_overview import draw_runs, overview
from utils.run_table import read_run, runs_table


def main(argv: list[str] | None = None) -> int:
    """Read the runs, print the table, draw the picture."""
    options = read_options(argv, "results")
    defaults = yaml.safe_load(get_defaults().dump())
    runs = [read_run(Path(folder), defaults) for folder in options.runs]
    print((overview if options.overview else runs_table)(runs))
    if options.picture:
        save_figure(draw_runs(runs), Path(options.picture))
    return 0


if __name__ == "__main__":
    run_command(main)
