"""Who cannot be one person: timetables against plain loops, and the file of ways."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.people.timetable import Clash, Place, Span, Timetable
from search.people.travel import read_travel
from utils.errors import InputError

TRAVEL = {("a", "b"): 3, ("b", "a"): 5, ("b", "c"): 0, ("c", "b"): 0}
PLACES = [Place("a"), Place("b"), Place("c"), Place("a", "v1"), Place("b", "v1")]
spans = st.builds(lambda start, length: Span(start, start + length), st.integers(0, 40), st.integers(1, 5))
timetables = st.lists(st.tuples(st.sampled_from(PLACES), spans), max_size=6)


def meet(one, other):
    (place, span), (elsewhere, when) = one, other
    if place == elsewhere:
        there = back = 0
    elif place.clock or elsewhere.clock or (place.camera, elsewhere.camera) not in TRAVEL:
        return False
    else:
        there, back = TRAVEL[place.camera, elsewhere.camera], TRAVEL[elsewhere.camera, place.camera]
    return when.start < span.end + there and span.start < when.end + back


@given(timetables, timetables)
def test_two_clash_if_any_of_their_stays_do(one, other):
    clash = Timetable(one).clash(Timetable(other), TRAVEL)
    assert bool(clash) == any(meet(*pair) for pair in product(one, other))
    if clash and clash.camera == clash.other:
        both = [
            {
                time
                for place, (start, end) in stays
                if place.camera == clash.camera
                for time in range(start, end)
            }
            for stays in (one, other)
        ]
        assert {*range(*clash.span)} <= both[0] & both[1] and clash.span.start < clash.span.end


@given(timetables, timetables, timetables)
def test_who_has_joined_has_all_stays(one, other, third):
    joined, apart = Timetable(one), Timetable(other)
    if joined.clash(apart, {}):
        return
    joined.join(apart)
    assert bool(joined.clash(Timetable(third), TRAVEL)) == any(
        meet(*pair) for pair in product(one + other, third)
    )
    assert bool(apart.clash(Timetable(third), TRAVEL)) == any(meet(*pair) for pair in product(other, third))


def test_stays_may_touch():
    one, other = ([(Place("a"), Span(*span))] for span in ((0, 5), (5, 9)))
    assert Timetable(one).clash(Timetable(other), TRAVEL) is None
    assert Timetable(one).clash(Timetable([(Place("a"), Span(4.5, 9))]), {}) == Clash("a", "a", Span(4.5, 5))


def test_the_file_of_ways(tmp_path):
    file = tmp_path / "ways.yml"
    file.write_text("entrance:\n  yard: 20\n  7: 1:30\nyard:\n  7: 0:45\n  entrance: 15.5\n")
    assert read_travel(str(file)) == {
        ("entrance", "yard"): 20,
        ("yard", "entrance"): 15.5,
        ("entrance", "7"): 90,
        ("7", "entrance"): 90,
        ("yard", "7"): 45,
        ("7", "yard"): 45,
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("entrance: 20", "under each the seconds"),
        ("- entrance", "under each the seconds"),
        ("", "under each the seconds"),
        ("entrance: {yard: soon}", "entrance to yard: 'soon' is no time"),
        ("entrance: {yard: }", "entrance to yard: None is no time"),
        ("entrance: {yard: -1}", "no time that a way can take"),
        ("entrance: {yard: .inf}", "no time that a way can take"),
        ("entrance: {yard: .nan}", "no time that a way can take"),
        ("entrance: {entrance: 3}", "one camera is no way"),
        ("entrance: {yard", "is not YAML"),
    ],
)
def test_other_files_are_refused_in_one_line(tmp_path, text, words):
    file = tmp_path / "ways.yml"
    file.write_text(text)
    with pytest.raises(InputError, match=words) as error:
        read_travel(str(file))
    assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="cannot read .*none.yml"):
        read_travel(str(tmp_path / "none.yml"))
