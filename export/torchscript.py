"""TorchScript, for programs in C++ and for torch without this program's code."""

import io
import json
from pathlib import Path

import torch

from engine.exported.torchscript import FACTS
from utils.files import atomic_write

from .form import Form, Source
from .network import FeatureNetwork
from .quiet import quiet


def write_torchscript(source: Source, form: Form, file: Path) -> None:
    """Write a network whose batch may have any size, with ``Facts`` as an extra file in it."""
    network, buffer = FeatureNetwork(source, form, half=form.precision == "fp16"), io.BytesIO()
    with quiet(), torch.no_grad():
        script = torch.jit.trace(network, network.example(), check_trace=False)
        torch.jit.save(script, buffer, _extra_files={FACTS: json.dumps(source.facts(form).texts())})
    with atomic_write(file, "wb") as stream:
        stream.write(buffer.getbuffer())
