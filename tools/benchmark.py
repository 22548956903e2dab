"""Measure speed and memory, and print them as Markdown: python tools/benchmark.py --help."""

import argparse
import json
import sys
from pathlib import Path

# The program's folders, from wherever it is called.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import evaluation, training
from utils.command import run_command
from utils.errors import InputError, os_reason

COMMANDS = {
    "eval": (evaluation, "mAP/CMC and re-ranking against the bare matrix product"),
    "train": (training, "the training loop against the bare network and against other ways"),
}


def main(argv: list[str] | None = None) -> int:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(prog="tools/benchmark.py", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (module, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=module.ABOUT, allow_abbrev=False)
        module.add_arguments(command)
        command.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    args, args.settings = parser.parse_known_args(argv)
    module, _ = COMMANDS[args.command]
    if args.settings and args.command != "train":
        parser.error(f"unrecognized arguments: {' '.join(args.settings)}")
    report = module.measure(args)
    print(module.table(report))
    if args.json:
        try:
            args.json.write_text(json.dumps(report, indent=1), encoding="utf-8")
        except OSError as error:
            raise InputError(f"cannot write {args.json}: {os_reason(error)}") from None
    return 0


if __name__ == "__main__":
    run_command(main)
