"""Long work, one piece after another, beside the page: it goes on when the browser is closed."""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from loguru import logger

from utils.errors import InputError, one_line

from .fault import fault
from .texts import TEXTS, Refusal

KEPT = 50  # jobs that are shown after their end
WAITING, RUNNING, DONE, FAILED, STOPPED = "waiting", "running", "done", "failed", "stopped"


class StoppedJobError(Exception):
    """The job is to end."""


@dataclass
class Job:
    """A piece of work.

    Args:
        number: by which the page names it.
        title: what it works on.
        work: does it, and gives the key and the values of the text that says what came of it.
    """

    number: int
    title: str
    work: Callable[["Job"], tuple[str, dict]]
    state: str = WAITING
    done: int = 0
    total: int | None = None  # of what ``done`` counts; None: not known
    said: dict = field(default_factory=dict)  # what came of it: a key with values, or an error
    began: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)

    def step(self, *_: object) -> None:
        """Count one more.

        Raises:
            StoppedJobError: it is to end.
        """
        if self._stop.is_set():
            raise StoppedJobError
        self.done += 1

    def stop(self) -> None:
        """Have it end with its next step."""
        self._stop.set()
        if self.state == WAITING:
            self.state = STOPPED

    def plain(self) -> dict:
        """What the page shows of it."""
        seconds = time.monotonic() - self.began if self.state == RUNNING else 0.0
        rate = self.done / seconds if seconds > 0.5 else 0.0
        left = (self.total - self.done) / rate if self.total and rate else None
        shown = {name: getattr(self, name) for name in ("number", "title", "state", "done", "total", "said")}
        return {**shown, "rate": round(rate, 1), "left": left and max(0, round(left))}

    def run(self) -> None:
        """Do it."""
        if self._stop.is_set():
            return
        self.state, self.began = RUNNING, time.monotonic()
        try:
            key, values = self.work(self)
            self.state, self.said = DONE, {"key": key, "values": values}
            logger.info(f"{one_line(self.title)}: {TEXTS[key]['en'].format(**values)}")
        except StoppedJobError:
            self.state = STOPPED
        except Refusal as error:
            self._fail(str(error), key=error.key, values=error.values)
        except InputError as error:
            self._fail(str(error))
        except Exception as error:
            self._fail(fault(error, self.title))

    def _fail(self, text: str, **more: object) -> None:
        self.state, self.said = FAILED, {"error": text, **more}
        logger.warning(f"{one_line(self.title)}: {text}")


class Jobs:
    """A thread that does one job after another."""

    def __init__(self):
        self._jobs: list[Job] = []
        self._lock = threading.Lock()
        self._queue: queue.Queue[Job | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._number = 0

    def add(self, title: str, work: Callable[[Job], tuple[str, dict]]) -> Job:
        """Have a job done after those that wait."""
        with self._lock:
            if not self._thread.is_alive():
                self._thread.start()
            self._number += 1
            job = Job(self._number, title, work)
            ended = [old for old in self._jobs if old.state not in (WAITING, RUNNING)]
            for old in ended[: max(0, len(ended) - KEPT)]:
                self._jobs.remove(old)
            self._jobs.append(job)
            self._queue.put(job)
        return job

    def all(self) -> list[Job]:
        """Those that wait or run, and the last that have ended, in the order in which they came."""
        with self._lock:
            return [*self._jobs]

    def stop(self, number: int) -> None:
        """End a job."""
        for job in self.all():
            if job.number == number:
                job.stop()

    def close(self, limit: float = 5.0) -> None:
        """End all, and wait for it, at most so long [seconds]."""
        for job in self.all():
            job.stop()
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(limit)

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            job.run()
