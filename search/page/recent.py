"""The last few things that were made."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """Keeps what was made and used most recently. Threads that want the same wait for the one that makes it.

    Args:
        most: things that are kept.
        drop: called with what is not kept any longer.
    """

    def __init__(self, most: int, drop: Callable[[T], object] = lambda thing: None):
        self._most, self._drop = most, drop
        self._lock = threading.Lock()
        self._things: dict[Hashable, Future] = {}  # the most recently used comes last

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The thing of this key; made if it is not there. What ``make`` raises, is raised, and not kept."""
        with self._lock:
            known = self._things.pop(key, None)
            future = self._things[key] = known or Future()
            old = [self._things.pop(next(iter(self._things)))] if len(self._things) > self._most else []
        for gone in old:
            gone.add_done_callback(lambda made: made.exception() or self._drop(made.result()))
        if known is None:
            try:
                future.set_result(make())
            except BaseException as error:
                with self._lock:
                    if self._things.get(key) is future:
                        del self._things[key]
                future.set_exception(error)
        return future.result()

    def find(self, key: Hashable) -> T | None:
        """The thing of this key; None: it is not there, or not made yet."""
        with self._lock:
            future = self._things.get(key)
        return future.result() if future is not None and future.done() else None

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._things = {}
