import matplotlib
import numpy as np
import pytest

from utils.errors import InputError
from utils.figures import (
    can_show,
    count_axis,
    figure_pixels,
    in_style,
    new_figure,
    percent_axis,
    plain,
    rate_axis,
    save_figure,
    shortened,
    whole_numbers,
)
from utils.image_sheet import ImageSheet


def axes():
    return new_figure(4, 3, "Title").subplots()


def ticks(axis) -> list[float]:
    low, high = axis.get_view_interval()
    return [tick for tick in axis.get_majorticklocs() if low <= tick <= high]


@pytest.mark.parametrize("values", [[3], [4, 4, 4], [0, 1], [1, 2, 3], [10, 5000]])
def test_a_counting_axis_has_whole_numbers(values):
    made = axes()
    made.plot(values)
    whole_numbers(made.yaxis)
    assert all(tick == int(tick) for tick in ticks(made.yaxis))
    count_axis(made.yaxis, max(values), max(1, min(values)))
    assert ticks(made.yaxis) and all(tick == int(tick) for tick in ticks(made.yaxis))
    assert made.get_yscale() == ("log" if values == [10, 5000] else "linear")
    formatter = made.yaxis.get_major_formatter()
    assert formatter(2000) == "2,000" and "e" not in formatter(10)


@pytest.mark.parametrize(
    "lowest, highest, limits",
    [(0, 0, (0, 20)), (71, 86.5, (70, 90)), (81, 81, (70, 90)), (100, 100, (80, 100)), (3, 99.9, (0, 100))],
)
def test_percentages(lowest, highest, limits):
    made = axes()
    percent_axis(made.yaxis, lowest, highest)
    assert made.get_ylim() == limits


@pytest.mark.parametrize(
    "rates, scale", [([], "linear"), ([0, 0], "linear"), ([1, 10], "linear"), ([1, 30], "log")]
)
def test_rates(rates, scale):
    made = axes()
    rate_axis(made.yaxis, rates)
    assert made.get_yscale() == scale and made.get_ylim()[1] > max(rates, default=0) - 1e-9 or scale == "log"


def test_names_of_files_are_shown_as_they_are():
    assert plain("a$b$c") == r"a\$b\$c" and plain("x\udcff") == "x?"
    assert can_show("Gate 1 é") and not can_show("\U0010fffd")
    assert shortened("0001_c1s1_000001_00.jpg", 30) == "0001_c1s1_000001_00.jpg"
    assert shortened("entrance-north-of-the-hall", 11) == "entra…-hall" and len(shortened("x" * 99, 10)) == 10


def test_a_programs_own_style_is_left_alone(tmp_path):
    before = dict(matplotlib.rcParams)

    @in_style
    def draw():
        assert matplotlib.rcParams["axes.grid"]
        return new_figure(4, 3, "cost in $")

    figure = draw()
    save_figure(figure, tmp_path / "made" / "p.png")
    assert (tmp_path / "made" / "p.png").read_bytes().startswith(b"\x89PNG")
    assert dict(matplotlib.rcParams) == before
    assert figure.get_suptitle() == r"cost in \$"
    pixels = figure_pixels(figure)
    assert pixels.shape == (360, 480, 3) and pixels.dtype == np.uint8
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        save_figure(figure, tmp_path / "file" / "p.png")


def test_images_keep_their_proportions_inside_their_box():
    sheet = ImageSheet.titled(6, 4, "Title")
    sheet.image(np.zeros((20, 10, 3), np.uint8), 1, 1, (1, 1), "high")
    sheet.image(np.zeros((10, 40, 3), np.uint8), 3, 1, (2, 2), "wide")
    assert [image.get_extent() for image in sheet.axes.images] == [[1.25, 1.75, 2, 1], [3, 5, 1.5, 1]]
    assert sheet.axes.get_xlim() == (0, 6) and sheet.axes.get_ylim() == (4, 0), "inches, from the top"
