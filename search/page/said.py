"""What a request says, which may be anything."""

import math
from collections.abc import Sequence

from search.clock import parse_time
from search.gallery import Selection

from .texts import Refusal


class Said:
    """The values of a request; whatever is not as asked for is refused.

    Args:
        values: as JSON or an address's query gives them.
    """

    def __init__(self, values: object):
        self._values = values if isinstance(values, dict) else {}

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) not in (None, "")

    def text(self, name: str, default: str | None = None) -> str:
        """A text."""
        value = self._values.get(name, default)
        if not isinstance(value, str):
            raise Refusal("error.request", what=name)
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """A finite number."""
        return _number(self._values.get(name, default), name)

    def texts(self, name: str) -> list[str]:
        """A list of texts; empty if there is none."""
        values = self._values.get(name, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise Refusal("error.request", what=name)
        return values

    def numbers(self, name: str) -> list[float]:
        """A list of numbers; empty if there is none."""
        values = self._values.get(name, [])
        if not isinstance(values, list):
            raise Refusal("error.request", what=name)
        return [_number(value, name) for value in values]

    def parts(self, name: str) -> Sequence["Said"]:
        """A list of such values."""
        values = self._values.get(name, [])
        if not isinstance(values, list):
            raise Refusal("error.request", what=name)
        return [Said(value) for value in values]

    def box(self, name: str = "box") -> tuple[float, float, float, float] | None:
        """Left, top, width and height in pixels; None if there is none."""
        if name not in self:
            return None
        values = self.numbers(name)
        if len(values) != 4:
            raise Refusal("error.request", what=name)
        return tuple(values)

    def selection(self) -> Selection:
        """Which tracklets: ``cameras``, ``since`` and ``until``, in the words of ``search.clock``."""
        since, until = (
            parse_time(self.text(name).strip()) if name in self else None for name in ("since", "until")
        )
        where = Selection(cameras=tuple(self.texts("cameras")), since=since, until=until)
        if since is not None and until is not None and since > until:
            raise Refusal("error.times")
        return where


def _number(value: object, name: str) -> float:
    try:
        number = float(value) if isinstance(value, int | float | str) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Refusal("error.request", what=name)
    return number
