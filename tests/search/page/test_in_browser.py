"""The page as its users see it, in a headless Chromium."""

import re

import pytest

pytest.importorskip("playwright.sync_api", reason="needs playwright (requirements-test.txt)")

from playwright.sync_api import Page, expect

from search.gallery import open_gallery
from tests.search.page.client import Client
from tests.search.page.conftest import desk_over, fill, served
from tests.search.people import ColourEmbedder


@pytest.fixture(autouse=True)
def watch(page):
    """No request of ``page``, nor of others that it is called with, may leave this machine."""
    asked: list[str] = []

    def listen(one: Page) -> None:
        one.on("request", lambda request: asked.append(request.url))

    listen(page)
    yield listen
    assert asked and all(re.match(r"http://127\.0\.0\.1:|data:|blob:", url) for url in asked), asked


def start(page: Page, address: str, tab: str = "find") -> None:
    page.goto(f"{address}#{tab}")
    expect(page.locator("body[data-ready]")).to_be_attached()


def texts(page: Page, selector: str) -> list[str]:
    return page.locator(selector).all_inner_texts()


def find(page: Page, *files) -> None:
    page.set_input_files("#pictures", list(files))
    expect(page.locator("#answers .card").first).to_be_visible()


def test_a_person_is_found_by_a_picture_played_and_asked_for_again(page, address, folder):
    start(page, address)
    expect(page.locator("#summary")).to_have_text("Give a picture of a person, and see where the person was.")
    expect(page.locator("#threshold-value")).to_have_text("0.95")
    find(page, folder / "red.png")
    expect(page.locator("#answers .card")).to_have_count(2)
    assert sorted(texts(page, "#answers strong")) == ["gate", "yard"]
    assert texts(page, "#answers .tag") == ["Person 1"] * 2
    expect(page.locator("#unsure .card")).to_have_count(0)
    page.locator("#threshold").fill("0")
    expect(page.locator("#unsure .card")).to_have_count(1)
    expect(page.locator("#threshold-hint")).to_contain_text("Below the calibrated 0.95")
    page.locator("#threshold").fill("1")
    expect(page.locator("#summary")).to_contain_text("Unknown")
    page.locator("#threshold").fill("0.95")
    page.locator("#cameras .chip", has_text="yard").click()
    expect(page.locator("#answers .card")).to_have_count(1)
    page.locator("#answers .card").click()
    film = page.locator("#player video")
    expect(film).to_be_visible()
    expect(page.locator("#player .hint")).to_have_count(0)
    assert film.evaluate("film => film.readyState") >= 2 and film.evaluate("film => film.videoWidth") == 128
    page.get_by_text("Search for this person").click()
    expect(page.locator("#samples .sample")).to_have_count(1)
    expect(page.locator("#answers b").first).to_have_text("1.00")


def test_somebody_is_chosen_in_a_scene_by_a_click_or_a_box(page, address, folder):
    start(page, address)
    page.set_input_files("#pictures", str(folder / "scene.png"))
    expect(page.locator("#scene .summary")).to_contain_text("Click on the one you look for.")
    expect(page.locator("#scene .box")).to_have_count(2)
    page.locator("#scene .box").nth(1).click()
    expect(page.locator("#answers .card").first).to_be_visible()
    [first] = {*texts(page, "#answers .tag")}
    page.locator("#samples img").click()  # the choice can be looked at again, and another taken
    picture = page.locator("#scene .picture").bounding_box()
    left, top = {"Person 2": (38, 20), "Person 1": (18, 40)}[first]
    scale = picture["width"] / 128
    page.mouse.move(picture["x"] + (left - 1) * scale, picture["y"] + (top - 1) * scale)
    page.mouse.down()
    page.mouse.move(picture["x"] + (left + 17) * scale, picture["y"] + (top + 41) * scale, steps=3)
    page.mouse.up()
    expect(page.locator("#scene .box")).to_have_count(0)
    expect(page.locator("#samples .sample")).to_have_count(1)
    expect(page.locator("#answers .tag").first).to_have_text(({"Person 1", "Person 2"} - {first}).pop())


def test_somebody_is_chosen_in_a_video(page, address):
    start(page, address, "videos")
    expect(page.locator("#stage .box")).to_have_count(1)
    page.locator("#seek").fill("4")
    expect(page.locator("#stage .box")).to_have_count(2)
    expect(page.locator("#clock")).to_have_text(re.compile(r"2025-11-2\d \d\d:\d\d:04"))
    page.locator("#stage .box", has_text="Person 2").click()
    page.get_by_text("Search for this person").click()
    expect(page.locator("#answers .card")).to_have_count(1)
    page.locator("#answers .card").click()
    page.get_by_text("Show in the video").click()
    expect(page.locator("#present .card").first).to_be_visible()
    page.locator("#play").click()
    film = page.locator("#stage video")
    expect(film).to_be_visible()
    page.locator("#play").click()
    expect(page.locator("#stage img")).to_be_visible()


def test_people_are_named_split_and_merged(page, folder, tmp_path):
    with (
        open_gallery(str(tmp_path / "gallery.db"), ColourEmbedder.weights, ColourEmbedder.dim) as gallery,
        desk_over(gallery, folder, tmp_path / "uploads") as desk,
    ):
        fill(gallery, folder)
        with served(desk) as address:
            start(page, address, "people")
            rows = page.locator(".row:not(.head)")
            expect(rows).to_have_count(2)
            expect(page.locator(".visit")).to_have_count(3)
            name = rows.nth(1).locator(".name")
            name.fill("<img src=x onerror=alert(1)>")
            name.press("Enter")
            expect(page.locator("#notice")).to_have_text("Person 2 is called <img src=x onerror=alert(1)>.")
            for row in (0, 1):
                rows.nth(row).locator("input[type=checkbox]").check()
            page.get_by_text("They are the same person").click()
            expect(page.locator("#notice")).to_contain_text("gate saw both at the same time, from 2025-11-2")
            rows.nth(1).locator("img").click()
            page.locator(".visits-list .card", has_text="yard").locator("input").check()
            page.get_by_text("That is somebody else").click()
            expect(page.locator("#notice")).to_have_text("That is person 3 now.")
            expect(rows).to_have_count(3)
            for row in (1, 2):
                rows.nth(row).locator("input[type=checkbox]").check()
            page.get_by_text("They are the same person").click()
            expect(page.locator("#notice")).to_have_text("They are person 1 now.")
            expect(rows).to_have_count(2)


def test_a_video_is_sent_and_added_and_what_is_wrong_is_said(page, folder, tmp_path):
    with (
        open_gallery(str(tmp_path / "gallery.db"), ColourEmbedder.weights, ColourEmbedder.dim) as gallery,
        desk_over(gallery, folder, tmp_path / "uploads") as desk,
        served(desk) as address,
    ):
        start(page, address, "add")
        expect(page.locator("#files .item")).to_have_count(3)
        (tmp_path / "large.mp4").write_bytes(bytes(desk.adding.limit + 1))
        (tmp_path / "text.mp4").write_text("no video")
        for file, line in (("large.mp4", "larger than 1 MB"), ("text.mp4", "is not a video")):
            page.set_input_files("#upload", str(tmp_path / file))
            expect(page.locator("#uploads .wrong").first).to_contain_text(line)
        hostile = {"name": "a\"'<script>.mp4", "mimeType": "video/mp4"}
        content = (folder / "shop.mp4").read_bytes() + b"more"  # another video than that of the folder
        page.set_input_files("#upload", [{**hostile, "buffer": content}])
        form = page.locator("#files form")
        expect(form).to_be_visible()
        form.locator("input").first.fill("the <b>shop</b>")
        form.get_by_text("Add", exact=True).click()
        expect(page.locator("#jobs .item")).to_contain_text("Done. Tracklets: 1.", timeout=20_000)
        expect(page.locator("#table td").first).to_have_text("the <b>shop</b>")


def test_in_chinese(browser, address, watch):
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    watch(page)
    try:
        start(page, address)
        expect(page).to_have_title("找人")
        assert texts(page, "nav a") == ["查找", "录像", "人物", "添加"]
        for tab in ("find", "videos", "people", "add"):
            start(page, address, tab)
            shown = page.locator(f"#{tab}").inner_text()
            assert re.search("[\u4e00-\u9fff]", shown)
            words = {*re.findall("[A-Za-z]{3,}", shown)}
            assert words <= {"gate", "yard", "shop", "mp4", "films0"}, words
        page.locator("#language").click()
        expect(page.locator("h1")).to_have_text("Person search")
        page.reload()
        expect(page.locator("h1")).to_have_text("Person search")
    finally:
        context.close()


def test_the_password_is_asked_for(page, desk):
    with served(desk, "sesame!") as address:
        page.goto(address)
        page.locator("#password").fill("wrong")
        page.locator("button.main").click()
        expect(page.locator("#wrong")).to_have_text("the password is wrong")
        page.locator("#password").fill("sesame!")
        page.locator("button.main").click()
        expect(page.locator("#find")).to_be_visible()
        page.goto(f"{address}#add")
        expect(page.locator("#table td").first).to_have_text("gate")


def test_two_browsers_at_once_do_not_see_each_other(page, browser, address, folder):
    context = browser.new_context()
    try:
        other = context.new_page()
        for one in (page, other):
            start(one, address)
        find(page, folder / "red.png")
        find(other, folder / "green.png")
        expect(other.locator("#answers .card")).to_have_count(1)
        expect(page.locator("#answers .card")).to_have_count(2)
        find(page, folder / "red.png")
        expect(page.locator("#samples .sample")).to_have_count(2)
        expect(other.locator("#samples .sample")).to_have_count(1)
        assert texts(other, "#answers .tag") == ["Person 2"]
    finally:
        context.close()


def test_a_server_that_goes_away_and_comes_back(page, address, desk, folder, monkeypatch):
    from search.gallery.retry import ServerGoneError

    def gone(*_: object, **__: object):
        raise ServerGoneError("http://a:1 has not answered for 4 s (no connection); start it")

    start(page, address)
    with monkeypatch.context() as patch:
        patch.setattr(desk.gallery.store.milvus, "call", gone)
        status, line = Client(address).refused("ask", samples=[{"tracklet": "x"}])
        assert status == 503 and "has not answered" in line
        page.set_input_files("#pictures", str(folder / "red.png"))
        expect(page.locator("#notice")).to_have_text("The gallery's server does not answer. Trying again…")
    expect(page.locator("#notice")).to_have_text("The connection is back.")
    find(page, folder / "red.png")
