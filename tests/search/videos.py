"""Small videos whose frames tell their numbers."""

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SIZE = (64, 48)  # width, height
STEP = 10  # grey levels between frames
MILLISECOND = Fraction(1, 1000)


def picture(number: int) -> np.ndarray:
    """(48, 64, 3) BGR: grey as bright as its number, with a red square that moves to the right."""
    image = np.full((SIZE[1], SIZE[0], 3), number * STEP % 250, np.uint8)
    image[16:32, (2 * number) % 48 : (2 * number) % 48 + 16] = (0, 0, 255)
    return image


def number_of(image: np.ndarray) -> int:
    """The number that a picture was drawn with, as its upper rows tell; below 25."""
    return round(float(image[:12].mean()) / STEP)


def write_video(
    path: Path,
    codec: str = "libx264",
    count: int = 20,
    times: Sequence[int] | None = None,
    options: dict | None = None,
    **context: int,
) -> Path:
    """Write a video of ``picture(0)``, ``picture(1)`` and so on.

    Args:
        path: whose suffix tells the container.
        codec: of libav.
        count: number of frames.
        times: of the frames [ms]; None: 100 ms apart.
        options: of the codec.
        context: attributes of the codec's context, such as ``gop_size``.
    """
    times = times or [100 * number for number in range(count)]
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream(codec, rate=10, options=options or {})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        if path.suffix != ".avi":  # which knows no times
            stream.codec_context.time_base = MILLISECOND
        stream.bit_rate = 4_000_000
        for name, value in context.items():
            setattr(stream.codec_context, name, value)
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(picture(number), format="bgr24")
            frame.pts, frame.time_base = times[number], MILLISECOND
            if path.suffix == ".avi":
                frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def x264(**parameters: object) -> dict:
    """Options of libx264, by the names of its own parameters with _ for -."""
    return {"x264-params": ":".join(f"{key.replace('_', '-')}={value}" for key, value in parameters.items())}


def set_matrix(path: Path, a: int, b: int, c: int, d: int) -> None:
    """Let an MP4 be shown with (x, y) at (a x + c y, b x + d y), by the matrix of ISO/IEC 14496-12."""
    content = bytearray(path.read_bytes())
    # In a track header of version 0, 40 bytes from its type on come before the matrix.
    place = content.index(b"tkhd") + 4 + 40
    matrix = (a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    content[place : place + 36] = struct.pack(">9i", *matrix)
    path.write_bytes(content)
