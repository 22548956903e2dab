"""Questions to the page, without a browser."""

import cv2
import numpy as np
import pytest

from search.clock import show_time
from search.query import answers, person_vector
from search.video import open_video
from tests.search.page.conftest import GATE, START, THRESHOLD
from tests.search.people import ColourEmbedder


@pytest.fixture
def red(client, folder) -> dict:
    """A sample of the red person, from a picture."""
    return {"picture": client.send_picture(folder / "red.png").said["picture"]}


def test_a_picture_gets_the_answers_of_the_query_command(client, gallery, folder, red):
    vector = person_vector([cv2.imread(str(folder / "red.png"))], ColourEmbedder())
    expected = answers(gallery, vector, 10, threshold=THRESHOLD)
    found = client.ask("ask", samples=[red], threshold=THRESHOLD)["answers"]
    assert [(one["camera"], one["start"], one["end"], one["score"], one["person"]) for one in found] == [
        (one.camera, round(one.start, 3), round(one.end, 3), round(one.score, 4), one.person)
        for one in expected
    ]
    assert sorted(one["camera"] for one in found) == ["gate", "yard"]
    gate = next(one for one in found if one["camera"] == "gate")
    assert f"{gate['day']} {gate['from']}" == show_time(gate["start"]) and gate["start"] >= START
    yard = next(one for one in found if one["camera"] == "yard")
    assert (yard["day"], yard["from"]) == ("", "00:01") and yard["thumbnail"].startswith("data:image/jpeg")


def test_cameras_times_and_the_threshold_limit_the_answers(client, red):
    def cameras(**limits) -> list[str]:
        return [one["camera"] for one in client.ask("ask", samples=[red], **limits)["answers"]]

    assert cameras(threshold=THRESHOLD, cameras=["yard"]) == ["yard"]
    assert cameras(threshold=THRESHOLD, until="0:30") == ["yard"]
    assert cameras(threshold=THRESHOLD, since="2020-01-01T00:00") == ["gate"]
    assert cameras(threshold=THRESHOLD, since="0:07", until="0:09") == []
    low = client.ask("ask", samples=[red], threshold=-1)["answers"]
    assert [one["sure"] for one in low] == [True, True, False], (
        "the green one is shown, but not as the person"
    )


def test_who_was_seen_is_asked_for_without_the_network(client, desk, red):
    tracklet = client.ask("ask", samples=[red], threshold=THRESHOLD)["answers"][0]["tracklet"]
    before = len(desk.embedder.batches)
    found = client.ask("ask", samples=[{"tracklet": tracklet}], threshold=THRESHOLD)["answers"]
    assert found[0]["tracklet"] == tracklet and found[0]["score"] == pytest.approx(1, abs=1e-3)
    assert len(found) == 2 and len(desk.embedder.batches) == before
    [face] = client.ask("faces", tracklets=[tracklet])["faces"].values()
    assert face == client.ask("sample", tracklet=tracklet)["thumbnail"]


def test_several_samples_are_one_person(client, gallery, folder, red):
    green = {"picture": client.send_picture(folder / "green.png").said["picture"]}
    pictures = [cv2.imread(str(folder / name)) for name in ("red.png", "green.png")]
    expected = answers(gallery, person_vector(pictures, ColourEmbedder()), 10)
    found = client.ask("ask", samples=[red, green])["answers"]
    assert [one["score"] for one in found] == [round(one.score, 4) for one in expected]


def test_a_scene_is_answered_with_boxes_and_a_crop_is_not(client, folder, desk):
    crop = client.send_picture(folder / "red.png").said
    assert crop["whole"] and crop["boxes"] == []
    one = client.send_picture(folder / "one.png").said
    assert not one["whole"] and one["sure"] and (one["width"], one["height"]) == (128, 96)
    [box] = one["boxes"]
    x1, y1, x2, y2 = GATE[0](2.5)
    assert box == pytest.approx([x1, y1, x2 - x1, y2 - y1], abs=1.5)
    found = client.ask("ask", samples=[{"picture": one["picture"], "box": box}], threshold=THRESHOLD)
    assert {answer["camera"] for answer in found["answers"]} == {"gate", "yard"}
    shown = client.get(f"/picture/{one['picture']}")
    assert shown.headers["content-type"] == "image/jpeg"
    assert cv2.imdecode(np.frombuffer(shown.content, np.uint8), cv2.IMREAD_COLOR).shape == (96, 128, 3)


def test_a_video_says_who_is_in_it_at_each_time(client):
    videos = {one["camera"]: one for one in client.ask("videos")["videos"]}
    gate = client.ask("video", video=videos["gate"]["video"])
    assert gate["file"] and gate["length"] == pytest.approx(8, abs=0.11)
    assert (gate["width"], gate["height"]) == (128, 96)
    parts = len(gate["seen"])
    counts = [gate["seen"][int(time / gate["length"] * parts)] for time in (0.2, 2, 4, 6, 7.5)]
    assert counts == [0, 1, 2, 1, 0]
    now = client.ask("moment", video=gate["video"], time=4.0)
    boxes = sorted(one["box"] for one in now["people"])
    true = sorted([x1, y1, x2 - x1, y2 - y1] for x1, y1, x2, y2 in (walk(4.0) for walk in GATE))
    assert np.abs(np.array(boxes) - true).max() < 2
    assert sorted(one["person"] for one in now["people"]) == [1, 2]
    assert client.ask("moment", video=gate["video"], time=0.1)["people"] == []


def test_a_frame_is_that_of_its_time_and_can_be_asked_with(client, folder):
    videos = {one["camera"]: one["video"] for one in client.ask("videos")["videos"]}
    shown = client.get(f"/frame/{videos['yard']}?time=3.0")
    image = cv2.imdecode(np.frombuffer(shown.content, np.uint8), cv2.IMREAD_COLOR)
    with open_video(folder / "yard.mp4", start=2.95) as video:
        assert np.abs(next(video.frames()).image.astype(int) - image).mean() < 4
    assert client.get(f"/frame/{videos['yard']}?time=8.0").status == 200, "the end shows the last frame"
    assert client.get(f"/frame/{videos['yard']}?time=99").status == 404
    sample = {"video": videos["yard"], "time": 3.0, "box": [55, 20, 18, 40]}
    found = client.ask("ask", samples=[sample], threshold=0.9)["answers"]
    assert {one["camera"] for one in found} == {"gate", "yard"}


def test_a_clip_shows_the_walk_with_its_box(client, folder, tmp_path, red):
    found = client.ask("ask", samples=[red], threshold=THRESHOLD, cameras=["yard"])["answers"][0]
    answer = client.get(f"/clip/{found['tracklet']}?until={found['end']}")
    assert answer.status == 200 and answer.headers["content-type"] == "video/mp4"
    (tmp_path / "clip.mp4").write_bytes(answer.content)
    with open_video(tmp_path / "clip.mp4") as clip, open_video(folder / "yard.mp4") as video:
        clip_frames, frames = list(clip.frames()), list(video.frames())
        assert clip.size == (128, 96)
    # From one second before the person came to one second after.
    begin = max(0.0, found["start"] - 1)
    assert clip_frames[-1].time == pytest.approx(min(7.9, found["end"] + 1) - begin, abs=0.21)
    number = round((3.0 - begin) * 10)
    marked = np.abs(clip_frames[number].image.astype(int) - frames[30].image).max(2) > 60
    rows, columns = np.nonzero(marked)
    x1, y1, x2, y2 = (55, 20, 72, 60)
    assert abs(columns.min() - x1) <= 3 and abs(columns.max() - x2) <= 3
    assert abs(rows.min() - y1) <= 3 and abs(rows.max() - y2) <= 3
    part = client.get(f"/clip/{found['tracklet']}?until={found['end']}", Range="bytes=10-19")
    assert part.status == 206 and part.content == answer.content[10:20]


def test_without_its_file_a_video_still_shows_who_was_seen(client, desk, monkeypatch):
    monkeypatch.setattr(desk.library, "find", lambda video, name: None)
    videos = {one["camera"]: one["video"] for one in client.ask("videos")["videos"]}
    gate = client.ask("video", video=videos["gate"])
    assert not gate["file"] and gate["length"] == pytest.approx(7.9, abs=0.11) and max(gate["seen"]) == 2
    now = client.ask("moment", video=videos["gate"], time=4.0)["people"]
    assert len(now) == 2 and all(one["thumbnail"] for one in now)
    for path in (f"/frame/{videos['gate']}?time=1", f"/clip/{now[0]['tracklet']}"):
        refused = client.get(path)
        assert refused.status == 404 and "gate.mp4 was not found" in refused.said["error"]
        assert "--videos FOLDER" in refused.said["error"]
