"""Several calls of a network at a time: on a CPU, cores divide frames better than the layers of one."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    import onnxruntime

T = TypeVar("T")
U = TypeVar("U")


class Lanes:
    """Threads that share a session, each with an input of its own.

    Args:
        session: that may compute with as many threads as there are cores, less the other lanes.
        inputs: one for each lane.
    """

    def __init__(self, session: "onnxruntime.InferenceSession", inputs: Sequence[np.ndarray]):
        self._session = session
        self._pool = ThreadPoolExecutor(len(inputs), thread_name_prefix="lane")
        self._free: SimpleQueue[np.ndarray] = SimpleQueue()
        for one in inputs:
            self._free.put(one)

    def map(
        self, work: Callable[[T, "onnxruntime.InferenceSession", np.ndarray], U], items: Sequence[T]
    ) -> Iterator[U]:
        """What work(item, session, input) makes of each item, in their order."""
        return self._pool.map(partial(self._in_lane, work), items)

    def _in_lane(self, work: Callable, item: T):
        own = self._free.get()
        try:
            return work(item, self._session, own)
        finally:
            self._free.put(own)
