"""Numbers with their words."""

import pytest

from utils.counting import counted


@pytest.mark.parametrize(
    "number, words, text",
    [
        (0, ("file",), "0 files"),
        (1, ("file",), "1 file"),
        (2000, ("file",), "2,000 files"),
        (1, ("query has", "queries have"), "1 query has"),
        (0, ("query has", "queries have"), "0 queries have"),
    ],
)
def test_what_is_counted_is_in_the_singular_or_the_plural(number, words, text):
    assert counted(number, *words) == text
