"""Networks in ONNX files: what goes in, what comes out, and which are refused."""

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from search.detectors import Settings, make_detector
from search.detectors.letterbox import Letterbox, Placement
from search.detectors.ultralytics import EndToEnd, YoloV5, YoloV8
from search.detectors.yolox import YoloX
from search.video import Frame
from tests.search.detectors.networks import CLASS, OBJECTNESS, write_network
from utils.errors import InputError

SIZE = (64, 96)  # height and width of inputs
CELLS = 8 * 12 + 4 * 6 + 2 * 3
KINDS = {"yolox": YoloX, "yolov5": YoloV5, "yolov8": YoloV8, "end_to_end": EndToEnd}


def frame(box: tuple[int, int, int, int] | None, size: tuple[int, int] = (128, 128)) -> Frame:
    """A grey frame of this height and width, with a blue rectangle x1, y1, x2, y2."""
    image = np.full((*size, 3), 90, np.uint8)
    if box:
        image[box[1] : box[3], box[0] : box[2]] = (255, 0, 0)
    return Frame(image, 0.0, 0)


def boxes_of(detections) -> list[list[float]]:
    assert detections.xyxy.dtype == np.float32 and detections.confidence.dtype == np.float32
    return detections.xyxy.tolist()


class TestFrameToFrame:
    """A rectangle in a frame comes back where it is; edges lie on pixels of the reduced frame."""

    @pytest.mark.parametrize("layout", KINDS)
    @pytest.mark.parametrize("size", [(128, 128), (64, 192), (128, 192), (32, 32)])
    def test_box_comes_back_at_its_place(self, tmp_path, layout, size):
        detector = make_detector(str(write_network(tmp_path / "net.onnx", layout)))
        assert isinstance(detector.layout, KINDS[layout])
        box = (8, 12, 20, 28)
        (found,) = detector([frame(box, size)])
        assert boxes_of(found) == [pytest.approx(box, abs=1e-3)]
        assert found.confidence == pytest.approx([OBJECTNESS * CLASS], abs=1e-3)

    @pytest.mark.parametrize("layout", KINDS)
    def test_float16_and_open_shapes_are_read(self, tmp_path, layout):
        path = write_network(tmp_path / "net.onnx", layout, ("n", 3, "h", "w"), half=True)
        detector = make_detector(str(path))
        frames = [frame((64, 128, 192, 320), (640, 640)), frame(None, (640, 640))] * 5
        found = detector(frames)
        assert detector.batch > 1 and len(found) == 10
        for n, detections in enumerate(found):
            assert boxes_of(detections) == ([] if n % 2 else [pytest.approx((64, 128, 192, 320), abs=1)])

    def test_a_fixed_batch_is_filled_up(self, tmp_path):
        path = write_network(tmp_path / "net.onnx", "yolov8", (4, 3, *SIZE))
        detector = make_detector(str(path), Settings(threads=1))
        assert detector.batch == 8
        found = detector([frame((8 + 2 * n, 12, 30 + 2 * n, 60)) for n in range(6)])
        assert [boxes_of(d)[0][0] for d in found] == pytest.approx([8 + 2 * n for n in range(6)], abs=1e-3)

    @pytest.mark.parametrize("batch", [1, 2, "n"])
    def test_frames_that_are_computed_side_by_side_come_in_their_order(self, tmp_path, batch):
        path = write_network(tmp_path / "net.onnx", "yolov8", (batch, 3, *SIZE))
        beside, alone = (make_detector(str(path), Settings(threads=n, cuda=False)) for n in (3, 1))
        frames = [frame((8 + 2 * n, 12, 30 + 2 * n, 60)) for n in range(15)]
        for count in (15, 1):
            expected = [boxes_of(found) for found in alone(frames[:count])]
            assert [boxes_of(found) for found in beside(frames[:count])] == expected
            assert len({boxes[0][0] for boxes in expected}) == count
        assert "_beside" in vars(beside) and "_beside" not in vars(alone)

    def test_the_size_of_an_open_input_is_read_from_the_file(self, tmp_path):
        path = write_network(
            tmp_path / "net.onnx", "end_to_end", ("n", 3, "h", "w"), metadata={"imgsz": "[64, 96]"}
        )
        detector = make_detector(str(path))
        assert detector.layout.letterbox.size == (64, 96)

    def test_what_stands_behind_the_classes_is_no_class(self, tmp_path):
        names = {"names": "{0: 'person', 1: 'cat', 2: 'dog'}"}
        detector = make_detector(str(write_network(tmp_path / "net.onnx", "pose", metadata=names)))
        assert boxes_of(detector([frame((8, 12, 20, 28))])[0]) == [pytest.approx((8, 12, 20, 28), abs=1e-3)]

    def test_no_frames_give_nothing(self, tmp_path):
        assert make_detector(str(write_network(tmp_path / "net.onnx", "yolox")))([]) == []


class TestClasses:
    @pytest.mark.parametrize("layout", KINDS)
    def test_only_people_come_out(self, tmp_path, layout):
        path = write_network(tmp_path / "net.onnx", layout, person=2)
        assert boxes_of(make_detector(str(path))([frame((8, 12, 20, 28))])[0]) == []

    @pytest.mark.parametrize("layout", ["yolov5", "yolov8", "end_to_end"])
    @pytest.mark.parametrize("names", ["{0: 'cat', 1: 'dog', 2: 'Person'}", "['cat', 'dog', 'pedestrian']"])
    def test_the_names_in_the_file_tell_who_they_are(self, tmp_path, layout, names):
        path = write_network(tmp_path / "net.onnx", layout, person=2, metadata={"names": names})
        assert len(make_detector(str(path))([frame((8, 12, 20, 28))])[0]) == 1

    def test_a_network_that_knows_no_people_is_refused(self, tmp_path):
        names = str({n: f"fruit{n}" for n in range(9)})
        path = write_network(tmp_path / "net.onnx", "yolov8", metadata={"names": names})
        with pytest.raises(
            InputError, match="net.onnx: it does not find people: its classes are fruit0, .*, …$"
        ):
            make_detector(str(path))


class TestSettings:
    def test_a_score_below_the_least_is_left_out(self, tmp_path):
        path = str(write_network(tmp_path / "net.onnx", "yolox"))
        for score, count in ((0.71, 1), (0.73, 0)):
            assert len(make_detector(path, Settings(score=score))([frame((8, 12, 20, 28))])[0]) == count

    def test_the_name_tells_file_and_thresholds(self, tmp_path):
        path = write_network(tmp_path / "net.onnx", "yolox")
        other = write_network(tmp_path / "other.onnx", "yolov8")
        name = make_detector(str(path)).name
        assert name.startswith("net.onnx@") and name.endswith(" (score 0.3, nms 0.45)")
        names = {name, make_detector(str(other)).name, make_detector(str(path), Settings(score=0.4)).name}
        names.add(make_detector(str(path), Settings(nms=0.5)).name)
        assert len(names) == 4
        assert make_detector(str(path), Settings(threads=1, cuda=False)).name == name

    @pytest.mark.parametrize("wrong", [{"score": -0.1}, {"nms": 1.5}, {"threads": -1}])
    def test_values_out_of_range_are_refused(self, wrong):
        with pytest.raises(InputError, match=next(iter(wrong))):
            Settings(**wrong)


class TestRefused:
    @staticmethod
    def constant_network(path, shape, inputs=(("images", TensorProto.FLOAT, (1, 3, *SIZE)),)) -> str:
        value = helper.make_tensor("value", TensorProto.FLOAT, shape, np.full(int(np.prod(shape)), 30.0))
        graph = helper.make_graph(
            [helper.make_node("Constant", [], ["output"], value=value)],
            "constant",
            [helper.make_tensor_value_info(*i) for i in inputs],
            [helper.make_tensor_value_info("output", TensorProto.FLOAT, shape)],
        )
        opset = [helper.make_opsetid("", 13)]
        onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
        return str(path)

    @pytest.mark.parametrize("shape", [(1, 1000), (1, CELLS + 1, 85), (1, 84, CELLS - 1), (1, 4, 8, 12)])
    def test_other_outputs_are_named_beside_the_known_ones(self, tmp_path, shape):
        path = self.constant_network(tmp_path / "net.onnx", shape)
        with pytest.raises(InputError, match="net.onnx is not a detector of a known kind") as error:
            make_detector(path)
        assert f"its outputs are output tensor(float) {shape}" in str(error.value)
        assert "YOLOX (N, A, 5 + C)" in str(error.value) and "\n" not in str(error.value)

    @pytest.mark.parametrize(
        "inputs",
        [
            [("images", TensorProto.UINT8, (1, 3, *SIZE))],
            [("images", TensorProto.FLOAT, (1, *SIZE, 3))],
            [("images", TensorProto.FLOAT, (1, 3, *SIZE)), ("size", TensorProto.FLOAT, (2,))],
        ],
    )
    def test_other_inputs_are_named(self, tmp_path, inputs):
        path = self.constant_network(tmp_path / "net.onnx", (1, CELLS, 85), inputs)
        with pytest.raises(InputError, match="of a known kind: its inputs are images tensor"):
            make_detector(path)

    def test_yolox_decoded_in_the_network_is_told_apart(self, tmp_path):
        path = self.constant_network(tmp_path / "net.onnx", (1, CELLS, 85))
        with pytest.raises(InputError, match="decodes its boxes itself.*without --decode_in_inference"):
            make_detector(path)

    def test_what_is_no_onnx_is_named_in_one_line(self, tmp_path):
        (tmp_path / "a\nb.onnx").write_bytes(b"nonsense")
        with pytest.raises(InputError, match="b.onnx cannot be loaded as ONNX") as error:
            make_detector(str(tmp_path / "a\nb.onnx"))
        assert "\n" not in str(error.value)


class TestLetterbox:
    def test_yolox_has_the_frame_in_the_corner_rounded_down(self):
        image = np.random.default_rng(0).integers(0, 256, (50, 33, 3)).astype(np.uint8)
        inputs = np.zeros((1, 3, 64, 96), np.float32)
        (place,) = Letterbox((64, 96), centred=False)([image], inputs)
        ratio = 64 / 50
        resized = cv2.resize(image, (int(33 * ratio), 64))
        expected = np.full((64, 96, 3), 114.0, np.float32)
        expected[:, : resized.shape[1]] = resized
        assert place == Placement(ratio, 0, 0)
        assert np.array_equal(inputs[0], expected.transpose(2, 0, 1))

    def test_others_have_it_in_the_middle_rounded_to_the_nearest(self):
        image = np.random.default_rng(0).integers(0, 256, (50, 33, 3)).astype(np.uint8)
        inputs = np.zeros((1, 3, 64, 96), np.float32)
        (place,) = Letterbox((64, 96), centred=True)([image], inputs)
        ratio = 64 / 50
        wide = round(33 * ratio)
        left = (96 - wide) // 2
        expected = np.full((64, 96, 3), 114, np.uint8)
        expected[:, left : left + wide] = cv2.resize(image, (wide, 64))
        assert place == Placement(ratio, left, 0)
        rgb = expected[..., ::-1].transpose(2, 0, 1) / 255
        assert inputs[0] == pytest.approx(rgb, abs=1e-6)

    def test_boxes_go_back_into_the_frame(self):
        letterbox = Letterbox((64, 96), centred=True)
        image = np.zeros((128, 64, 3), np.uint8)
        boxes = np.array([[32.0, 0.0, 48.0, 32.0], [0.0, 10.0, 96.0, 90.0]])
        back = letterbox.back(boxes, Placement(0.5, 32, 0), image)
        assert back.tolist() == [[0, 0, 32, 64], [0, 20, 64, 128]]

    @pytest.mark.parametrize("size", [(1, 500), (500, 1)])
    def test_the_thinnest_frame_keeps_a_pixel(self, size):
        for centred in (True, False):
            inputs = np.ones((1, 3, 64, 96), np.float32)
            Letterbox((64, 96), centred)([np.zeros((*size, 3), np.uint8)], inputs)
            assert (inputs == 0).any()


def overlap(a: list[float], b: list[float]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    common = max(0.0, width) * max(0.0, height)
    areas = sum((x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (a, b))
    return common / (areas - common)


def by_loops(rows: list[tuple[float, float, float, float, list[float]]], least: float) -> list[list[float]]:
    """x1, y1, x2, y2, score of rows x, y, w, h, scores of the classes: people, the likeliest class."""
    found = []
    for x, y, w, h, scores in rows:
        if scores[0] >= least and scores[0] == max(scores):
            found.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2, scores[0]])
    return found


class TestDecoding:
    """Against plain loops, on random outputs of three classes."""

    @pytest.fixture
    def rng(self):
        return np.random.default_rng(7)

    @staticmethod
    def assert_same(found: tuple[np.ndarray, np.ndarray], expected: list[list[float]]) -> None:
        boxes, scores = found
        assert 5 < len(expected) == len(boxes)
        assert np.column_stack([boxes, scores]) == pytest.approx(np.array(expected), rel=1e-4, abs=1e-3)

    def test_yolox(self, rng):
        output = np.concatenate([rng.normal(0, 1, (CELLS, 4)), rng.uniform(0, 1, (CELLS, 4))], 1).astype(
            np.float32
        )
        rows, number = [], 0
        for stride in (8, 16, 32):
            for row in range(SIZE[0] // stride):
                for column in range(SIZE[1] // stride):
                    x, y, w, h, objectness, *classes = map(float, output[number])
                    place = ((column + x) * stride, (row + y) * stride)
                    size = (np.exp(w) * stride, np.exp(h) * stride)
                    rows.append((*place, *size, [objectness * c for c in classes]))
                    number += 1
        self.assert_same(YoloX(SIZE, 0).people(output, 0.3), by_loops(rows, 0.3))

    def test_yolov5(self, rng):
        output = np.concatenate([rng.uniform(0, 90, (99, 4)), rng.uniform(0, 1, (99, 4))], 1).astype(
            np.float32
        )
        rows = [(*r[:4], [r[4] * c for c in r[5:]]) for r in output.astype(float)]
        self.assert_same(YoloV5(SIZE, 0).people(output, 0.3), by_loops(rows, 0.3))

    def test_yolov8(self, rng):
        output = np.concatenate([rng.uniform(0, 90, (4, 99)), rng.uniform(0, 1, (3, 99))]).astype(np.float32)
        rows = [(*c[:4], c[4:].tolist()) for c in output.T.astype(float)]
        self.assert_same(YoloV8(SIZE, 0).people(output, 0.3), by_loops(rows, 0.3))

    def test_overlapping_people_are_one(self, rng, tmp_path, monkeypatch):
        centres, sizes = rng.uniform(20, 70, (60, 2)), rng.uniform(10, 40, (60, 2))
        boxes = np.concatenate([centres - sizes / 2, centres + sizes / 2], 1).clip(0, 64).astype(np.float32)
        scores = rng.permutation(np.linspace(0.3, 1, 60)).astype(np.float32)
        detector = make_detector(str(write_network(tmp_path / "net.onnx", "yolox", (1, 3, 64, 64))))
        monkeypatch.setattr(detector.layout, "people", lambda output, least: (boxes, scores))
        kept: list[list[float]] = []
        for box, _ in sorted(zip(boxes.tolist(), scores, strict=True), key=lambda pair: -pair[1]):
            if min(box[2] - box[0], box[3] - box[1]) >= 1 and all(overlap(box, k) <= 0.45 for k in kept):
                kept.append(box)
        found = detector([frame(None, (64, 64))])[0]
        assert 3 < len(kept) < 60 and found.xyxy == pytest.approx(np.array(kept))
        assert (np.diff(found.confidence) < 0).all()
