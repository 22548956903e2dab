"""The formats, and how a network gets into one: written aside, read back, checked, and put in its place."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from data.transforms import make_test_transform
from engine import FeatureExtractor, open_network
from utils.errors import InputError
from utils.files import writing

from .form import Form, Source
from .onnx import write_onnx
from .openvino import write_openvino
from .parity import BOUNDS, Parity, check_parity
from .torchscript import write_torchscript
from .weights import write_weights


class Format(NamedTuple):
    """How a network is written."""

    suffix: str  # of the file
    precisions: tuple[str, ...]  # that there are, the usual one first
    write: Callable[[Source, Form, Path], None]  # the file, and others beside it of the same stem
    computes: bool = True  # False: it holds weights alone, which take no preprocessing and no norm


FORMATS = {
    "pth": Format(".pth", ("fp16",), write_weights, computes=False),
    "onnx": Format(".onnx", ("fp32", "fp16", "int8"), write_onnx),
    "torchscript": Format(".torchscript", ("fp32", "fp16"), write_torchscript),
    "openvino": Format(".xml", ("fp32", "fp16", "int8"), write_openvino),
}


def check_form(form: Form) -> None:
    """Raise an InputError for what the format cannot do."""
    entry = FORMATS[form.format]
    if form.precision not in entry.precisions:
        raise InputError(f"--format {form.format} has {' and '.join(entry.precisions)}, not {form.precision}")
    if not entry.computes and (form.takes_pixels or form.l2_norm):
        raise InputError(
            f"--format {form.format} holds weights alone; --with_preprocess and --l2_norm are for the others"
        )


def export_network(source: Source, form: Form, file: Path) -> Parity:
    """Write a network, and compare the features of what was written with its own.

    Args:
        source: the network.
        form: as ``check_form`` accepts it.
        file: to write; its folder is created. Nothing is left of it if the check fails.

    Returns:
        How near the features are.

    Raises:
        InputError: they are beyond the precision's bound, a package is missing, or nothing can be written.
    """
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{file.stem}-", dir=file.parent) as folder:
            part = Path(folder, file.name)
            FORMATS[form.format].write(source, form, part)
            parity = _check(source, form, part)
            for written in Path(folder).iterdir():
                os.replace(written, file.with_name(written.name))
    return parity


def files_of(file: Path) -> list[Path]:
    """What belongs to an exported file: itself, and OpenVINO's weights."""
    return [path for path in (file, file.with_suffix(".bin")) if path == file or file.suffix == ".xml"]


def _check(source: Source, form: Form, part: Path) -> Parity:
    device = next(source.network.parameters()).device
    cfg, exported, _ = open_network(part, source.cfg, device)
    batch = len(source.pictures) - 1  # and then one: both must do

    def embed(cfg, network: nn.Module) -> FeatureExtractor:
        return FeatureExtractor(network, make_test_transform(cfg), device, batch, amp=False)

    networks = embed(source.cfg, source.network), embed(cfg, exported)
    with torch.inference_mode():
        return check_parity(*networks, source.pictures, BOUNDS[form.precision], form.l2_norm)
