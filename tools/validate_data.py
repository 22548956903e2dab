"""Read a data set whole and say what is wrong with it: python tools/validate_data.py --help."""

import argparse
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
from tools.start import read_settings
from utils.errors import InputError, os_reason, run_command
from utils.logger import log_plain

EPILOG = """All flags and settings of tools/train.py are understood as well:
  python tools/validate_data.py DATASETS.NAMES market1501
  python tools/validate_data.py DATASETS.NAMES /path/to/folder-or-table --json report.json
exit code: 0 nothing found, 1 warnings, 2 errors, with which training or testing fails or means nothing"""


def main(argv: list[str] | None = None) -> int:
    """Read, report, draw."""
    parser = argparse.ArgumentParser(
        prog="tools/validate_data.py",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    picture = "picture of the data set (default: logs/data-<name>.png)"
    parser.add_argument("--picture", type=Path, metavar="FILE", help=picture)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the findings there, with all names")
    args, settings = parser.parse_known_args(argv)
    cfg = read_settings("train", settings)
    report = examine(read_dataset(cfg), cfg)
    log_plain(report_table(report))
    names = cfg.DATASETS.NAMES
    draw(report, args.picture or Path("logs") / f"data-{joint_name(names)}.png")
    if args.json:
        write_json(args.json, report)
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


def write_json(file: Path, report: Report) -> None:
    """Write the report."""
    try:
        file.write_text(json.dumps(report_tree(report), indent=1, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {file}: {os_reason(error)}") from None


if __name__ == "__main__":
    run_command(main)
