"""A file or a network stream, decoded by PyAV."""

import math
import os
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from search.optional import need
from utils.counting import counted
from utils.errors import InputError

from .clock import JUMP, Clock
from .container import Container, reason
from .source import Shot

if TYPE_CHECKING:
    import av

HELD = 64 << 20  # bytes of packets; more are not held back to find the keyframe before the start
SHORT = 1.0  # seconds; a file that ends earlier than it says by more is cut off


class Stream:
    """The video stream of a file or an address.

    Args:
        place: path or address.
        address: whether it is an address.

    Raises:
        InputError: it cannot be opened or reached, has no video stream, or nothing of it can be decoded.
    """

    timed = False

    def __init__(self, place: str, address: bool = False):
        self._place = (place, address)
        self._begin()
        self.name = self._container.shown if address else os.path.basename(os.path.abspath(place))
        self.duration = self._container.duration
        self.frame_rate = self._container.frame_rate
        self.live = address and self.duration is None
        jump = math.inf if address else JUMP  # nothing may have come from a camera for longer
        self._clock = Clock(self._container.stream.time_base, 1 / self.frame_rate, jump)
        shots = self._decode(self._container.packets())
        first = next(shots, None)
        if first is None:
            self.close()
            raise InputError(f"no frame of {self._container.shown} can be decoded{self._because()}")
        height, width, _ = first.picture().shape
        self.size = (width, height)
        self._shots = chain([first], shots)

    def read(self, since: float) -> Iterator[Shot]:
        """The frames from ``since`` [s] on, and a few before; see ``Source``."""
        yield from self._shots if since <= 0 else self._later(since)

    def damage(self) -> str | None:
        """See ``Source``."""
        said = None if self._clock.jumps else self._container.end  # which counts the jumps
        end = f"{self._end:.1f} s"
        parts = []
        if self.live:
            parts.append(f"ended after {end}{self._because()}")
        elif self._because() or said is not None and self._end < said - SHORT:
            of = f" of {said:.1f} s" if said else ""
            parts.append(f"breaks off at {end}{of}{self._because()}; what comes before was read")
        if self._damaged and self._lost:
            parts.append(f"{counted(self._lost, 'broken frame was', 'broken frames were')} left out")
        if jumps := self._clock.jumps:
            parts.append(
                f"{counted(jumps, 'jump')} of the timestamps by more than an hour left out of the times"
            )
        return f"{self._container.shown}: {'; '.join(parts)}" if parts else None

    def close(self) -> None:
        """Close the file or connection."""
        self._container.close()

    def _begin(self) -> None:
        """Open it from the beginning."""
        self._container = Container(*self._place)
        self._last: int | None = None  # number of the last good frame
        self._end = 0.0  # seconds at which it ended
        self._lost = 0  # numbers without a frame
        self._damaged = False
        self._error: str | None = None  # what was wrong since the last good frame

    def _again(self) -> None:
        self.close()
        self._begin()
        self._clock.restart()

    def _later(self, since: float) -> Iterator[Shot]:
        in_order = self._container.in_order
        self._again()
        packets = self._from_keyframe(self._clock.units(since)) if in_order else None
        if packets is None:
            self._again()
            packets = self._container.packets()
        return self._decode(packets)

    def _from_keyframe(self, since: int) -> Iterable["av.Packet | None"] | None:
        """The packets from the last keyframe but one before a timestamp on; None: it cannot be told which.

        One more than necessary, because some encoders mark as keyframes what is complete only some frames
        later. Reading the packets before, instead of seeking, counts them, and takes a hundredth of the time
        of decoding them.
        """
        packets = self._container.packets()
        older: list[av.Packet] = []
        newer: list[av.Packet | None] = []
        key, held = None, 0
        for packet in packets:
            if packet is None or not packet.size:  # the end
                return chain(older, newer, [packet])
            stamp = self._container.stamp(packet)
            if stamp is None or packet.is_keyframe and key is not None and self._is_apart(key, stamp):
                return None
            if packet.is_keyframe and stamp <= since:
                self._clock.pass_over([self._container.stamp(p) for p in older])
                older, newer, key, held = newer, [], stamp, 0
            newer.append(packet)
            held += packet.size
            if stamp > since or held > HELD:
                break
        return chain(older, newer, packets)

    def _is_apart(self, key: int, stamp: int) -> bool:
        return stamp <= key or self._clock.is_new_line(key, stamp)

    def _decode(self, packets: Iterable["av.Packet | None"]) -> Iterator[Shot]:
        av = need("av")
        for packet in packets:
            if packet is not None:
                self._clock.expect(self._container.stamp(packet), packet.dts)
            try:
                frames = self._container.stream.decode(packet)
            except av.FFmpegError as error:
                self._fail(reason(error))
                continue
            for frame in frames:
                if place := self._clock.place(self._container.stamp(frame)):
                    if frame.is_corrupt:
                        self._fail("damaged data")
                        continue
                    yield self._shot(frame, *place)

    def _shot(self, frame: "av.VideoFrame", number: int, time: float) -> Shot:
        self._lost += number - 1 - (number - 1 if self._last is None else self._last)
        self._damaged &= self._last is not None  # what comes before the first frame is not missed
        self._last = number
        lasts = (frame.duration or 0) * self._container.stream.time_base
        self._end = time + max(1 / self.frame_rate, float(lasts))
        self._error = None
        return Shot(number, time, partial(self._container.picture, frame))

    def _fail(self, why: str) -> None:
        self._damaged = True
        self._error = why

    def _because(self) -> str:
        error = self._container.error
        why = reason(error) if error else self._error
        return f" ({why})" if why else ""
