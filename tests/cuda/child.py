"""Runs the cases on the pretended device: python -m tests.cuda.child DATA FOLDER [CASE …].

Prints a line of JSON for each: its name, what went wrong (null: nothing), and the launches of its last step.
"""

import json
import sys
import traceback
import warnings
from pathlib import Path

from loguru import logger

from modeling.backbones import BACKBONES
from tests.cuda import (
    evaluation_cases,
    harness_cases,
    loader_cases,
    process_cases,
    resume_cases,
    training_cases,
    transform_cases,
)
from tests.cuda.bench import Bench
from tests.cuda.pretended import PretendedCuda
from tests.tiny_backbone import TINY_BACKBONE

MODULES = (
    harness_cases,
    transform_cases,
    training_cases,
    loader_cases,
    process_cases,
    evaluation_cases,
    resume_cases,
)
CASES = {name: case for module in MODULES for name, case in module.CASES.items()}


def main(data: str, folder: str, *names: str) -> None:
    """Run the cases of these names, or all."""
    logger.remove()
    warnings.simplefilter("ignore")
    BACKBONES["tiny"] = TINY_BACKBONE
    with PretendedCuda() as cuda:
        bench = Bench(cuda, Path(data), Path(folder))
        for name in names or CASES:
            error = None
            cuda.launches.clear()
            try:
                CASES[name](bench)
            except Exception:  # whatever it is, the other cases still run
                error = traceback.format_exc()
            line = {"case": name, "error": error, "launches": cuda.launches.total()}
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
