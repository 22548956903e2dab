"""Read a whole data set and report what is wrong with it: python tools/validate_data.py --help."""

import json
import sys
from pathlib import Path

# The program's folders, from wherever it is called.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from data import read_dataset
from data.datasets import joint_name
from data.validation import examine, report_table, report_tree
from data.validation.picture import draw_data
from tools.start import read_options, read_settings
from utils.command import run_command
from utils.figures import save_figure
from utils.files import atomic_write, legal_name
from utils.logger import log_plain


def main(argv: list[str] | None = None) -> int:
    """Read, report, draw."""
    options = read_options("validate_data", argv)
    cfg = read_settings("validate_data", argv)
    report = examine(read_dataset(cfg), cfg)
    log_plain(report_table(report))
    picture = Path(options.picture or f"logs/data-{legal_name(joint_name(cfg.DATASETS.NAMES))}.png")
    save_figure(draw_data(report), picture)
    log_plain(f"Picture: {picture}")
    if options.json:
        with atomic_write(Path(options.json)) as stream:
            json.dump(report_tree(report), stream, indent=1, ensure_ascii=False)
    return report.exit_code


if __name__ == "__main__":
    run_command(main)
