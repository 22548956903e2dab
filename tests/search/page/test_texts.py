"""What the page says."""

import re
from string import Formatter

import pytest

from search.page import app
from search.page.texts import STATIC, TEXTS

KEY = r"[a-z]+(?:\.[a-z_]+)?"


def used() -> set[str]:
    """Keys that the page's files, or the program's, name."""
    keys = set()
    for file in [*STATIC.glob("*.js"), *STATIC.glob("*.html")]:
        text = file.read_text(encoding="utf-8")
        keys |= {*re.findall(rf'["\']({KEY})["\']', text)} & {*TEXTS}
        named = re.findall(r'data-(?:t|placeholder)="([^"]*)"|\bt\("([^"]*)"|key: "([^"]*)"', text)
        assert {key for keys in named for key in keys if key} <= {*TEXTS}, file.name
    keys |= {f"table.{name}" for name in ("camera", "name", "begin", "length", "people")}
    for file in STATIC.parent.glob("*.py"):
        keys |= {*re.findall(r'"((?:error|job)\.[a-z_]+)"', file.read_text(encoding="utf-8"))}
    return keys


def test_every_text_is_used_and_every_used_text_is_there():
    assert used() == {*TEXTS}


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_every_text_is_in_both_languages(key):
    assert {*TEXTS[key]} == {"en", "zh"} and all(text.strip() for text in TEXTS[key].values())
    names = [{name for _, name, *_ in Formatter().parse(text) if name} for text in TEXTS[key].values()]
    assert names[0] == names[1]
    if key not in ("language", "find.clock"):
        assert re.search("[\u4e00-\u9fff]", TEXTS[key]["zh"]) and not re.search(
            "[\u4e00-\u9fff]", TEXTS[key]["en"]
        )


def test_every_element_that_a_script_names_is_on_the_page():
    page = (STATIC / "index.html").read_text() + (STATIC / "login.html").read_text()
    there = {*re.findall(r'id="([\w-]+)"', page)}
    for file in STATIC.glob("*.js"):
        named = re.findall(r'(?:\$|getElementById)\("([\w-]+)"\)', file.read_text(encoding="utf-8"))
        assert {*named} <= there, file.name


def test_every_question_of_the_scripts_has_an_answer():
    for file in STATIC.glob("*.js"):
        asked = re.findall(r'\b(?:ask|say)\("(\w+)"', file.read_text(encoding="utf-8"))
        assert {*asked} <= {*app.API}, file.name
