import re

from utils.figures import COLOURS, in_style, new_figure
from utils.svg import figure_svg


@in_style
def drawn():
    figure = new_figure(4, 3, "")
    axes = figure.subplots()
    axes.plot([1, 2, 3], [1, 4, 9], "o-", label="a < b")
    axes.legend()
    return figure


def test_a_figure_as_a_part_of_a_page():
    one, other = figure_svg(drawn(), "one"), figure_svg(drawn(), "other")
    assert one.startswith("<svg") and "<metadata" not in one and "<!DOCTYPE" not in one
    assert "a &lt; b</text>" in one, "texts are texts"
    assert not re.search(r"<svg[^>]* (width|height)=", one) and 'viewBox="0 0 ' in one
    ids, others = (re.findall(r' id="([^"]*)"', svg) for svg in (one, other))
    references = re.findall(r'(?:href="#|url\(#)([^")]*)', one)
    assert {*references} == {*ids} and len({*ids}) == len(ids) and references, "its own, and all are needed"
    assert not {*ids} & {*others}, "and no other figure's"


def test_colours_may_be_others_in_the_dark():
    svg = figure_svg(drawn(), "one")
    assert f"var(--c-{COLOURS[0][1:]}, {COLOURS[0]})" in svg
    assert not re.search(r"(?<!, )(#333333|#c8c8c8|#767676)", svg)
