"""The painted places that the drawn videos show."""

from collections.abc import Callable
from typing import NamedTuple

from . import hall, park, street
from .stage import Lane, Scene


class Place(NamedTuple):
    """A place that a camera films."""

    paint: Callable[[tuple[int, int], tuple[int, ...]], Scene]  # of the picture's (width, height) and a seed
    lanes: tuple[Lane, ...]


PLACES = (
    Place(street.paint_street, street.LANES),
    Place(park.paint_park, park.LANES),
    Place(hall.paint_hall, hall.LANES),
)
