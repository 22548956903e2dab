"""People: the same number for the same person in all videos of a gallery.

``group_people`` finds out who is who, ``list_people`` tells it, and ``name_person``, ``merge_people`` and
``split_person`` take a user's word for it, which no grouping changes.
"""

from .grouping import Grouping, Outcome, group_people
from .people import Person, Visit, list_people, portraits
from .travel import read_travel
from .words import find_number, merge_people, name_person, split_person

__all__ = [
    "Grouping",
    "Outcome",
    "Person",
    "Visit",
    "find_number",
    "group_people",
    "list_people",
    "merge_people",
    "name_person",
    "portraits",
    "read_travel",
    "split_person",
]
