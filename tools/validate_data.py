"""Read a whole data set and report what is wrong with it: python tools/validate_data.py --help."""

import json
import sys
from collections import Counter
from pathlib import Path

# The program's folders, from wherever it is called.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from data import read_dataset
from data.datasets import joint_name
from data.validation import SUBSETS, Report, examine, images_per_id, report_table, report_tree
from data.validation.picture import draw_data
from tools.start import read_options, read_settings
from utils.command import run_command
from utils.files import atomic_write, legal_name
from utils.logger import log_plain


def main(argv: list[str] | None = None) -> int:
    """Read, report, draw."""
    options = read_options("validate_data", argv)
    cfg = read_settings("validate_data", argv)
    report = examine(read_dataset(cfg), cfg)
    log_plain(report_table(report))
    draw(report, Path(options.picture or f"logs/data-{legal_name(joint_name(cfg.DATASETS.NAMES))}.png"))
    if options.json:
        with atomic_write(Path(options.json)) as stream:
            json.dump(report_tree(report), stream, indent=1, ensure_ascii=False)
    return report.exit_code


def draw(report: Report, file: Path) -> None:
    """Draw the picture."""
    dataset = report.dataset
    records = {subset: getattr(dataset, subset) for subset in SUBSETS}
    per_camera = {
        subset: {
            dataset.names_of(subset).camera(c): n for c, n in sorted(Counter(r.camid for r in part).items())
        }
        for subset, part in records.items()
    }
    per_person = {subset: images_per_id(part) for subset, part in records.items()}
    draw_data(file, per_person, per_camera, {subset: report.sizes(subset) for subset in SUBSETS})
    log_plain(f"Picture: {file}")


if __name__ == "__main__":
    run_command(main)
