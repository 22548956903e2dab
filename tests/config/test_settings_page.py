"""The page of all settings is what the declarations and their comments say."""

import re

from config.comments import Group, Part, read_comments
from config.defaults import SETTINGS
from config.setting import setting
from config.settings_page import settings_page
from tests.conftest import ROOT
from tools import settings
from tools.start import CHOICES

SOURCE = '''"""A page."""
# about an import
import math

BOUND = 3  # not a setting
_C = Section()

# A seed,
# in two lines.
_C.SEED = 1

# ---------------- network
_C.MODEL = Section()
# Two of a kind.
_C.MODEL.A = setting(
    "# no comment",
    least=1,
)
_C.MODEL.B = [1]  # beside it

# What follows is new.

_C.MODEL.C = True
# A section of its own.
_C.MODEL.INNER = Section()
_C.MODEL.INNER.D = 0.5
# Dotted name -> declaration.
SETTINGS = dict(_C.settings())
# A last line.'''


def test_a_comment_is_about_the_settings_below_it():
    assert read_comments(SOURCE) == [
        Part("", [Group("A seed, in two lines.", ["SEED"])]),
        Part(
            "network",
            [
                Group("", ["MODEL"]),
                Group("Two of a kind.", ["MODEL.A", "MODEL.B"]),
                Group("What follows is new.", []),
                Group("", ["MODEL.C"]),
                Group("A section of its own.", ["MODEL.INNER", "MODEL.INNER.D"]),
                Group("A last line.", []),
            ],
        ),
    ]


def rows() -> dict[str, list[str]]:
    lines = [line for line in settings_page(CHOICES).splitlines() if line.startswith("| `")]
    cells = [re.split(r" \| ", line.strip("| ")) for line in lines]
    return {name.strip("`"): rest for name, *rest in cells}


def test_every_setting_has_a_row_with_a_meaning():
    found = rows()
    assert [*found] == [*SETTINGS]
    assert all(meaning for _, meaning, *_ in found.values())


def test_what_a_row_says():
    found = rows()
    assert found["SOLVER.BASE_LR"] == ["`0.00035`", "Learning rate after the warm-up.", "a number, above 0"]
    assert found["SOLVER.EMA"][2] == "decay, 0 (off) to below 1"
    assert found["MODEL.DEVICE"] == [
        "`cuda`",
        "`cuda` or `cpu`. Without a GPU, `cuda` falls back to the CPU, with a warning.",
        "`cuda`, `cpu`",
        "✓",
    ]
    assert found["MODEL.POOLING"][2] == ", ".join(f"`{name}`" for name in CHOICES["MODEL.POOLING"])
    assert found["SOLVER.WEIGHT_DECAY_BIAS"][1] == "″" and found["KD.TEACHER"][2:] == ["a path", "path"]
    assert found["TEST.FLIP"][0] == "`no`" and found["OUTPUT_DIR"][0] == "empty"
    assert "logs/&lt;model>" in found["OUTPUT_DIR"][1] and "`SCHEDULE`" in found["SOLVER.MAX_EPOCHS"][1]


def test_bounds_of_one_setting(monkeypatch):
    monkeypatch.setitem(SETTINGS, "SOLVER.EMA", setting(0.0, least=0, below=1))
    assert rows()["SOLVER.EMA"][2] == "a number, at least 0, below 1"


def test_the_page_is_up_to_date(monkeypatch, capsys):
    networks = [name for name in CHOICES["MODEL.NAME"] if name != "tiny"]  # that of the tests
    monkeypatch.setitem(CHOICES, "MODEL.NAME", networks)
    assert settings.main([]) == 0
    committed = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out == committed, "run: python tools/settings.py > docs/settings.md"
