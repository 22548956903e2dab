"""An open file or address, its video stream and its packets, by PyAV."""

import errno
import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from search.optional import need
from utils.errors import InputError, one_line

from .source import DEFAULT_RATE

if TYPE_CHECKING:
    import av

PATIENCE = 15.0  # seconds without data after which an address counts as dead
HIGHEST_RATE = 1000.0  # frames per second; streams that do not know theirs say more


class Container:
    """An open file or address.

    Attributes:
        shown: its place as shown to the user: in one line, without a password.
        stream: its video stream.
        frame_rate: mean frames per second, ``DEFAULT_RATE`` if it does not say.
        duration: seconds; None: not known.
        end: seconds after the first frame at which its last one ends, if that is certain; else None.
        in_order: whether its packets have the timestamps of their frames.
        error: what the demuxer stopped at, if it did not come to the end.

    Args:
        place: path or address.
        address: whether it is an address.

    Raises:
        InputError: it cannot be opened or reached, or has no video stream.
    """

    def __init__(self, place: str, address: bool):
        self._address = address
        self.shown = one_line(without_password(place) if address else place)
        self._container = self._open(place, address)
        if self._container.format.name == "tty":  # libav would draw a text
            self.close()
            raise InputError(f"cannot open {self.shown}: it is not a video")
        if self._container.format.name == "mpjpeg":
            # Pictures that a camera's web server sends have no timestamps; they get those of their arrival.
            self.close()
            self._container = self._open(place, address, use_wallclock_as_timestamps="1")
        self.stream = self._video_stream()
        self.stream.thread_type = "AUTO"
        rate = self.stream.average_rate or self.stream.guessed_rate
        self.frame_rate = float(rate) if rate and rate <= HIGHEST_RATE else DEFAULT_RATE
        self.duration, self.end = self._durations()
        # An AVI has no timestamps but an order, and libav only guesses those of frames that are decoded in
        # another order than shown.
        self._avi = self._container.format.name == "avi"
        self.error: av.FFmpegError | None = None
        self._reformatter = need("av").video.reformatter.VideoReformatter()

    @property
    def in_order(self) -> bool:
        """As above; known once a frame was decoded."""
        return not (self._avi and self.stream.codec_context.has_b_frames)

    def packets(self) -> Iterator["av.Packet | None"]:
        """All packets of the stream, then an empty one or None, which asks the decoder for what it holds."""
        av = need("av")
        try:
            yield from self._listened() if self._address else self._container.demux(self.stream)
        except av.FFmpegError as error:
            self.error = error
            yield None

    def _listened(self) -> Iterator["av.Packet"]:
        """Packets of a connection; its other streams are listened to, lest the sound keep it alive alone."""
        last = time.monotonic()
        for packet in self._container.demux():
            if packet.stream.index == self.stream.index:
                yield packet
                last = time.monotonic()
            elif time.monotonic() - last > PATIENCE:
                raise need("av").ExitError(errno.ETIMEDOUT, "")

    def stamp(self, item: "av.Packet | av.VideoFrame") -> int | None:
        """The timestamp by which a packet or frame is ordered and timed."""
        return item.dts if self._avi else item.pts

    def picture(self, frame: "av.VideoFrame") -> np.ndarray:
        """A frame as (H, W, 3) uint8 BGR, upright, contiguous."""
        # One thread: the decoder has its own, and handing over would take longer than the work.
        image = self._reformatter.reformat(frame, format="bgr24", threads=1).to_ndarray()
        return np.ascontiguousarray(_upright(image, frame) if frame.rotation else image)

    def close(self) -> None:
        """Close the file or connection."""
        self._container.close()

    def _open(self, place: str, address: bool, **options: str) -> "av.container.InputContainer":
        av = need("av")
        if place.startswith("rtsp"):
            options["rtsp_transport"] = "tcp"  # which loses nothing
        try:
            if address:
                return av.open(place, options=options, timeout=PATIENCE)
            return av.open(f"file:{place}")  # without the prefix, "concat:x" would be no file's name
        except av.InvalidDataError:
            why = "it is not a video, or its beginning or index is missing"
        except av.FFmpegError as error:
            why = reason(error)
        hint = "; is the address right, and can it be reached from here?" if address else ""
        raise InputError(f"cannot open {self.shown}: {why}{hint}")

    def _video_stream(self) -> "av.VideoStream":
        cover = need("av").stream.Disposition.attached_pic
        streams = [s for s in self._container.streams.video if not s.disposition & cover]
        if not streams:
            self.close()
            raise InputError(f"{self.shown} has no video in it; name another file")
        best = self._container.streams.best("video")
        return best if best in streams else streams[0]

    def _durations(self) -> tuple[float | None, float | None]:
        if self.stream.duration:
            duration = float(self.stream.duration * self.stream.time_base)
            return duration, duration
        if not self._container.duration:
            return None, None
        start = max(0, self._container.start_time or 0)
        duration = (self._container.duration - start) / 1e6
        # Another stream, such as the sound, may be longer.
        return duration, duration if len(self._container.streams) == 1 else None


def reason(error: "av.FFmpegError") -> str:
    """Why libav failed, in a few words."""
    if isinstance(error, need("av").ExitError):
        return f"no data came for {PATIENCE:g} s"
    return error.strerror or str(error)


def without_password(address: str) -> str:
    """An address without the user and the password, which may hold an @."""
    return re.sub(r"(?<=://)[^/]*@", "", address)


def _upright(image: np.ndarray, frame: "av.VideoFrame") -> np.ndarray:
    """Turn and flip a picture as the 3x3 matrix that came with it says: (x, y, 1) @ matrix is its place."""
    try:
        matrix = frame.side_data[need("av").sidedata.sidedata.Type.DISPLAYMATRIX]
    except ValueError:  # PyAV does not know the kind of something else that came with it
        return np.rot90(image, round(frame.rotation / 90))
    a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5]
    if turned := abs(b) > abs(a):
        image = image.swapaxes(0, 1)
    across, down = (c, b) if turned else (a, d)
    return image[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1]
