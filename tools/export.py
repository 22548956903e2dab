"""Write a trained network in another format: python tools/export.py --help."""

import sys
from argparse import Namespace
from pathlib import Path

# The program's folders, from wherever it is called.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from loguru import logger
from torch import nn
from yacs.config import CfgNode

from benchmarks.networks import Entry, measure, table
from config import changed
from data import read_dataset
from data.datasets import ReidDataset
from engine import load_network, open_network
from engine.exported import EXPORTED
from export import FORMATS, Form, Source, check_form, export_network, files_of, find_pictures
from tools.start import read_options, start
from utils.command import run_command
from utils.device import amp_dtype
from utils.errors import InputError
from utils.logger import log_plain


def main(argv: list[str] | None = None) -> int:
    """Load the weights, write, check, compare."""
    options = read_options("export", argv)
    form = form_of(options)
    cfg, device = start("export", argv)
    weights = Path(cfg.TEST.WEIGHT)
    if weights.suffix.lower() in EXPORTED:
        raise InputError(f"{weights} is an exported file; export the weights (.pth) that it came from")
    file = file_of(options, weights, form)
    _, network = load_network(cfg, device)
    pictures = find_pictures(cfg, options.images, calibrate=form.precision == "int8")
    dataset = dataset_of(options, cfg)
    parity = export_network(Source(cfg, network.eval(), weights, pictures), form, file)
    logger.info(f"Saved {file}: {parity}")
    entries = torch_entries(cfg, network, device)
    exported_cfg, exported, _ = open_network(file, cfg, device)
    entries.append(Entry(f"{form.format} {form.precision}", exported_cfg, exported, files_of(file)))
    log_plain(table(measure(entries, device, dataset), device))
    return 0


def torch_entries(cfg: CfgNode, network: nn.Module, device: torch.device) -> list[Entry]:
    """The network itself, in float32 and in the processor's fast precision if it has one."""
    amp = amp_dtype(device)
    dtypes = {False: torch.float32} | ({True: amp} if amp else {})
    return [
        Entry(f"torch {str(dtype)[6:]}", changed(cfg, {"SOLVER.AMP": on}), network, [Path(cfg.TEST.WEIGHT)])
        for on, dtype in dtypes.items()
    ]


def form_of(options: Namespace) -> Form:
    """How the options want it written."""
    if options.fp16 and options.int8:
        raise InputError("--fp16 and --int8 are two precisions; choose one")
    usual = FORMATS[options.format].precisions[0]
    precision = "fp16" if options.fp16 else "int8" if options.int8 else usual
    form = Form(options.format, precision, options.with_preprocess, options.l2_norm, options.opset)
    check_form(form)
    return form


def file_of(options: Namespace, weights: Path, form: Form) -> Path:
    """The file to write: as given, or beside the weights."""
    entry = FORMATS[form.format]
    what = "" if form.precision == "fp32" else f".{form.precision}"
    usual = weights.with_suffix(f"{what if entry.computes else '.small'}{entry.suffix}")
    file = Path(options.out or usual)
    if file.suffix != entry.suffix:
        raise InputError(f"--out {file}: a file of format {form.format} ends with {entry.suffix}")
    if file.resolve() == weights.resolve():
        raise InputError(f"--out {file} is the file of the weights themselves; name another")
    return file


def dataset_of(options: Namespace, cfg: CfgNode) -> ReidDataset | None:
    """The data set on which mAP is measured, if it is to be."""
    if options.evaluate == "no" or options.evaluate == "auto" and not options.int8:
        return None
    try:
        return read_dataset(cfg, train=False)
    except InputError as error:
        if options.evaluate == "yes":
            raise
        logger.warning(f"mAP is not measured: {error}")
        return None


if __name__ == "__main__":
    run_command(main)
