"""Choosing a detector; boxes from files; official files; motion."""

import hashlib
import http.server
import threading
import urllib.request
from functools import partial

import cv2
import numpy as np
import pytest
import torch
from loguru import logger

from search.detectors import DETECTORS, Settings, make_detector, release
from search.video import Frame
from tests.search.detectors.networks import write_network
from utils.errors import InputError


def blank(number: int) -> Frame:
    return Frame(np.zeros((4, 4, 3), np.uint8), number / 25, number)


class TestMakeDetector:
    @pytest.mark.parametrize("spec", ["yolox", "a\nb", "net.pt", "missing.onnx"])
    def test_an_unknown_name_is_answered_with_the_known_ones(self, spec, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(InputError, match="no detector .*yolox_s, .*motion.*, or a file .*.onnx") as error:
            make_detector(spec)
        assert "\n" not in str(error.value)

    def test_a_file_of_another_kind_is_told_from_a_missing_one(self, tmp_path):
        (tmp_path / "net.pt").write_bytes(b"")
        with pytest.raises(InputError, match="a file of this name is of another kind"):
            make_detector(str(tmp_path / "net.pt"))

    def test_none_is_motion_and_said(self):
        lines: list[str] = []
        sink = logger.add(lambda line: lines.append(line.record["message"]))
        assert make_detector().name.startswith("motion")
        logger.remove(sink)
        assert len(lines) == 1 and "yolox_s" in lines[0]

    def test_official_files_have_checksums(self):
        for name in DETECTORS.keys() - {"motion"}:
            assert len(bytes.fromhex(release.CHECKSUMS[name])) == 32


class TestBoxes:
    def test_are_those_of_the_frame_the_best_first(self, tmp_path):
        path = tmp_path / "det.txt"
        path.write_text(
            "3,-1,10,20,30,40,0.5,-1,-1,-1\n1,-1,1.5,2,3,4,0.9\n\n3,7,50,60,7.25,8,0.75,-1,-1,-1\n3,-1,0,0,1,1,-1\n"
        )
        detector = make_detector(str(path))
        found = detector([blank(2), blank(0), blank(1), blank(3)])
        assert found[0].xyxy.tolist() == [[0, 0, 1, 1], [50, 60, 57.25, 68], [10, 20, 40, 60]]
        assert found[0].confidence.tolist() == [1, 0.75, 0.5]
        assert found[1].xyxy.tolist() == [[1.5, 2, 4.5, 6]]
        assert [len(d) for d in found[2:]] == [0, 0]
        assert detector.name == f"det.txt@{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"

    def test_below_the_least_score_are_left_out(self, tmp_path):
        path = tmp_path / "det.txt"
        path.write_text("1,-1,0,0,9,9,0.2\n1,-1,5,5,9,9,0.8\n")
        assert make_detector(str(path), Settings(score=0.5))([blank(0)])[0].xyxy.tolist() == [[5, 5, 14, 14]]

    def test_an_empty_file_has_none(self, tmp_path):
        path = tmp_path / "det.txt"
        path.write_bytes(b"\xef\xbb\xbf")
        assert len(make_detector(str(path))([blank(0)])[0]) == 0

    @pytest.mark.parametrize(
        "line",
        ["1,2,3", "1 -1 3 4 5 6 1", "x,-1,3,4,5,6,1", "0,-1,3,4,5,6,1", "1.5,-1,3,4,5,6,1", "1,-1,3,4,0,6,1"]
        + ["1,-1,3,4,5,-6,1", "1,-1,nan,4,5,6,1", "1,-1,3,4,5,6", "1,-1,3,4,5,6,inf"],
    )
    def test_a_wrong_line_is_named_by_its_number(self, tmp_path, line):
        path = tmp_path / "det.txt"
        path.write_text(f"1,-1,3,4,5,6,1\n\n{line}\n")
        with pytest.raises(
            InputError, match="det.txt, line 3, .*: frame, id|det.txt, line 3, .*must be frame, id"
        ):
            make_detector(str(path))

    def test_what_is_no_text_is_refused(self, tmp_path):
        path = tmp_path / "det.txt"
        path.write_bytes(bytes(range(256)))
        with pytest.raises(InputError, match="det.txt is not a text file"):
            make_detector(str(path))


class TestRelease:
    """From a server of this machine, in the place of the official one."""

    @pytest.fixture
    def served(self, tmp_path, monkeypatch):
        folder = tmp_path / "release"
        folder.mkdir()

        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(release, "RELEASE", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
        monkeypatch.setattr(urllib.request, "_opener", None)  # which keeps the proxy that it has seen first
        yield folder
        server.shutdown()
        server.server_close()

    def test_a_file_is_downloaded_once_and_checked(self, served, tmp_path, monkeypatch):
        file = write_network(served / "yolox_nano.onnx", "yolox")
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        monkeypatch.setitem(release.CHECKSUMS, "yolox_nano", digest)
        name = make_detector("yolox_nano").name
        assert name.startswith(f"yolox_nano.onnx@{digest[:12]}")
        file.unlink()
        assert make_detector("yolox_nano").name == name
        assert [p.name for p in (tmp_path / "hub" / "checkpoints").iterdir()] == ["yolox_nano.onnx"]

    def test_another_file_than_the_official_one_is_not_kept(self, served, tmp_path):
        write_network(served / "yolox_nano.onnx", "yolox")
        with pytest.raises(
            InputError, match="cannot download .*yolox_nano.onnx .*hash.*--detector FILE, or copy"
        ):
            make_detector("yolox_nano")
        assert not list((tmp_path / "hub" / "checkpoints").iterdir())

    def test_another_file_in_its_place_is_refused(self, served, tmp_path):
        (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
        write_network(tmp_path / "hub" / "checkpoints" / "yolox_s.onnx", "yolox")
        with pytest.raises(
            InputError, match="yolox_s.onnx is not the official file: .*c5c2d13e59ae…; delete it"
        ):
            make_detector("yolox_s")

    def test_a_missing_file_or_network_is_one_line(self, served, monkeypatch):
        with pytest.raises(InputError, match="cannot download .*yolox_m.onnx .*404.*--detector FILE"):
            make_detector("yolox_m")
        monkeypatch.setattr(release, "RELEASE", "http://127.0.0.1:9/")
        with pytest.raises(InputError, match="cannot download .*yolox_m.onnx .*refused") as error:
            make_detector("yolox_m")
        assert "\n" not in str(error.value)


class TestMotion:
    """Dark figures that come in from the left, before a wall with a pattern."""

    SIZE = (288, 384)
    WALL = cv2.GaussianBlur(
        np.random.default_rng(0).integers(90, 230, (*SIZE, 3)).astype(np.uint8), (9, 9), 3
    )

    def frames(self, boxes_at, count: int = 40) -> list[Frame]:
        frames = []
        for number in range(count):
            image = self.WALL.copy()
            for x1, y1, x2, y2 in boxes_at(number):
                image[max(0, y1) : y2, max(0, x1) : x2] = (40, 30, 20)
            frames.append(Frame(image, number / 10, number))
        return frames

    @staticmethod
    def left(number: int) -> int:
        return 8 * (number - 15)

    @classmethod
    def walker(cls, number: int) -> list[tuple[int, int, int, int]]:
        left = cls.left(number)
        return [(left, 100, left + 30, 180)] if left > 0 else []

    def test_who_walks_is_found_where_he_is(self):
        found = make_detector("motion")(self.frames(self.walker))
        assert sum(len(detections) for detections in found) >= 20
        for number, detections in list(enumerate(found))[18:]:
            assert detections.xyxy == pytest.approx(np.array(self.walker(number), float), abs=3)
            assert detections.confidence.tolist() == [1.0]

    def test_boxes_are_in_pixels_of_a_larger_frame(self):
        frames = self.frames(self.walker)
        large = [Frame(cv2.resize(f.image, None, fx=2.5, fy=2.5), f.time, f.number) for f in frames]
        found = make_detector("motion")(large)[30]
        assert found.xyxy == pytest.approx(2.5 * np.array(self.walker(30), float), abs=8)

    def test_nothing_moves_in_the_first_frame_or_an_empty_scene(self):
        detector = make_detector("motion")
        assert [len(d) for d in detector(self.frames(lambda n: [(50, 100, 80, 180)]))] == [0] * 40

    @pytest.mark.parametrize("size", [(80, 40), (12, 8), (10, 80)])
    def test_what_has_no_shape_of_a_person_is_left_out(self, size):
        width, height = size

        def thing(number: int) -> list[tuple[int, int, int, int]]:
            return [(self.left(number), 100, self.left(number) + width, 100 + height)] if number > 15 else []

        # While it comes in, the visible part of it may look like anything.
        found = make_detector("motion")(self.frames(thing))[27:]
        assert sum(len(detections) for detections in found) == 0

    def test_parts_above_each_other_are_one_person(self):
        def parts(number: int) -> list[tuple[int, int, int, int]]:
            return [
                box
                for x1, _, x2, _ in self.walker(number)
                for box in ((x1, 100, x2, 135), (x1, 143, x2, 180))
            ]

        found = make_detector("motion")(self.frames(parts))
        assert found[30].xyxy == pytest.approx(np.array(self.walker(30), float), abs=3)

    def test_a_change_of_the_light_is_no_person(self):
        frames = self.frames(lambda n: [])
        dark = [Frame((f.image * 0.5).astype(np.uint8), f.time, f.number) for f in frames]
        found = make_detector("motion")([*frames[:15], *dark[15:]])
        assert sum(map(len, found)) == 0

    def test_frames_in_portions_give_the_same(self):
        frames = self.frames(self.walker)
        whole, portions = make_detector("motion"), make_detector("motion")
        found = [d for n in range(0, 40, 7) for d in portions(frames[n : n + 7])]
        assert [d.xyxy.tolist() for d in found] == [d.xyxy.tolist() for d in whole(frames)]

    def test_a_fresh_one_has_seen_nothing(self):
        frames = self.frames(self.walker)
        detector = make_detector("motion")
        first = [d.xyxy.tolist() for d in detector(frames)]
        assert [d.xyxy.tolist() for d in detector.fresh()(frames)] == first
