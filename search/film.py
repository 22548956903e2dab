"""Writes videos."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np

from utils.errors import InputError
from utils.files import writing

from .optional import need

OPTIONS = {  # of each codec; the first that PyAV has is taken
    "libx264": {"preset": "veryfast", "crf": "20"},
    "mpeg4": {"qscale": "4"},
}
SUFFIXES = (".mp4", ".mkv", ".mov")
TICKS = 90_000  # of a second


class Film:
    """A video file that is written frame by frame, under a temporary name until it is whole.

        with Film(Path("seen.mp4"), frame_rate=25) as film:
            film.add(image, time)

    Args:
        file: to write, with one of SUFFIXES.
        frame_rate: mean frames per second, for players.

    Raises:
        InputError: it cannot be written.
    """

    def __init__(self, file: Path, frame_rate: float):
        self._av = need("av")
        self.file, self._rate = file, max(1, round(frame_rate))
        if file.suffix.lower() not in SUFFIXES:
            raise InputError(f"cannot write {file}: a video's name ends in {', '.join(SUFFIXES)}")
        self._part = file.with_name(f".part-{file.name}")
        with self._writing():
            file.parent.mkdir(parents=True, exist_ok=True)
            self._container = self._av.open(str(self._part), "w")
        self._stream = None
        self._last = -1

    def add(self, image: np.ndarray, time: float) -> None:
        """Add a frame (H, W, 3) uint8 BGR, at a time [seconds]; an odd last row or column is left out."""
        image = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
        if self._stream is None:
            self._stream = self._open(image.shape[1], image.shape[0])
        frame = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24")
        frame.pts = self._last = max(self._last + 1, round(time * TICKS))
        with self._writing():
            self._encode(frame)

    def __enter__(self) -> "Film":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: object) -> None:
        whole = error is None and self._stream is not None
        try:
            with self._writing():
                try:
                    if whole:
                        self._encode(None)
                finally:
                    self._container.close()
                if whole:
                    os.replace(self._part, self.file)
        finally:
            self._part.unlink(missing_ok=True)

    def _open(self, width: int, height: int):
        codec = next(name for name in OPTIONS if name in self._av.codecs_available)
        stream = self._container.add_stream(codec, rate=self._rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = OPTIONS[codec]
        stream.codec_context.time_base = Fraction(1, TICKS)
        return stream

    def _encode(self, frame) -> None:
        """Write a frame, or with None what the codec has kept back."""
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with writing(self.file):
                yield
        except self._av.FFmpegError as error:
            raise InputError(f"cannot write {self.file}: {error}") from None
