"""Numbers and times of frames."""

import heapq
import math
from fractions import Fraction

LATE = 1.0  # seconds; a timestamp that goes back by more begins a new timeline
JUMP = 3600.0  # seconds; so does one in a file that goes ahead by more: no recording pauses for so long


class Clock:
    """Number and time of each frame, from the timestamps of a stream's packets and frames.

    A frame's number is how many packets have smaller timestamps, so that frames count which were not decoded,
    or could not be; in a stream without timestamps, how many frames came before. Its time is counted from the
    first frame's and always rises: where timestamps start again, as when a camera is restarted, or jump far
    ahead, as where files were concatenated, it goes on.

        for packet in packets:
            clock.expect(packet.pts, packet.dts)
            for frame in packet.decode():
                number, time = clock.place(frame.pts)

    Args:
        tick: seconds per unit of the timestamps.
        step: seconds between frames, where timestamps do not say.
        jump: seconds by which a timestamp must go ahead to begin a new timeline.

    Attributes:
        jumps: how often one did.
    """

    def __init__(self, tick: Fraction, step: float, jump: float = math.inf):
        self.tick = tick
        self._jump = jump
        self.step = max(1, round(Fraction(step) / tick))
        self._first: tuple[int, int] | None = None  # timestamp and count of the first frame
        self.restart()

    def restart(self) -> None:
        """Begin again with the first packet; the first frame stays the one that times are counted from."""
        # Heap of timeline and timestamp of packets whose frame has not come yet.
        self._waiting: list[tuple[int, int]] = []
        self._count = 0
        self._line = self._packets_line = 0  # number of the timeline, of frames and of packets
        self._last: int | None = None  # timestamp of a frame
        self._decoded: int | None = None  # time of decoding of a packet
        self._shift = 0
        self.jumps = 0

    def units(self, time: float) -> int:
        """The timestamp of a time [s]."""
        return self._first[0] + int(Fraction(time) / self.tick)

    def expect(self, stamp: int | None, decoded: int | None) -> None:
        """A packet comes, with its timestamp and time of decoding; None: it has none."""
        if decoded is not None:
            if self._decoded is not None and self.is_new_line(self._decoded, decoded):
                self._packets_line += 1
            self._decoded = decoded
        if stamp is not None:
            heapq.heappush(self._waiting, (self._packets_line, stamp))

    def pass_over(self, stamps: list[int]) -> None:
        """Packets at the beginning of the stream are not decoded."""
        self._count += len(set(stamps))

    def place(self, stamp: int | None) -> tuple[int, float] | None:
        """Number and time [s] of the next frame; None: it is out of order, and must be left out."""
        if self._last is None:
            stamp = 0 if stamp is None else stamp
        elif stamp is None:
            stamp = self._last + self.step
        elif self.is_new_line(self._last, stamp):
            self.jumps += stamp > self._last
            self._line += 1
            self._shift += self._last + self.step - stamp
        elif stamp <= self._last:
            return None
        self._last = stamp
        passed = self._pass((self._line, stamp))
        self._first = self._first or (stamp, passed)
        units = stamp + self._shift - self._first[0]
        return passed - self._first[1], units * self.tick.numerator / self.tick.denominator

    def is_new_line(self, before: int, after: int) -> bool:
        """Whether a timestamp after another begins a new timeline."""
        return not -LATE <= (after - before) * self.tick <= self._jump

    def _pass(self, frame: tuple[int, int]) -> int:
        """Count the packets up to a frame's; how many come before it."""
        before = None
        while self._waiting and self._waiting[0] < frame:
            waiting = heapq.heappop(self._waiting)
            self._count += waiting != before  # the two fields of a frame may come in two packets
            before = waiting
        while self._waiting and self._waiting[0] == frame:
            heapq.heappop(self._waiting)
        self._count += 1
        return self._count - 1
