"""Who is who in a gallery: which tracklets are of which person, and what people are called."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager

from .claim import Claim, claimed
from .members import FIELDS, NOTES, MemberRow, note, note_id
from .pages import MOST_ROWS, page_filters
from .rows import EVERYTHING, Selection, VideoRow
from .store import ALL, MOST_IDS, OWN, Store
from .text import decode_text, encode_text, one_of_stored

NAME, LAST = "name", "last number"
ROWS = 50_000  # members of a page, which are small: milvus-lite looks at all rows for each page


class Roster:
    """The people of a gallery, as ``Gallery.people`` gives it: plain reading and writing.

    What is to change follows from what was read, so both belong into one ``alone()``:

        with gallery.people.alone() as claim:
            members = list(gallery.people.members())
            ...
            claim.renew()  # if that took long
            gallery.people.write(changed)

    Args:
        store: the gallery's collections.
        videos: gives its videos.
    """

    def __init__(self, store: Store, videos: Callable[[], list[VideoRow]]):
        self._store, self._videos = store, videos

    def alone(self) -> AbstractContextManager[Claim]:
        """Keep other programs from changing people.

        Raises:
            InputError: another one does, for too long.
        """
        return claimed(self._store)

    def members(self, where: Selection = EVERYTHING, people: Sequence[int] = ()) -> Iterator[MemberRow]:
        """The tracklets that are of somebody.

        Args:
            where: among which.
            people: whose; none: everybody's.
        """
        whose = f" and person in {list(people)}" if people else ""
        for filter_ in page_filters(self._videos(), where, ROWS):
            yield from map(MemberRow.read, self._query(filter_ + whose))

    def find(self, tracklets: Iterable[str]) -> dict[str, MemberRow]:
        """Those of these tracklets that are of somebody, maybe since a second, by id."""
        ids, found = sorted({encode_text(tracklet) for tracklet in tracklets}), []
        for first in range(0, len(ids), MOST_IDS):
            found += self._query(one_of_stored("id", ids[first : first + MOST_IDS]), OWN)
        return {member.tracklet: member for member in map(MemberRow.read, found)}

    def whom(self, tracklets: Iterable[str]) -> dict[str, tuple[int, str]]:
        """Number and name, "" without one, of whom these tracklets show, by id, as far as ``find`` does."""
        members = self.find(tracklets)
        names = self.names({member.person for member in members.values()})
        return {
            tracklet: (member.person, names.get(member.person, "")) for tracklet, member in members.items()
        }

    def write(self, members: Sequence[MemberRow]) -> None:
        """Say of tracklets whose they are; nothing of those that another program removes meanwhile."""
        self._store.write(self._store.people, [member.stored() for member in members])
        of = {member.video for member in members}
        videos, there = [video for video in self._videos() if video.video in of], set()
        for filter_ in page_filters(videos, EVERYTHING, MOST_ROWS):
            rows = self._store.query(self._store.tracklets, filter_, ["tracklet"])
            there |= {decode_text(row["tracklet"]) for row in rows}
        self.remove(member.tracklet for member in members if member.tracklet not in there)

    def remove(self, tracklets: Iterable[str]) -> None:
        """Say of tracklets that they are nobody's."""
        self._store.delete_ids(self._store.people, map(encode_text, tracklets))

    def names(self, people: Iterable[int] | None = None) -> dict[int, str]:
        """The names of those who have one, by number.

        Args:
            people: numbers, for names that are there maybe since a second; None: everybody's.
        """
        if people is None:
            rows = self._notes(NAME)
        else:
            ids = sorted(note_id(NAME, number) for number in {*people})
            rows = self._query(one_of_stored("id", ids), OWN) if ids else []
        return {row["person"]: row["more"]["name"] for row in rows}

    def call(self, person: int, name: str) -> None:
        """Give a person a name; "" takes it away."""
        if name:
            self._store.write(self._store.people, [note(NAME, person, person, {"name": name})])
        else:
            self._store.delete_ids(self._store.people, [note_id(NAME, person)])

    def new_numbers(self, count: int) -> range:
        """Numbers that nobody has had before."""
        last = max((row["person"] for row in self._notes(LAST)), default=0)
        if count:
            self._store.write(self._store.people, [note(LAST, person=last + count)])
        return range(last + 1, last + 1 + count)

    def forget_names(self) -> None:
        """Remove the names of those who have no tracklets left."""
        nobody = {*self.names()}
        if nobody:
            for member in self.members(people=sorted(nobody)):
                nobody.discard(member.person)
        self._store.delete_ids(self._store.people, [note_id(NAME, number) for number in nobody])

    def _notes(self, kind: str) -> list[dict]:
        rows = self._query(NOTES)
        return [row for row in rows if row["id"].startswith(f"<{kind}>")]

    def _query(self, filter_: str, level: str = ALL) -> list[dict]:
        return self._store.query(self._store.people, filter_, FIELDS, level)
