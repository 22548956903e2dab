"""Times as people write them."""

from datetime import datetime, timezone

import pytest

from search.clock import parse_span, parse_start, parse_time, show_time
from utils.errors import InputError


@pytest.mark.parametrize(
    "text, seconds", [("12", 12), ("12.5", 12.5), ("0:12", 12), ("01:02:03", 3723), ("90:00", 5400)]
)
def test_clock_of_a_video(text, seconds):
    assert parse_time(text) == seconds


def test_dates_are_this_machines_time_or_that_of_their_zone():
    assert parse_time("2026-11-25T08:00") == datetime(2026, 11, 25, 8).timestamp()
    utc = datetime(2026, 11, 25, 8, tzinfo=timezone.utc).timestamp()
    assert parse_start("2026-11-25T08:00+00:00") == utc
    assert parse_start("2026-11-25T09:00+01:00") == utc


@pytest.mark.parametrize("text", ["", "noon", "-5", "1:2:3:4", "2026-13-01", "8h"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(InputError, match="is no time; write it as"):
        parse_time(text)


def test_a_start_is_a_date():
    for text in ("0:12", "1970-06-01T00:00", "1900-01-01"):
        with pytest.raises(InputError, match="write it as 2026-11-25T08:00"):
            parse_start(text)


def test_times_are_shown_as_they_are_written():
    assert show_time(12.9) == "00:12" and show_time(3723.04) == "1:02:03"
    assert show_time(12.96, exact=True) == "00:13.0" and show_time(59.94, exact=True) == "00:59.9"
    moment = datetime(2026, 11, 25, 8, 0, 12).timestamp()
    assert show_time(moment) == "2026-11-25 08:00:12"
    assert parse_time(show_time(moment)) == moment


def test_lengths_of_time():
    assert [parse_span(text) for text in ("90s", "1.5m", "24h", "7d")] == [90, 90, 86_400, 604_800]
    for text in ("", "24", "h", "-1h", "1 h", "1w", "1h30m"):
        with pytest.raises(InputError, match="is no length of time; write it as 30m"):
            parse_span(text)
