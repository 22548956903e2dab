"""Tiny networks in ONNX files that find a blue rectangle, and say so in one of the known layouts.

They read the input's pixels: order of colours, range, size and margins must be right for a box to come out.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from search.detectors.yolox import STRIDES

OPSET = 13
OBJECTNESS, CLASS = 0.9, 0.8  # of the rectangle
ROW = 7  # in which it is found


class Graph:
    """Nodes of a graph under construction; values go by their names."""

    def __init__(self):
        self.nodes: list = []
        self.constants: list = []

    def __call__(self, kind: str, *inputs: "str | float | np.ndarray", **attributes: object) -> str:
        """Add a node; numbers and arrays become constants. Its output."""
        output = f"value{len(self.nodes)}"
        names = [i if isinstance(i, str) else self.constant(i) for i in inputs]
        self.nodes.append(helper.make_node(kind, names, [output], **attributes))
        return output

    def constant(self, value: "float | np.ndarray") -> str:
        array = np.asarray(value, None if isinstance(value, np.ndarray) else np.float32)
        self.constants.append(numpy_helper.from_array(array, f"constant{len(self.constants)}"))
        return self.constants[-1].name


def write_network(
    path: Path,
    layout: str,
    shape: Sequence[int | str] = (1, 3, 64, 96),
    half: bool = False,
    person: int = 0,
    metadata: dict[str, str] | None = None,
) -> Path:
    """Write a network whose output has one of the ``LAYOUTS``.

    Args:
        path: to write.
        layout: one of these.
        shape: as declared for the input; texts are left open.
        half: whether input and output are float16.
        person: class of the rectangle, of three.
        metadata: of the file.
    """
    graph = Graph()
    height, width = (n if isinstance(n, int) else 640 for n in shape[2:])
    image = graph("Cast", "images", to=TensorProto.FLOAT) if half else "images"
    box, there = find_blue(graph, image, bgr=layout == "yolox")
    output = LAYOUTS[layout](graph, box, there, (height, width), person)
    kind = TensorProto.FLOAT16 if half else TensorProto.FLOAT
    graph.nodes.append(helper.make_node("Cast", [output], ["output"], to=kind))
    made = helper.make_graph(
        graph.nodes,
        "finder",
        [helper.make_tensor_value_info("images", kind, shape)],
        [helper.make_tensor_value_info("output", kind, None)],
        graph.constants,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    helper.set_model_props(model, metadata or {})
    onnx.save(model, path)
    return path


def find_blue(graph: Graph, image: str, bgr: bool) -> tuple[list[str], str]:
    """The blue rectangle in each image (N, 3, H, W): x, y of the centre, width, height, each (N, 1, 1).

    Of BGR from 0 to 255, or RGB from 0 to 1. And whether there is one, (N, 1, 1), 0 or 1.
    """
    blue, red = (0, 2) if bgr else (2, 0)
    bright, dark = (200.0, 60.0) if bgr else (200 / 255, 60 / 255)
    planes = [graph("Gather", image, np.array(channel), axis=1) for channel in (blue, red)]
    found = graph("And", graph("Greater", planes[0], bright), graph("Less", planes[1], dark))
    if not bgr:  # 1 is the most: pixels from 0 to 255 would be above
        found = graph("And", found, graph("Less", planes[0], 1.5))
    found = graph("Cast", found, to=TensorProto.FLOAT)  # (N, H, W)
    centre, size = [], []
    for across in (1, 2):
        line = graph("ReduceMax", found, axes=[across], keepdims=0)
        first = graph("Cast", graph("ArgMax", line, axis=1), to=TensorProto.FLOAT)
        last = graph("ArgMax", line, axis=1, select_last_index=1)
        end = graph("Add", graph("Cast", last, to=TensorProto.FLOAT), 1.0)
        first, end = (graph("Unsqueeze", value, np.array([2])) for value in (first, end))
        centre.append(graph("Mul", graph("Add", first, end), 0.5))
        size.append(graph("Sub", end, first))
    return [*centre, *size], graph("ReduceMax", found, axes=[1, 2], keepdims=1)


def _row_of(graph: Graph, values: list[str], count: int) -> str:
    """A table (N, count, len(values)) with the values in one row, and zeros in the others."""
    chosen = np.zeros((1, count, 1), np.float32)
    chosen[0, ROW] = 1
    return graph("Mul", graph("Concat", *values, axis=2), chosen)


def _classes(graph: Graph, there: str, score: float, person: int) -> list[str]:
    return [graph("Mul", there, score if number == person else 0.1 * score) for number in range(3)]


def _yolox(graph: Graph, box: list[str], there: str, size: tuple[int, int], person: int) -> str:
    stride = STRIDES[0]
    row, column = divmod(ROW, size[1] // stride)
    place = [
        graph("Sub", graph("Mul", value, 1 / stride), float(cell))
        for value, cell in zip(box[:2], (column, row), strict=True)
    ]
    extent = [graph("Log", graph("Mul", value, 1 / stride)) for value in box[2:]]
    values = [*place, *extent, graph("Mul", there, OBJECTNESS), *_classes(graph, there, CLASS, person)]
    return _row_of(graph, values, sum((size[0] // s) * (size[1] // s) for s in STRIDES))


def _yolov5(graph: Graph, box: list[str], there: str, size: tuple[int, int], person: int) -> str:
    values = [*box, graph("Mul", there, OBJECTNESS), *_classes(graph, there, CLASS, person)]
    return _row_of(graph, values, 3 * sum((size[0] // s) * (size[1] // s) for s in STRIDES))


def _yolov8(graph: Graph, box: list[str], there: str, size: tuple[int, int], person: int) -> str:
    values = [*box, *_classes(graph, there, OBJECTNESS * CLASS, person)]
    table = _row_of(graph, values, sum((size[0] // s) * (size[1] // s) for s in STRIDES))
    return graph("Transpose", table, perm=[0, 2, 1])


def _pose(graph: Graph, box: list[str], there: str, size: tuple[int, int], person: int) -> str:
    output = _yolov8(graph, box, there, size, person)
    return graph("Concat", output, output, axis=1)  # places of points [pixels], larger than any score


def _end_to_end(graph: Graph, box: list[str], there: str, size: tuple[int, int], person: int) -> str:
    half = [graph("Mul", value, 0.5) for value in box[2:]]
    corners = [graph(kind, box[n], half[n]) for kind in ("Sub", "Add") for n in range(2)]
    score = graph("Mul", there, OBJECTNESS * CLASS)
    label = graph("Mul", there, float(person))
    table = _row_of(graph, [*corners, score, label], 300)
    other = np.zeros((1, 300, 6), np.float32)
    other[0, 3] = [10, 10, 30, 40, 0.95, 1 + person]  # of another class
    return graph("Add", table, other)


LAYOUTS = {"yolox": _yolox, "yolov5": _yolov5, "yolov8": _yolov8, "end_to_end": _end_to_end, "pose": _pose}
