"""ONNX, by torch's exporter."""

from pathlib import Path

import torch

from engine.exported.optional import need

from .form import Form, Source
from .network import FeatureNetwork
from .quantise import quantise
from .quiet import quiet


def write_onnx(source: Source, form: Form, file: Path) -> None:
    """Write a network whose batch may have any size, with ``Facts`` in the file's metadata.

    Raises:
        InputError: the packages for it are not installed.
    """
    onnx = need("onnx")
    need("onnxscript")
    network = FeatureNetwork(source, form, half=form.precision == "fp16")
    with quiet(), torch.no_grad():
        program = torch.onnx.export(
            network,
            (network.example(),),
            dynamo=True,
            input_names=["images"],
            output_names=["features"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            opset_version=form.opset,
            verbose=False,
        )
    model = program.model_proto
    if form.precision == "int8":
        model = quantise(model, source, form)
    texts = source.facts(form).texts() | {"reid.opset": str(form.opset)}
    onnx.helper.set_model_props(model, texts)
    onnx.save(model, file)
