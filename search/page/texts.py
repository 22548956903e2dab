"""What the page says, in English and Chinese: static/texts.json, which the browser reads as well."""

import json
from pathlib import Path

from utils.errors import InputError

STATIC = Path(__file__).parent / "static"
TEXTS: dict[str, dict[str, str]] = json.loads((STATIC / "texts.json").read_text(encoding="utf-8"))


class Refusal(InputError):
    """What the page refuses, in the language of whoever reads it.

    Args:
        key: of the text.
        status: of HTTP.
        values: that the text names.
    """

    def __init__(self, key: str, status: int = 400, **values: object):
        super().__init__(TEXTS[key]["en"].format(**values))
        self.key, self.status, self.values = key, status, values
