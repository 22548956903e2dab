"""A setting just out of each of its bounds is refused, by the table of settings; the bound itself counts."""

import math

import pytest

from config import ConfigError, load_cfg
from config.defaults import SETTINGS, get_defaults
from config.setting import Section, setting

# Settings that a value on its bound needs, for rules about several settings.
BESIDE = {"TEST.K1": ["TEST.K2", "1"]}


def just_beyond(key: str, limit: float, upwards: bool) -> str:
    """The next value after a limit, of the setting's type."""
    if isinstance(SETTINGS[key].value, int):
        return str(int(limit) + (1 if upwards else -1))
    return repr(math.nextafter(limit, math.inf if upwards else -math.inf))


def of_bounds() -> list[tuple[str, str, bool]]:
    """Each setting's values on and just beyond each of its bounds, and whether they are valid."""
    cases = []
    for key, declared in SETTINGS.items():
        bounds = declared.bounds
        for limit, upwards, counts in (
            (bounds.least, False, True),
            (bounds.above, False, False),
            (bounds.most, True, True),
            (bounds.below, True, False),
        ):
            if limit is not None:
                kind = type(declared.value)
                cases.append((key, just_beyond(key, limit, upwards), False))
                cases.append((key, repr(kind(limit)), counts))
                if not counts:
                    cases.append((key, just_beyond(key, limit, not upwards), True))
    return cases


CASES = of_bounds()


def test_the_table_has_bounds():
    assert len({key for key, *_ in CASES}) > 60


@pytest.mark.parametrize("key, text, valid", CASES)
def test_bounds(key, text, valid):
    words = [key, f" {text}", *BESIDE.get(key, [])]  # the space: argparse takes -1e-9 for a flag
    if valid:  # in a test, because a training has rules about several settings as well
        load_cfg(words, "test")
        return
    for command in ("train", "test"):
        with pytest.raises(ConfigError, match=rf"{key} (must|is).*, not {text}"):
            load_cfg(words, command)


@pytest.mark.parametrize("key", [key for key, declared in SETTINGS.items() if declared.choices])
def test_choices(key):
    for name in SETTINGS[key].choices:
        load_cfg([key, name], "test")
    with pytest.raises(ConfigError, match=f"{key}: unknown 'zzz'; valid: {SETTINGS[key].choices[0]}, "):
        load_cfg([key, "zzz"])


@pytest.mark.parametrize("key", SETTINGS)
def test_every_default_is_within_its_bounds(key):
    declared = SETTINGS[key]
    assert not declared.bounds.problem(declared.value)
    assert not declared.bounds.check or declared.bounds.text, "a check needs a text"
    assert not declared.choices or declared.value in declared.choices


def test_values_that_only_a_check_refuses():
    for key, text in (
        ("INPUT.PIXEL_MEAN", "[0.5, 0.5]"),
        ("INPUT.PIXEL_STD", "[0.5, 0.5, 0]"),
        ("INPUT.COLOR_JITTER", "[-0.1, 0, 0, 0]"),
        ("INPUT.SIZE_TRAIN", "[64, 31]"),
        ("MODEL.DEVICE_ID", "-1"),
        ("DATASETS.NAMES", "[]"),
        ("SOLVER.STEPS", "[2, 1]"),
        ("LOG.WRITERS", "[wandb, wandb]"),
        ("TEST.SAVE_RESULTS", "x.txt"),
    ):
        with pytest.raises(ConfigError, match=f"{key} must"):
            load_cfg([key, text])
        assert SETTINGS[key].bounds.check


def test_messages_of_plain_bounds():
    assert setting(1, most=3).bounds.problem(4) == "must be at most 3, not 4"
    assert setting(1.0, below=3).bounds.problem(3.0) == "must be below 3, not 3.0"
    assert setting(1, least=2).bounds.problem(1) == "must be at least 2, not 1"
    assert setting(1, least=2, text="is odd").bounds.problem(1) == "is odd, not 1"


def test_a_section_may_change_as_a_whole():
    section = Section(may_change=True)
    section.A, section.B = 3, Section()
    section.B.C = setting("x", choices=("x", "y"))
    declared = dict(section.settings())
    assert list(declared) == ["A", "B.C"] and declared["A"].may_change and not declared["B.C"].may_change
    assert section.tree() == {"A": 3, "B": {"C": "x"}} and section.B.C.choices == ("x", "y")
    with pytest.raises(AttributeError, match="D"):
        section.B.D.E = 1


def test_defaults_are_fresh_each_time():
    cfg = get_defaults()
    cfg.INPUT.SIZE_TRAIN.append(1)
    assert get_defaults().INPUT.SIZE_TRAIN == [256, 128] and not get_defaults().is_frozen()
