"""Whatever a browser, or somebody who is none, may send."""

import pytest

from search.page.app import API

NONSENSE = [
    None,
    [],
    "text",
    7,
    {"samples": 3},
    {"samples": [3]},
    {"video": [], "time": {}},
    {"people": ["x"]},
]


@pytest.mark.parametrize("name", sorted(API))
def test_nonsense_is_refused_in_one_line_and_harms_nothing(client, name):
    for values in NONSENSE:
        answer = client.post(f"/api/{name}", values)
        assert answer.status in (200, 400, 404), answer.content
        if answer.status != 200:
            assert "\n" not in answer.said["error"]
    assert client.request("POST", f"/api/{name}", b"{", {"Content-Type": "application/json"}).status == 400


OUTSIDE = [
    "/static/../serve.py",
    "/static/%2e%2e/serve.py",
    "/static/..%2fserve.py",
    "/static//etc/passwd",
    "/etc/passwd",
    "/frame/..%2f..%2fetc%2fpasswd?time=0",
    "/frame//etc/passwd?time=0",
    "/clip/%2fetc%2fpasswd",
    "/picture/..%2f..%2fscene.png",
    "/gradio_api/file=/etc/passwd",
    "/file=/etc/passwd",
    "/uploads/gate.mp4",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_file_outside_is_not_given(client, path):
    answer = client.get(path)
    assert answer.status == 404 and b"root:" not in answer.content and b"import" not in answer.content


def test_a_video_of_the_folders_that_is_not_in_the_gallery_is_not_given(client, desk, folder):
    other = desk.library.video(folder / "shop.mp4")
    for path in (f"/frame/{other}?time=1", f"/film/{other}?time=1", f"/clip/{other}-0-0"):
        assert client.get(path).status == 404


def test_values_that_make_no_sense(client):
    video = client.ask("videos")["videos"][0]["video"]
    assert client.refused("ask", samples=[])[0] == 400
    assert client.refused("ask", samples=[{"picture": "gone"}])[0] == 404
    assert client.refused("ask", samples=[{"tracklet": 'x" or 1==1 or "'}])[0] == 404
    assert client.refused("sample", video=video, time=1, box=[500, 500, 20, 20])[1].startswith(
        "the box is not"
    )
    sample = {"video": video, "time": 1}
    assert "is no time" in client.refused("ask", samples=[sample], since="noon")[1]
    assert "after" in client.refused("ask", samples=[sample], since="0:20", until="0:10")[1]
    assert client.refused("moment", video=video, time="NaN")[0] == 400
    assert client.get(f"/frame/{video}?time=Infinity").status == 400
    assert client.get(f"/frame/{video}").status == 400
    assert client.refused("name", person=99, name="x")[1].startswith("there is no person 99")
    assert client.refused("add", file="../../etc/passwd")[0] == 404


def test_what_is_no_picture(client, folder):
    for content in (b"", b"no picture", (folder / "gate.mp4").read_bytes()):
        answer = client.send_picture(content)
        assert answer.status == 400 and "not a picture" in answer.said["error"]
