"""Networks in ONNX files, run by onnxruntime."""

import ast
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import torch
from torchvision.ops import nms

from search.optional import need
from search.video import Frame
from utils.distributed import share_of_cores
from utils.errors import InputError, one_line
from utils.onnx_session import first_line, open_session

from .detector import Settings, detections, file_name
from .lanes import Lanes
from .layout import Layout
from .ultralytics import EndToEnd, YoloV5, YoloV8
from .yolox import YoloX

if TYPE_CHECKING:
    import onnxruntime
    import supervision as sv

LAYOUTS: tuple[type[Layout], ...] = (YoloX, YoloV5, YoloV8, EndToEnd)
KNOWN = "YOLOX (N, A, 5 + C), YOLOv5 (N, 3 A, 5 + C), YOLOv8 to 12 (N, 4 + C, A) or end-to-end (N, K, 6)"
TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
USUAL_SIZE = 640  # pixels, of an input whose size the file leaves open
USUAL_BATCH = 8  # frames, of one whose batch it leaves open
LANES = 4  # calls at a time on a CPU
PERSON = ("person", "pedestrian", "people", "human")  # names of the class
SMALLEST = 1.0  # pixels; a box narrower or lower is none


class OnnxDetector:
    """A network in an ONNX file, with one of the ``LAYOUTS``, which its output tells.

    One thread may use it at a time. On a CPU, it itself computes several frames side by side.

    Args:
        path: of the file.
        settings: thresholds; what is None there is as published for the layout.

    Raises:
        InputError: it is not such a file, or a network of another kind.
    """

    def __init__(self, path: str, settings: Settings | None = None):
        settings = settings or Settings()
        self._shown, self._path = one_line(path), path
        self._cores = settings.threads or share_of_cores()
        self._session = self._open(settings.cuda, self._cores)
        self._metadata = _metadata(self._session)
        self._input, self._fixed, self._size = self._read_input()
        on_cpu = self._session.get_providers()[0] == "CPUExecutionProvider"
        # Not more lanes than a usual batch takes: frames of many would fill the memory.
        self._lanes = min(LANES, self._cores, max(1, USUAL_BATCH // (self._fixed or 1))) if on_cpu else 1
        self._piece = self._fixed or USUAL_BATCH // self._lanes  # frames in a call
        self.batch = max(USUAL_BATCH, self._lanes * self._piece)
        self._inputs = self._new_inputs()
        self.layout = self._recognise()
        self._score = self.layout.score if settings.score is None else settings.score
        self._nms = self.layout.nms if settings.nms is None or self.layout.nms is None else settings.nms
        overlap = "" if self._nms is None else f", nms {self._nms:g}"
        self.name = f"{file_name(path)} (score {self._score:g}{overlap})"

    def __call__(self, frames: Sequence[Frame]) -> list["sv.Detections"]:
        """The people in each frame; see ``Detector``."""
        pieces = [frames[start : start + self._piece] for start in range(0, len(frames), self._piece)]
        if min(len(pieces), self._lanes) > 1:
            found = self._beside.map(self._find, pieces)
        else:
            found = (self._find(piece, self._session, self._inputs) for piece in pieces)
        return list(chain.from_iterable(found))

    def fresh(self) -> "OnnxDetector":
        """Itself; see ``Detector``."""
        return self

    def _open(self, cuda: bool, threads: int) -> "onnxruntime.InferenceSession":
        return open_session(need("onnxruntime"), self._path, cuda, threads)

    @cached_property
    def _beside(self) -> Lanes:
        session = self._open(cuda=False, threads=self._cores - self._lanes + 1)
        return Lanes(session, [self._new_inputs() for _ in range(self._lanes)])

    def _find(
        self, frames: Sequence[Frame], session: "onnxruntime.InferenceSession", inputs: np.ndarray
    ) -> list["sv.Detections"]:
        """The people in each frame of a piece."""
        images = [frame.image for frame in frames]
        places = self.layout.letterbox(images, inputs)
        return list(map(self._people, images, places, self._run(session, inputs, len(images))))

    def _people(self, image: np.ndarray, place, output: np.ndarray) -> "sv.Detections":
        boxes, scores = self.layout.people(output, self._score)
        boxes = self.layout.letterbox.back(boxes, place, image).astype(np.float32)
        good = (boxes[:, 2:] - boxes[:, :2] >= SMALLEST).all(axis=1)
        boxes, scores = boxes[good], scores[good]
        if self._nms is None:
            kept = np.argsort(-scores, kind="stable")
        else:
            kept = nms(torch.from_numpy(boxes), torch.from_numpy(scores), self._nms).numpy()
        return detections(boxes[kept], scores[kept])

    def _run(self, session: "onnxruntime.InferenceSession", inputs: np.ndarray, count: int) -> np.ndarray:
        """The output for the first inputs; a network with a fixed batch gets all of them."""
        feed = {self._input.name: inputs[: self._fixed or count]}
        return session.run([session.get_outputs()[0].name], feed)[0][:count]

    def _new_inputs(self) -> np.ndarray:
        """Kept: fresh memory for each call would take as long as all else that is done to a frame."""
        return np.full((self._piece, 3, *self._size), 0.5, TYPES[self._input.type])

    def _read_input(self) -> tuple["onnxruntime.NodeArg", int | None, tuple[int, int]]:
        """The input, its batch (None: open), and its height and width."""
        inputs = self._session.get_inputs()
        shape = inputs[0].shape
        if len(inputs) > 1 or len(shape) != 4 or inputs[0].type not in TYPES or shape[1] != 3:
            self._refuse("its inputs are " + _listed(inputs))
        usual = self._metadata.get("imgsz", (USUAL_SIZE, USUAL_SIZE))
        high, wide = (n if isinstance(n, int) else other for n, other in zip(shape[2:], usual, strict=True))
        return inputs[0], shape[0] if isinstance(shape[0], int) else None, (high, wide)

    def _recognise(self) -> Layout:
        names = self._metadata.get("names")
        try:
            # The shapes that a file declares may be left open; those of a result are not.
            output = self._run(self._session, self._inputs, 1)
            layout = next((layout for layout in LAYOUTS if layout.fits(output, self._size)), None)
            person = _person(names)
        except InputError as error:
            raise InputError(f"{self._shown}: {error}") from None
        except Exception as error:  # of onnxruntime, which has no class for them
            raise InputError(f"{self._shown} cannot be run: {first_line(error)}") from None
        if layout is None:
            self._refuse("its outputs are " + _listed(self._session.get_outputs()))
        return layout(self._size, person, len(names) if names else None)

    def _refuse(self, why: str) -> NoReturn:
        raise InputError(
            f"{self._shown} is not a detector of a known kind: {why}; known are an image (N, 3, H, W) as the "
            f"only input and, as the first output, {KNOWN}, with A cells and C classes"
        )


def _metadata(session: "onnxruntime.InferenceSession") -> dict:
    """What Ultralytics writes into its exports: ``names``, a list of the classes, and ``imgsz``, a list."""
    found = {}
    texts = session.get_modelmeta().custom_metadata_map
    for key in {"names", "imgsz"} & texts.keys():
        try:
            value = ast.literal_eval(texts[key])
        except (ValueError, SyntaxError):
            continue  # another program's, with another meaning
        found[key] = [value[n] for n in sorted(value)] if isinstance(value, dict) else value
    return found


def _person(names: list[str] | None) -> int:
    """Number of the class of people: 0, as in COCO, where the names are not known or there is only one.

    Raises:
        InputError: there is no such class.
    """
    if not names or len(names) == 1:
        return 0
    found = [number for number, name in enumerate(names) if str(name).lower() in PERSON]
    if not found:
        some = ", ".join(map(str, names[:6])) + (", …" if len(names) > 6 else "")
        raise InputError(f"it does not find people: its classes are {one_line(some)}")
    return found[0]


def _listed(nodes: list["onnxruntime.NodeArg"]) -> str:
    return one_line(", ".join(f"{node.name} {node.type} {tuple(node.shape)}" for node in nodes))
