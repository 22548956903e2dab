"""8-bit integers in ONNX, by onnxruntime's static quantisation."""

import tempfile
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from data.transforms import make_test_transform
from engine.exported.optional import need

from .form import Form, Source
from .quiet import quiet

if TYPE_CHECKING:
    import onnx

LARGE = 1 / 4  # of the image's height
BATCH = 4  # pictures whose values between the layers are in memory at a time


def quantise(model: "onnx.ModelProto", source: Source, form: Form) -> "onnx.ModelProto":
    """A network whose convolutions and matrix products are of 8-bit integers.

    Weights have a scale for each channel, and 7 bits: with 8, the sums of processors without VNNI would
    overflow. The ranges of the values between the layers are those that the pictures give, but for the
    outermost of 100,000 values on each side: one far out would leave the others few of the 256 steps.
    Convolutions of larger pictures than LARGE stay in float32: they hold few weights, and their errors go
    through all the others.

    Args:
        model: in float32.
        source: with the pictures.
        form: of the model.
    """
    onnx = need("onnx")
    quantization = need("onnxruntime.quantization")
    shape_inference = need("onnxruntime.quantization.shape_inference")
    with quiet(), redirect_stdout(StringIO()), tempfile.TemporaryDirectory() as folder:
        before, prepared, after = (str(Path(folder, f"{n}.onnx")) for n in range(3))
        onnx.save(model, before)
        shape_inference.quant_pre_process(before, prepared, skip_symbolic_shape=True)
        quantization.quantize_static(
            prepared,
            after,
            Batches(source, form),
            nodes_to_exclude=_early(onnx.load(prepared), source.cfg.INPUT.SIZE_TEST[0]),
            op_types_to_quantize=["Conv", "MatMul", "Gemm", "Add", "MaxPool"],
            per_channel=True,
            reduce_range=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            calibrate_method=quantization.CalibrationMethod.Percentile,
            # Batch by batch: else all values of all pictures would be in memory at once.
            extra_options={"CalibTensorRangeSymmetric": False, "CalibStridedMinMax": 1},
        )
        return onnx.load(after)


def _early(model: "onnx.ModelProto", height: int) -> list[str]:
    """Names of the convolutions of large pictures, in a network whose shapes are known."""
    sizes = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*model.graph.input, *model.graph.value_info)
    }
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    return [node.name for node in convolutions if sizes[node.input[0]][2] > LARGE * height]


class Batches:
    """The pictures as the network takes them, in the way in which onnxruntime asks for them."""

    def __init__(self, source: Source, form: Form):
        self._pictures, self._form = source.pictures, form
        self._transform = make_test_transform(source.cfg)
        self._left: list[int] = []

    def __len__(self) -> int:
        return -(-len(self._pictures) // BATCH)

    def set_range(self, start_index: int, end_index: int) -> None:
        """Begin with this batch, and end before that one."""
        self._left = list(range(start_index, end_index))

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next batch by the input's name; None: there is none."""
        if not self._left:
            return None
        first = BATCH * self._left.pop(0)
        pixels = np.stack(self._pictures[first : first + BATCH])
        if self._form.takes_pixels:
            return {"images": pixels}
        images = self._transform(torch.from_numpy(pixels).permute(0, 3, 1, 2))
        return {"images": images.contiguous().numpy()}
