"""OpenVINO's own files, from ONNX."""

import tempfile
from dataclasses import replace
from pathlib import Path

from engine.exported.openvino import FACTS
from engine.exported.optional import need

from .form import Form, Source
from .onnx import write_onnx


def write_openvino(source: Source, form: Form, file: Path) -> None:
    """Write an .xml file, and a .bin file beside it, with ``Facts`` in its runtime information.

    In half precision, only the weights are; what OpenVINO computes in is its devices' own choice.

    Raises:
        InputError: the packages for it are not installed.
    """
    openvino = need("openvino")
    half = form.precision == "fp16"
    with tempfile.TemporaryDirectory() as folder:
        onnx = Path(folder, "network.onnx")
        write_onnx(source, replace(form, precision="fp32") if half else form, onnx)
        model = openvino.Core().read_model(onnx)
        for name, text in source.facts(form).texts().items():
            model.set_rt_info(text, [FACTS, name])
        openvino.save_model(model, file, compress_to_fp16=half)
