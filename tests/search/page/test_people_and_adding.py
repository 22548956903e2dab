"""Who is who, and videos that are added, through the page but without a browser."""

import threading
import time

import cv2
import numpy as np
import pytest

from search.gallery import open_gallery
from search.page import Desk, naming
from tests.search.page.client import FILE, Client
from tests.search.page.conftest import LIMIT, desk_over, fill, served
from tests.search.people import ColourDetector, ColourEmbedder


@pytest.fixture
def own(folder, tmp_path):
    """A page of its own gallery, which the test changes; its client and desk."""
    place = str(tmp_path / "gallery.db")
    with open_gallery(place, ColourEmbedder.weights, ColourEmbedder.dim) as gallery:
        fill(gallery, folder)
        with desk_over(gallery, folder, tmp_path / "uploads") as desk, served(desk) as address:
            yield Client(address), desk


def who(client: Client) -> list[tuple]:
    return [
        (one["number"], one["name"], [visit["camera"] for visit in one["visits"]])
        for one in client.ask("people")["people"]
    ]


def test_people_are_named_merged_and_split(own, monkeypatch):
    client, desk = own
    assert who(client) == [(1, "", ["yard", "gate"]), (2, "", ["gate"])]
    everybody = client.ask("people")
    assert [axis["dated"] for axis in everybody["axes"]] == [True, False]
    assert everybody["people"][0]["portrait"].startswith("data:image/jpeg;base64,")
    client.ask("name", person=2, name="<b>Anna</b>")
    assert [number for number, *_ in who(client)] == [2, 1], "who has a name comes first"
    status, line = client.refused("merge", people=[2, 1])
    assert status == 400 and "2 and 1 are not one person" in line
    assert "gate saw both at the same time, from 2025-11-2" in line
    [yard] = client.ask("people", name="1")["people"][0]["visits"][:1]
    assert client.ask("split", person=1, tracklets=yard["tracklets"]) == {"person": 3}
    assert who(client) == [(2, "<b>Anna</b>", ["gate"]), (1, "", ["gate"]), (3, "", ["yard"])]
    assert client.ask("merge", people=[2, 3]) == {"person": 2}
    assert who(client)[0] == (2, "<b>Anna</b>", ["yard", "gate"])
    assert client.ask("people", name="anna")["total"] == 1
    assert client.refused("split", person=1, tracklets=[])[1] == "choose what is somebody else's"
    image = cv2.imdecode(np.frombuffer(client.get("/timeline/people.png?first=0").content, np.uint8), 1)
    assert image.shape[1] > 500
    monkeypatch.setattr(naming, "BUSY", 0.01)
    with desk.words:
        assert client.refused("name", person=1, name="x") == (
            409,
            "somebody else is changing who is who; try again in a moment",
        )


def hold(desk: Desk) -> tuple[threading.Event, threading.Event]:
    """Let the detector wait; events that it does, and that it is to go on."""
    held, go = threading.Event(), threading.Event()

    class Held(ColourDetector):
        def __call__(self, frames):
            held.set()
            go.wait(20)
            return super().__call__(frames)

    object.__setattr__(desk.adding, "make_detector", Held)
    return held, go


def finished(client: Client, number: int) -> dict:
    """A job after its end."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        job = next(one for one in client.ask("jobs")["jobs"] if one["number"] == number)
        if job["state"] not in ("waiting", "running"):
            return job
        time.sleep(0.02)
    raise AssertionError(job)


def test_a_video_is_sent_added_asked_for_and_grouped_while_questions_go_on(own, folder):
    client, desk = own
    sent = client.send_video("../a <i>shop</i>.mp4", (folder / "shop.mp4").read_bytes())
    assert sent.said["name"] == "i-.mp4"
    file = next(one for one in client.ask("files")["files"] if one["name"] == "i-.mp4")
    assert (desk.library.uploads / "i-.mp4").read_bytes() == (folder / "shop.mp4").read_bytes()
    held, go = threading.Event(), threading.Event()
    detector = desk.adding.make_detector

    class Held(detector):
        def __call__(self, frames):
            held.set()
            go.wait(20)
            return super().__call__(frames)

    object.__setattr__(desk.adding, "make_detector", Held)
    number = client.ask("add", file=file["file"], camera="shop", start="2026-11-25T08:00")["job"]
    assert held.wait(20)
    assert client.ask(
        "ask", samples=[{"tracklet": client.ask("people")["people"][0]["visits"][0]["tracklets"][0]}]
    )
    waits = client.ask("group", title="who")["job"]
    states = {job["number"]: job["state"] for job in client.ask("jobs")["jobs"]}
    assert states == {number: "running", waits: "waiting"}
    go.set()
    done = finished(client, number)
    assert (done["state"], done["said"]["values"]) == ("done", {"tracklets": 1}), done
    assert done["done"] == done["total"] == 80
    assert finished(client, waits)["said"]["values"]["people"] == 2
    assert [visit["camera"] for visit in client.ask("people", anew=1)["people"][0]["visits"]] == [
        "yard",
        "gate",
        "shop",
    ]
    assert client.refused("add", file=file["file"])[1] == "i-.mp4 is in the gallery already, as camera shop"


def test_what_is_no_video_or_too_large_leaves_nothing(own, folder):
    client, desk = own
    large = client.send_video("large.mp4", bytes(LIMIT + 1))
    assert large.status == 413 and "larger than 1 MB" in large.said["error"]
    pieces = iter([bytes(LIMIT), b"x"])  # their sum is not said before
    chunked = client.request("PUT", "/upload/video?name=a.mp4", pieces, FILE)
    assert chunked.status == 413
    text = client.send_video("text.mp4", b"no video")
    assert text.status == 400 and "not a video" in text.said["error"]
    assert client.send_video("notes.txt", b"x").status == 400
    again = client.send_video("gate.mp4", (folder / "gate.mp4").read_bytes())
    assert again.status == 409 and again.said["error"] == "gate.mp4 is in the gallery already, as camera gate"
    assert not desk.library.uploads.exists() or [*desk.library.uploads.iterdir()] == []


def test_a_job_that_was_stopped_is_resumed(own, folder):
    client, desk = own
    file = next(one for one in client.ask("files")["files"] if one["name"] == "shop.mp4")
    begun, go = hold(desk)
    number = client.ask("add", file=file["file"], camera="shop")["job"]
    begun.wait(20)
    client.ask("stop", number=number)
    go.set()
    assert finished(client, number)["state"] == "stopped"
    listed = next(one for one in client.ask("files")["files"] if one["name"] == "shop.mp4")
    assert listed["begun"] and listed["camera"] == "shop"
    again = client.ask("add", file=file["file"], camera="another")["job"]
    assert finished(client, again)["state"] == "done"
    assert {one["camera"] for one in client.ask("videos")["videos"]} == {"gate", "yard", "shop"}
