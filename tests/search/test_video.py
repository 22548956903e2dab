"""Frames, times and numbers of videos of every kind; what is broken, missing or silent."""

import math
import socket
import sys
import threading
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from loguru import logger
from PIL import ExifTags, Image

import search.sources.camera
import search.sources.container
from search.sources.clock import Clock
from search.video import Frame, open_video
from tests.search.videos import SIZE, number_of, picture, set_matrix, write_video, x264
from utils.counting import counted
from utils.errors import InputError

# File name -> how it is written: reordered frames, references across keyframes, no real keyframes, no order.
KINDS = {
    "b_frames.mp4": {"options": x264(keyint=5, bframes=2, scenecut=0)},
    "open_gop.mkv": {"options": x264(keyint=5, bframes=2, open_gop=1, scenecut=0)},
    "refresh.mp4": {"options": x264(intra_refresh=1, keyint=4, bframes=0)},
    "stream.ts": {"options": x264(keyint=5, bframes=2)},
    "plain.avi": {"codec": "mpeg4", "gop_size": 5, "max_b_frames": 0},
    "b_frames.avi": {"codec": "mpeg4", "gop_size": 5, "max_b_frames": 2},
    "guessed.avi": {"options": x264(keyint=5, bframes=2)},
    "web.webm": {"codec": "libvpx", "options": {"g": "5", "auto-alt-ref": "1", "lag-in-frames": "8"}},
}


def read(source, **kwargs) -> list[Frame]:
    with open_video(source, **kwargs) as video:
        return list(video.frames())


def same(frames: list[Frame], others: list[Frame]) -> bool:
    facts = [[(f.number, f.time, f.image.tobytes()) for f in some] for some in (frames, others)]
    return facts[0] == facts[1]


@contextmanager
def warnings() -> Iterator[list[str]]:
    lines: list[str] = []
    sink = logger.add(lambda line: lines.append(line.record["message"]), level="WARNING")
    try:
        yield lines
    finally:
        logger.remove(sink)


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("videos")
    return {name: write_video(folder / name, **how) for name, how in KINDS.items()}


class TestFrames:
    @pytest.mark.parametrize("name", KINDS)
    def test_come_in_order_with_their_numbers_and_times(self, videos, name):
        with warnings() as lines:
            frames = read(videos[name])
        assert [f.number for f in frames] == list(range(20))
        assert [number_of(f.image) for f in frames] == list(range(20))
        assert [f.time for f in frames] == pytest.approx([n / 10 for n in range(20)])
        assert not lines

    def test_are_upright_bgr_in_one_piece(self, videos):
        for frame in read(videos["b_frames.mp4"]):
            assert frame.image.shape == (48, 64, 3) and frame.image.dtype == np.uint8
            assert frame.image.flags.c_contiguous
            # Red and green blend at the edges of the square, where colours have half the resolution.
            assert np.abs(frame.image.astype(int) - picture(frame.number)).mean() < 6
            left = 2 * frame.number % 48
            blue, green, red = frame.image[20:28, left + 4 : left + 12].mean((0, 1))
            assert red > 200 and blue < 60 and green < 60

    def test_have_the_times_of_a_variable_rate_from_the_first_one_on(self, tmp_path):
        times = [700, 705, 800, 1500, 1501, 2000, 3333]
        for suffix in ("mp4", "mkv"):
            frames = read(write_video(tmp_path / f"vfr.{suffix}", count=7, times=times))
            assert [f.time for f in frames] == pytest.approx([(t - 700) / 1000 for t in times], abs=1e-6)

    def test_know_the_video(self, videos):
        with open_video(videos["b_frames.mp4"]) as video:
            assert (video.name, video.size, video.live) == ("b_frames.mp4", SIZE, False)
            assert video.duration == pytest.approx(2.0) and video.frame_rate == pytest.approx(10)

    def test_come_once(self, videos):
        with open_video(videos["plain.avi"]) as video:
            assert len(list(video.frames())) == 20
            with pytest.raises(RuntimeError, match="once"):
                next(video.frames())

    @pytest.mark.parametrize(
        "matrix", [(1, 0, 0, 1), (0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0), (-1, 0, 0, 1)]
    )
    def test_are_turned_as_the_file_says(self, tmp_path, matrix):
        path = write_video(tmp_path / "turned.mp4", count=2)
        plain = read(path)[1].image
        set_matrix(path, *matrix)
        a, b, c, d = matrix
        height, width = plain.shape[:2]
        places = [(a * x + c * y, b * x + d * y) for y in range(height) for x in range(width)]
        left, top = min(x for x, _ in places), min(y for _, y in places)
        size = max(y for _, y in places) - top + 1, max(x for x, _ in places) - left + 1
        expected = np.zeros((*size, 3), np.uint8)
        for (x, y), pixel in zip(places, plain.reshape(-1, 3), strict=True):
            expected[y - top, x - left] = pixel
        with open_video(path) as video:
            assert video.size == (size[1], size[0])
            image = list(video.frames())[1].image
        assert np.array_equal(image, expected) and image.flags.c_contiguous

    def test_are_turned_as_a_camera_notes_in_a_jpeg(self, tmp_path):
        image = Image.fromarray(picture(3))
        for orientation in (3, 6, 8):
            exif = image.getexif()
            exif[ExifTags.Base.Orientation] = orientation
            path = tmp_path / "turned.jpg"
            image.save(path, exif=exif, quality=95)
            (frame,) = read(path)
            expected = cv2.imread(str(path))
            assert frame.image.shape == expected.shape
            assert np.abs(frame.image.astype(int) - expected).mean() < 3


class TestStart:
    @pytest.mark.parametrize("name", KINDS)
    @pytest.mark.parametrize("chosen", [{}, {"every": 3}, {"fps": 3.7}])
    def test_changes_nothing_but_the_beginning(self, videos, name, chosen):
        whole = read(videos[name], **chosen)
        for start in (0.05, 0.5, 1.1, 1.55, whole[-1].time, 5.0):
            part = read(videos[name], start=start, **chosen)
            assert same(part, [frame for frame in whole if frame.time >= start])

    def test_decodes_only_from_shortly_before(self, tmp_path, monkeypatch):
        path = write_video(tmp_path / "long.mp4", count=120, options=x264(keyint=10, scenecut=0))
        placed = []
        place = Clock.place
        monkeypatch.setattr(Clock, "place", lambda self, stamp: placed.append(stamp) or place(self, stamp))
        assert [f.number for f in read(path, start=10.0)] == list(range(100, 120))
        assert len(placed) <= 1 + 20 + 20  # the first one, at most two groups before, and those that come

    def test_goes_on_where_timestamps_begin_again(self, tmp_path):
        parts = [write_video(tmp_path / f"{n}.ts", options=x264(keyint=5)).read_bytes() for n in range(2)]
        path = tmp_path / "both.ts"
        path.write_bytes(b"".join(parts))
        whole = read(path)
        assert [f.number for f in whole] == list(range(40))
        assert np.diff([f.time for f in whole]) == pytest.approx(np.full(39, 0.1), abs=0.06)
        for start in (1.0, 2.5):
            assert same(read(path, start=start), [frame for frame in whole if frame.time >= start])


class TestChoice:
    def test_every_takes_multiples(self, videos):
        assert [f.number for f in read(videos["b_frames.mp4"], every=7)] == [0, 7, 14]

    @pytest.mark.parametrize("fps", [0.9, 3.0, 5.0, 7.3, 10.0, 100.0])
    def test_fps_takes_the_first_frame_of_each_slot(self, tmp_path, fps):
        times = [0, 40, 300, 310, 320, 400, 999, 1000, 1900, 2000]
        frames = read(write_video(tmp_path / "vfr.mkv", count=10, times=times), fps=fps)
        expected, last = [], None
        for number, ms in enumerate(times):
            slot = math.floor(round(ms / 1000 * fps, 9))
            if slot != last:
                expected.append(number)
            last = slot
        assert [f.number for f in frames] == expected

    def test_frames_left_out_are_not_converted(self, videos, monkeypatch):
        made = []
        convert = search.sources.container.Container.picture
        monkeypatch.setattr(
            search.sources.container.Container,
            "picture",
            lambda self, frame: made.append(frame) or convert(self, frame),
        )
        assert len(read(videos["b_frames.mp4"], every=5)) == 4
        assert len(made) == 4 + 1  # and the first one, for the size

    @pytest.mark.parametrize(
        "wrong", [{"every": 0}, {"fps": 0.0}, {"fps": math.nan}, {"start": -1.0}, {"every": 2, "fps": 2.0}]
    )
    def test_what_makes_no_sense_is_refused(self, videos, wrong):
        with pytest.raises(InputError, match="every|fps|start"):
            open_video(videos["plain.avi"], **wrong)


class TestDamage:
    """Video with a keyframe every 5 frames, so that what is lost is at most that long."""

    @pytest.fixture
    def video(self, tmp_path) -> Path:
        return write_video(tmp_path / "whole.mp4", count=40, options=x264(keyint=5, bframes=0, scenecut=0))

    @staticmethod
    def damage(path: Path, part: float, length: int | None = None) -> Path:
        """Overwrite a file with noise from a part of its length on; None: to its end."""
        content = bytearray(path.read_bytes())
        start = int(part * len(content))
        end = len(content) if length is None else start + length
        content[start:end] = np.random.default_rng(0).bytes(end - start)
        damaged = path.with_stem("damaged")
        damaged.write_bytes(content)
        return damaged

    def test_what_comes_before_a_broken_end_is_read(self, video):
        whole = read(video)
        with warnings() as lines:
            frames = read(self.damage(video, 0.6))
        assert 10 < len(frames) < 35 and same(frames, whole[: len(frames)])
        (line,) = lines
        assert "damaged.mp4" in line and f"breaks off at {frames[-1].time + 0.1:.1f} s of 4.0 s" in line

    @pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
    def test_what_is_there_of_a_file_that_is_cut_off_is_read(self, tmp_path, suffix):
        codec = {"codec": "mpeg4"} if suffix == ".avi" else {"options": x264(keyint=5)}
        path = write_video(tmp_path / f"whole{suffix}", count=40, **codec)
        whole = read(path)
        cut = tmp_path / f"cut{suffix}"
        cut.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
        with warnings() as lines:
            frames = read(cut)
        assert 4 < len(frames) < 35 and same(frames, whole[: len(frames)])
        (line,) = lines
        assert f"breaks off at {frames[-1].time + 0.1:.1f} s" in line

    def test_broken_frames_in_the_middle_are_left_out_and_counted(self, video):
        whole = {f.number: f for f in read(video)}
        with warnings() as lines:
            frames = read(self.damage(video, 0.5, length=300))
        missing = sorted(whole.keys() - {f.number for f in frames})
        assert 0 < len(missing) < 10 and frames[-1].number == 39
        good = [f for f in frames if f.number < missing[0] or f.number > missing[-1] + 5]
        assert same(good, [whole[f.number] for f in good])
        (line,) = lines
        left_out = counted(len(missing), "broken frame was", "broken frames were")
        assert line == f"{video.with_stem('damaged')}: {left_out} left out"

    def test_nothing_decodable_is_an_error(self, video):
        content = video.read_bytes()
        with pytest.raises(InputError, match="no frame of .* can be decoded"):
            open_video(self.damage(video, (content.index(b"mdat") + 8) / len(content)))


class TestErrors:
    def test_a_missing_file_is_named_in_one_line(self, tmp_path):
        with pytest.raises(InputError, match="no video .*a\\\\nb.mp4; name a file") as error:
            open_video(tmp_path / "a\nb.mp4")
        assert "\n" not in str(error.value)

    @pytest.mark.parametrize("content", [b"", b"Dear diary,\n" * 50, bytes(range(256)) * 20])
    @pytest.mark.parametrize("name", ["notes.txt", "a\nb.mp4"])
    def test_what_is_no_video_is_named_in_one_line(self, tmp_path, name, content):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match="cannot open .*not a video") as error:
            open_video(tmp_path / name)
        assert "\n" not in str(error.value)

    def test_sound_alone_is_no_video(self, tmp_path):
        with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            sound.writeframes(bytes(16000))
        with pytest.raises(InputError, match="sound.wav has no video in it"):
            open_video(tmp_path / "sound.wav")

    def test_a_name_like_an_address_is_a_file(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        write_video(tmp_path / "concat:a.mp4", count=2)
        assert len(read("concat:a.mp4")) == 2

    def test_the_name_is_that_of_the_file_wherever_it_is_seen_from(self, tmp_path, monkeypatch):
        (tmp_path / "in").mkdir()
        cv2.imwrite(str(tmp_path / "1.png"), picture(1))
        monkeypatch.chdir(tmp_path / "in")
        with open_video("..") as video:
            assert video.name == tmp_path.name

    def test_without_the_library_it_says_how_to_get_it(self, videos, monkeypatch):
        monkeypatch.setitem(sys.modules, "av", None)
        with pytest.raises(InputError, match="av is not installed.*requirements-search.txt"):
            open_video(videos["plain.avi"])


class TestPictures:
    @pytest.fixture
    def folder(self, tmp_path) -> Path:
        for number in range(12):
            cv2.imwrite(str(tmp_path / f"frame{number}.png"), picture(number))
        (tmp_path / "notes.txt").write_text("not a picture")
        return tmp_path

    def test_are_read_in_the_natural_order(self, folder):
        frames = read(folder)
        assert [number_of(f.image) for f in frames] == list(range(12))
        assert [f.time for f in frames] == pytest.approx([n / 25 for n in range(12)])
        assert all(np.array_equal(f.image, picture(f.number)) for f in frames)

    def test_take_their_times_from_fps(self, folder):
        with open_video(folder, fps=2.0, every=4, start=1.0) as video:
            assert (video.size, video.duration, video.frame_rate) == (SIZE, 6.0, 2.0)
            assert [(f.number, f.time) for f in video.frames()] == [(4, 2.0), (8, 4.0)]

    def test_that_are_broken_are_left_out_and_counted(self, folder):
        for name in ("frame0.png", "frame7.png"):
            (folder / name).write_bytes(b"no picture")
        with warnings() as lines:
            assert [f.number for f in read(folder)] == [1, 2, 3, 4, 5, 6, 8, 9, 10, 11]
        assert lines == [f"{folder}: left out 2 pictures that cannot be decoded"]

    def test_must_be_there(self, tmp_path):
        with pytest.raises(InputError, match="there are no pictures in"):
            open_video(tmp_path)
        (tmp_path / "1.jpg").write_bytes(b"no picture")
        with pytest.raises(InputError, match=": 1 picture, of which none can be decoded"):
            open_video(tmp_path)


@pytest.mark.parametrize("suffix", ["mkv", "ts"])
def test_what_was_recorded_hours_apart_and_concatenated_goes_on_without_the_hours(tmp_path, suffix):
    times = [*range(0, 1000, 100), *range(5_400_000, 16_200_000, 600_000), 40_000_000, 40_000_100]
    path, said = tmp_path / f"both.{suffix}", []
    write_video(path, count=len(times), times=times, gop_size=1, options=x264(bframes=0))
    with open_video(path, report=said.append) as video:
        whole = [(frame.time, frame.number) for frame in video.frames()]
    expected = [*np.arange(10) / 10, *(1.0 + 600 * np.arange(18)), 10201.1, 10201.2]
    assert [time for time, _ in whole] == pytest.approx(expected, abs=0.05)
    assert said == [f"{path}: 2 jumps of the timestamps by more than an hour left out of the times"]
    for start in (0.5, 7200.0):
        with open_video(path, start=start, report=said.append) as video:
            later = [(frame.time, frame.number) for frame in video.frames()]
        assert later == [one for one in whole if one[0] >= start]


class FakeCamera:
    """Gives five pictures, two of them with the same time, and none then."""

    def __init__(self, device, backend):
        self.device = device
        self.given = 0

    def read(self):
        self.given += 1
        return (True, picture(self.given)) if self.given <= 5 else (False, None)

    def get(self, what):
        return {cv2.CAP_PROP_FPS: 15.0, cv2.CAP_PROP_POS_MSEC: 1000 * [0, 7, 8, 8.5, 8.5, 9][self.given]}[
            what
        ]

    def release(self):
        self.given = None


class TestCamera:
    @pytest.mark.parametrize("source", [0, "0", "/dev/video0"])
    def test_that_is_not_there_is_an_error(self, source, monkeypatch, capfd):
        # Whatever is connected to this machine.
        monkeypatch.setitem(search.sources.camera.BACKENDS, sys.platform, cv2.CAP_IMAGES)
        with pytest.raises(InputError, match="camera .*0 cannot be opened"):
            open_video(source)
        assert capfd.readouterr().err == ""

    def test_says_to_whom_it_is_told_to_that_it_has_ended(self, monkeypatch):
        monkeypatch.setattr(cv2, "VideoCapture", FakeCamera)
        said = []
        with warnings() as lines, open_video(0, report=said.append) as video:
            assert len(list(video.frames())) == 3
        assert said == ["camera 0 gave no more pictures after 1.0 s"] and not lines

    def test_gives_frames_until_it_is_pulled_out(self, monkeypatch):
        monkeypatch.setattr(cv2, "VideoCapture", FakeCamera)
        with warnings() as lines, open_video(0) as video:
            assert (video.name, video.live, video.duration) == ("camera 0", True, None)
            assert (video.size, video.frame_rate) == (SIZE, 15.0)
            # The first picture was taken to see whether it works.
            assert [(f.number, f.time) for f in video.frames()] == [(0, 0.0), (1, 0.5), (2, 1.0)]
        assert lines == ["camera 0 gave no more pictures after 1.0 s"]

    def test_has_no_later_start(self, monkeypatch):
        monkeypatch.setattr(cv2, "VideoCapture", FakeCamera)
        with pytest.raises(InputError, match="camera 0 is live"):
            open_video(0, start=1.0)


def with_longer_sound(path: Path) -> Path:
    """Write a video of 2 s with silence of 60 s."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=10)
        video.width, video.height = SIZE
        sound = container.add_stream("mp2", rate=16_000)
        sound.bit_rate = 160_000
        for second in range(60):
            for number in range(10 * second, 10 * second + 10 if second < 2 else 0):
                frame = av.VideoFrame.from_ndarray(picture(number), format="bgr24")
                frame.pts, frame.time_base = number, Fraction(1, 10)
                container.mux(video.encode(frame))
            if second == 2:
                container.mux(video.encode(None))
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.int16), "s16", "mono")
            silence.sample_rate, silence.pts = 16_000, 16_000 * second
            container.mux(sound.encode(silence))
    return path


@contextmanager
def serving(answer) -> Iterator[int]:
    """The port of a server that calls ``answer(connection)`` for each client."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=talk, args=[connection], daemon=True).start()

        def talk(connection: socket.socket) -> None:
            with connection:
                connection.recv(4096)
                answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


class TestAddress:
    @pytest.fixture(autouse=True)
    def impatient(self, monkeypatch):
        monkeypatch.setattr(search.sources.container, "PATIENCE", 0.5)

    @pytest.mark.parametrize("kind", ["rtsp", "http"])
    def test_where_nobody_listens_is_an_error(self, kind):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        with pytest.raises(InputError, match=f"cannot open {kind}://127.0.0.1:{port}/x.*refused") as error:
            open_video(f"{kind}://me:secret@127.0.0.1:{port}/x")
        assert "secret" not in str(error.value)

    @pytest.mark.parametrize("kind", ["rtsp", "http"])
    def test_that_does_not_answer_is_an_error(self, kind):
        silent = threading.Event()
        with serving(lambda connection: silent.wait(30)) as port:
            with pytest.raises(InputError, match="cannot open .*is the address right"):
                open_video(f"{kind}://127.0.0.1:{port}/x")
            silent.set()

    def test_that_falls_silent_ends_with_a_warning(self, videos):
        content = videos["stream.ts"].read_bytes()
        silent = threading.Event()

        def answer(connection: socket.socket) -> None:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n\r\n" + content)
            silent.wait(30)

        with warnings() as lines, serving(answer) as port:
            frames = read(f"http://me:secret@127.0.0.1:{port}/x.ts")
            silent.set()
        assert 10 < len(frames) <= 20 and [f.number for f in frames] == list(range(len(frames)))
        (line,) = lines
        assert "no data came for 0.5 s" in line and "secret" not in line

    def test_whose_video_falls_silent_while_its_sound_goes_on_ends_too(self, tmp_path):
        content = with_longer_sound(tmp_path / "sound.ts").read_bytes()
        sent = []

        def answer(connection: socket.socket) -> None:
            with suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n\r\n")
                for first in range(0, len(content), 188):
                    connection.sendall(content[first : first + 188])
                    sent.append(first)
                    if first > len(content) // 20:  # the video is over
                        time.sleep(0.01)

        with warnings() as lines, serving(answer) as port:
            frames = read(f"http://127.0.0.1:{port}/x.ts")
        assert 10 < len(frames) <= 20 and 188 * len(sent) < len(content)
        (line,) = lines
        assert "no data came for 0.5 s" in line

    def test_of_single_pictures_has_the_times_of_their_arrival(self, monkeypatch):
        content = cv2.imencode(".jpg", picture(1))[1].tobytes()
        part = f"--x\r\nContent-Type: image/jpeg\r\nContent-Length: {len(content)}\r\n\r\n".encode()
        opened = threading.Event()
        find = search.sources.container.Container._video_stream
        monkeypatch.setattr(
            search.sources.container.Container, "_video_stream", lambda self: opened.set() or find(self)
        )
        monkeypatch.setattr(search.sources.container, "PATIENCE", 10)

        def answer(connection: socket.socket) -> None:
            with suppress(OSError):  # it is opened a first time only to see what it is
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=x\r\n\r\n"
                )
                while not opened.wait(0.02):
                    connection.sendall(part + content + b"\r\n")
                time.sleep(0.6)
                connection.sendall(3 * (part + content + b"\r\n"))

        with serving(answer) as port, open_video(f"http://127.0.0.1:{port}/") as video:
            assert video.live and video.duration is None
            times = [frame.time for frame in video.frames()]
        assert np.diff(times).max() > 0.5  # at 25 frames per second, as libav assumes, it would be 0.04


class TestClock:
    @staticmethod
    def places(packets: list[int | None], frames: list[int | None]) -> list[tuple[int, float] | None]:
        clock = Clock(Fraction(1, 10), 0.2)
        for stamp in packets:
            clock.expect(stamp, stamp)
        return [clock.place(stamp) for stamp in frames]

    def test_numbers_count_packets_without_a_frame(self):
        assert self.places([3, 5, 4, 9, 7], [3, 4, 7, 9]) == [(0, 0.0), (1, 0.1), (3, 0.4), (4, 0.6)]

    def test_packets_before_the_first_frame_do_not_count(self):
        assert self.places([1, 2, 3, 4], [3, 4]) == [(0, 0.0), (1, 0.1)]

    def test_two_packets_of_one_time_are_one_frame(self):
        assert self.places([0, 0, 1, 1, 2, 2], [0, 2]) == [(0, 0.0), (2, 0.2)]

    def test_without_timestamps_frames_are_counted(self):
        assert self.places([None] * 3, [None] * 3) == [(0, 0.0), (1, 0.2), (2, 0.4)]

    def test_a_frame_out_of_order_has_no_place(self):
        assert self.places([0, 1, 2, 3], [0, 2, 1, 3]) == [(0, 0.0), (2, 0.2), None, (3, 0.3)]

    def test_where_timestamps_jump_far_ahead_a_new_timeline_goes_on_from_the_last(self):
        clock, stamps, placed = Clock(Fraction(1, 10), 0.2, jump=60.0), [0, 600, 1201, 1202, 9000], []
        for stamp in stamps:
            clock.expect(stamp, stamp)
            placed.append(clock.place(stamp))
        assert placed == [(0, 0.0), (1, 60.0), (2, 60.2), (3, 60.3), (4, 60.5)] and clock.jumps == 2
        assert self.places(stamps, stamps)[-1] == (4, 900.0), "a camera that was silent for long"

    def test_a_new_timeline_goes_on_from_the_last(self):
        assert self.places([50, 51, 0, 1], [50, 51, 0, 1]) == [(0, 0.0), (1, 0.1), (2, 0.3), (3, 0.4)]
