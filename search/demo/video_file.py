"""Writes frames into a video file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from utils.errors import InputError
from utils.files import writing


class VideoFile:
    """An MP4 file that is being written: H.264, or MPEG-4 if PyAV was built without libx264.

        with VideoFile(folder / "camera1.mp4", (640, 360), 15) as video:
            video.write(frame)

    It has a temporary name until it is whole.

    Args:
        file: To write; its folder is created.
        size: Width and height in pixels, both even.
        fps: Frames per second.

    Raises:
        InputError: PyAV is not installed, or the system refuses to write the file.
    """

    def __init__(self, file: Path, size: tuple[int, int], fps: int):
        """See the class."""
        try:
            import av
        except ImportError:
            raise InputError(
                "to write videos, PyAV is needed: pip install -r requirements-search.txt"
            ) from None
        self._av, self._file, self._part = av, file, file.with_name(file.name + ".part")
        with writing(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            self._container = av.open(str(self._part), "w", format="mp4")
            h264 = "libx264" in av.codecs_available
            self._stream = self._container.add_stream("libx264" if h264 else "mpeg4", rate=fps)
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        if h264:
            self._stream.options = {"preset": "veryfast", "crf": "20"}
        else:
            self._stream.bit_rate = size[0] * size[1] * fps // 4

    def __enter__(self) -> VideoFile:
        return self

    def write(self, image: np.ndarray) -> None:
        """Add a frame, uint8 (height, width, 3), BGR."""
        frame = self._av.VideoFrame.from_ndarray(image, format="bgr24")
        with writing(self._file):
            self._container.mux(self._stream.encode(frame))

    def __exit__(self, kind: type | None, *_) -> None:
        try:
            if kind is None:
                with writing(self._file):
                    self._container.mux(self._stream.encode())
                    self._container.close()
                    self._part.replace(self._file)
        finally:
            self._part.unlink(missing_ok=True)
