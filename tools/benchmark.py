"""Measure speed and memory, and print them as Markdown: python tools/benchmark.py --help."""

import json
import sys
from argparse import Namespace
from pathlib import Path

# The program's folders, from wherever it is called.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from loguru import logger

from benchmarks import evaluation, gallery, people, search, training
from config import READY_MODELS, find_subcommand
from tools.start import read_options, start
from utils.command import run_command
from utils.device import select_device
from utils.files import atomic_write


def main(argv: list[str] | None = None) -> int:
    """Parse, measure, print."""
    command, words = find_subcommand(argv, "benchmark")
    options = read_options(command, words)
    measure, table = COMMANDS[command]
    report = measure(options, words)
    print(table(report))
    if options.json:
        with atomic_write(Path(options.json)) as stream:
            json.dump(report, stream, indent=1)
    return 0


def measure_evaluation(options: Namespace, words: list[str]) -> dict:
    """The figures of tools/benchmark.py eval."""
    return evaluation.measure(options.sizes, options.re_ranking, options.plain, options.repeats)


def measure_training(options: Namespace, words: list[str]) -> dict:
    """The figures of tools/benchmark.py train."""
    cfg, device = start("benchmark train", words)
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    return training.measure(cfg, device, options.steps, options.rounds)


def measure_gallery(options: Namespace, words: list[str]) -> dict:
    """The figures of tools/benchmark.py gallery."""
    return gallery.measure(options.uri, options.vectors, options.dim, options.repeats)


def measure_people(options: Namespace, words: list[str]) -> dict:
    """The figures of tools/benchmark.py people."""
    return people.measure(options.tracklets, options.dim)


def measure_search(options: Namespace, words: list[str]) -> dict:
    """The figures of tools/benchmark.py search."""
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    weights = options.weights or READY_MODELS["mobilenet_v2"]
    device = select_device("cuda", "0")
    return search.measure(options.video, options.detector, weights, device, options.rounds, options.times)


# sub-command -> its measurement, and its table
COMMANDS = {
    "benchmark eval": (measure_evaluation, evaluation.table),
    "benchmark train": (measure_training, training.table),
    "benchmark gallery": (measure_gallery, gallery.table),
    "benchmark people": (measure_people, people.table),
    "benchmark search": (measure_search, search.table),
}


if __name__ == "__main__":
    run_command(main)
