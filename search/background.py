"""Work that goes on beside the rest, one piece after another, whose errors are not lost."""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from typing import TypeVar

from loguru import logger

LONG = 5.0  # seconds of a piece of work after which it holds up the others
T = TypeVar("T")
_END = object()


def prefetch(items: Iterable[T], size: int) -> Iterator[T]:
    """The items, of which a thread gets up to ``size`` ahead; what it raises is raised here.

    Whoever stops early ends the thread, which also closes a generator.
    """
    ready: queue.Queue = queue.Queue(size)
    stop = threading.Event()

    def run() -> None:
        error = None
        try:
            _pass_on(items, ready, stop)
        except BaseException as raised:  # to be raised where it is waited for
            error = raised
        ready.put((_END, error))

    thread = threading.Thread(target=run, name="prefetch", daemon=True)
    thread.start()
    try:
        while True:
            item = ready.get()
            if isinstance(item, tuple) and len(item) == 2 and item[0] is _END:
                if item[1] is not None:
                    raise item[1]
                return
            yield item
    finally:
        stop.set()
        while thread.is_alive():
            with suppress(queue.Empty):
                ready.get_nowait()  # it may wait for a place
            thread.join(0.01)


def _pass_on(items: Iterable[T], ready: queue.Queue, stop: threading.Event) -> None:
    source = iter(items)
    try:
        for item in source:
            ready.put(item)
            if stop.is_set():
                break
    finally:
        if close := getattr(source, "close", None):
            close()


class Behind:
    """A thread that does one piece of work after another, and lets no more than ``most`` of them wait.

        with Behind(most=4) as behind:
            for frame in frames:
                behind.do(embed, frame)   # raises what an earlier piece has raised
        # here all is done

    After a piece that fails, no other is done. After an error in the block, what was given before it is.
    Several threads may give it work.

    Args:
        most: pieces that wait before ``do`` waits itself.
    """

    def __init__(self, most: int):
        self._begun: float | None = None  # when the piece that is being done was
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="behind")
        self._places = threading.Semaphore(most + 1)  # one more is being done
        self._error: BaseException | None = None

    def __enter__(self) -> "Behind":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: object) -> None:
        last = self._thread.submit(int)
        if error is not None and not wait([last], LONG).done:
            logger.info(
                "what was begun is still being done; a server that does not answer is waited for as long as "
                "the line about it says"
            )
        self._thread.shutdown()
        if self._error is None or self._error is error:
            return
        if error is None:
            raise self._error
        logger.warning(f"while it ended: {self._error}")  # the error already raised says why it ends

    def do(self, work: Callable, *args: object) -> None:
        """Have ``work(*args)`` done."""
        self._places.acquire()
        try:
            self.check()
        except BaseException:
            self._places.release()
            raise
        self._thread.submit(self._run, work, args)

    def held_up(self) -> bool:
        """Whether ``do`` would wait because one piece takes long."""
        if self._places.acquire(blocking=False):
            self._places.release()
            return False
        begun = self._begun
        return begun is not None and time.monotonic() - begun > LONG

    def check(self) -> None:
        """Raise what a piece has raised."""
        if self._error is not None:
            raise self._error

    def _run(self, work: Callable, args: tuple) -> None:
        self._begun = time.monotonic()
        try:
            if self._error is None:
                work(*args)
        except BaseException as error:  # raised where more is given, or at the end
            self._error = error
        finally:
            self._begun = None
            self._places.release()
