"""One program at a time changes the people of a gallery.

Milvus can write a row, but not on the condition that it is as it was read; and two programs that both give
the next number to someone new would make one person of two. So who changes people writes a claim first, and
goes on only if there is no other. Of two that claim at once, at least one sees the other, and takes its claim
back.
"""

import os
import random
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from utils.errors import InputError

from .members import NOTES, note, note_id
from .store import Store

WAIT = 60.0  # seconds for another program
LIFE = 600.0  # seconds after which a claim is that of a program that ended before it could take it back
PROCESS = uuid.uuid4().hex
KIND = "claim"


class Claim:
    """A claim to the people of a gallery.

    Args:
        store: the gallery's collections.
    """

    def __init__(self, store: Store):
        self._store, self._key = store, uuid.uuid4().hex

    def write(self) -> None:
        """Write it, or renew it."""
        said = {"since": time.time(), "process": PROCESS, "by": f"{socket.gethostname()}, {os.getpid()}"}
        self._store.write(self._store.people, [note(KIND, self._key, more=said)])

    def renew(self) -> None:
        """Renew it, before the part of a longer work that writes.

        Raises:
            InputError: it lasted so long that another program took it for a dead one's.
        """
        if not any(id_ == note_id(KIND, self._key) for id_, _ in self._claims()):
            raise InputError(
                f"the people of {self._store.milvus.shown} were not changed: it took so long that another "
                "program went on in between; run the same command again"
            )
        self.write()

    def other(self) -> dict | None:
        """What another claim says; those of dead programs are removed."""
        found = None
        for id_, said in self._claims():
            if id_ == note_id(KIND, self._key):
                continue
            if self._is_dead(said):
                self._store.delete_ids(self._store.people, [id_])
            else:
                found = said
        return found

    def take_back(self) -> None:
        """Let others go on."""
        self._store.delete_ids(self._store.people, [note_id(KIND, self._key)])

    def _claims(self) -> list[tuple[str, dict]]:
        rows = self._store.query(self._store.people, NOTES, ["id", "more"])
        return [(row["id"], row["more"]) for row in rows if row["id"].startswith(f"<{KIND}>")]

    def _is_dead(self, said: dict) -> bool:
        if self._store.milvus.is_local:  # which one process has at a time
            return said["process"] != PROCESS
        return time.time() - said["since"] > LIFE


@contextmanager
def claimed(store: Store) -> Iterator[Claim]:
    """Hold the claim to the people of a gallery.

    Raises:
        InputError: another program holds it for too long.
    """
    claim, end = Claim(store), time.monotonic() + WAIT
    try:
        while True:
            claim.write()
            other = claim.other()
            if other is None:
                break
            claim.take_back()
            if time.monotonic() > end:
                raise InputError(
                    f"another program ({other['by']}) has been changing the people of {store.milvus.shown} "
                    f"since {datetime.fromtimestamp(other['since']):%H:%M:%S}; try again when it has ended"
                )
            time.sleep(random.uniform(0.1, 1.0))
        yield claim
    finally:
        claim.take_back()
