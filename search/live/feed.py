"""A live camera, connected again whenever it is lost."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from operator import sub

from loguru import logger

from search.clock import show_time
from search.video import Video
from utils.errors import InputError, one_line

from .connection import TICK, Connection

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between tries; each is twice the one before
STEADY = 60.0  # seconds that a connection lasts after which the pauses begin with the first again
SETTLING = 5.0  # seconds after connecting: what has piled up meanwhile comes at once, and is dropped
PERIOD = 60.0  # seconds between two lines about dropped frames
PARTING = 2.0  # seconds that a camera which sends nothing is waited for at the end

Connect = Callable[[Callable[[str], object]], Video]  # takes what to call with the reason of the end


class Feed:
    """Connects to a camera, in a thread of its own; what it waits for hinders nobody.

    A loss is one line in the log, and the return another.

    Args:
        camera: its name, for the log.
        connect: opens it.
        stop: ends it.
        held_up: whether the gallery takes nothing for now, and frames must wait for it.
    """

    def __init__(
        self,
        camera: str,
        connect: Connect,
        stop: threading.Event,
        held_up: Callable[[], bool] = lambda: False,
    ):
        self._camera, self._connect, self._stop = one_line(camera), connect, stop
        self._held_up = held_up
        self._ready: queue.SimpleQueue[Connection | BaseException] = queue.SimpleQueue()
        self._lost: float | None = None  # since when
        self._pause = FIRST_PAUSE
        # A daemon: a camera that sends nothing does not hold up the program's end.
        self._thread = threading.Thread(target=self._run, name=f"feed {camera}", daemon=True)

    def connections(self) -> Iterator[Connection]:
        """One connection after another; once. What the thread raises is raised here."""
        self._thread.start()
        while not self._stop.is_set():
            try:
                ready = self._ready.get(timeout=TICK)
            except queue.Empty:
                continue
            if isinstance(ready, BaseException):
                raise ready
            yield ready
        self._thread.join(PARTING)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._read()
        except BaseException as error:  # to be raised where the connections are waited for
            self._ready.put(error)

    def _read(self) -> None:
        """Connect once, read while there are frames, then wait."""
        why: list[str] = []
        connection = None
        try:
            with self._connect(why.append) as video:
                connection = self._connected(video)
                self._pass_on(video, connection)
        except InputError as error:
            why.append(str(error))
        finally:
            if connection:
                connection.end()
        if self._stop.is_set():
            return
        if connection and time.monotonic() - connection.begun >= STEADY:
            self._pause = FIRST_PAUSE
        if self._lost is None:
            self._lost = time.monotonic()
            logger.warning(
                f"{self._camera}: {'; '.join(why)}; trying again in {self._pause:g} s, then with pauses that "
                f"grow to {LONGEST_PAUSE:g} s"
            )
        self._stop.wait(self._pause)
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _connected(self, video: Video) -> Connection:
        connection = Connection(video, self._stop, self._held_up)
        after = "" if self._lost is None else f" after {show_time(connection.begun - self._lost)}"
        shown = f"{video.size[0]}x{video.size[1]}, {video.frame_rate:.3g} frames per second"
        logger.info(f"{self._camera}: connected{after} ({shown})")
        self._lost = None
        self._ready.put(connection)
        return connection

    def _pass_on(self, video: Video, connection: Connection) -> None:
        """Pass on the frames, and say now and then how many were dropped."""
        before, due = None, connection.begun + SETTLING
        for seen, frame in enumerate(video.frames(), 1):
            connection.put(frame)
            if self._stop.is_set():
                return
            if time.monotonic() < due:
                continue
            counts = seen, connection.dropped, connection.held
            if before:
                self._say_left_out(*map(sub, counts, before))
            before, due = counts, time.monotonic() + PERIOD

    def _say_left_out(self, seen: int, dropped: int, held: int) -> None:
        if dropped:
            logger.warning(
                f"{self._camera}: this computer is too slow and left out {dropped} of the last {seen} "
                "frames; --fps looks at fewer, at even distances"
            )
        if held:
            logger.warning(
                f"{self._camera}: left out {held} of the last {seen} frames, since the gallery takes what is "
                "found too slowly, unless a line above says another reason"
            )
