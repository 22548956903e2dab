"""Write trained weights in another form: python tools/export.py --help."""

import sys
from pathlib import Path

# The program's folders, from wherever it is called.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from loguru import logger

from export import FORMATS
from modeling import build_model, load_weights
from tools.start import read_options, start
from utils.command import run_command
from utils.errors import InputError


def main(argv: list[str] | None = None) -> int:
    """Load the weights, write and check."""
    options = read_options("export", argv)
    cfg, device = start("export", argv)
    weights = Path(cfg.TEST.WEIGHT)
    file = Path(options.out or weights.with_suffix(".small.pth"))
    if file.resolve() == weights.resolve():
        raise InputError(f"--out {file} is the file of the weights themselves; name another")
    model = build_model(cfg, num_classes=0)
    report = load_weights(model, weights, complete=True)
    logger.info(f"Weights: {weights}: {report}")
    parity = FORMATS[options.format](cfg, model.to(device), file)
    logger.info(f"Saved {file} ({file.stat().st_size / 1e6:.2f} MB): {parity}")
    return 0


if __name__ == "__main__":
    run_command(main)
