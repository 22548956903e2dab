"""The parts below the page's tabs."""

import os
import threading
import time
from datetime import datetime

import pytest

from search.fingerprint import fingerprint
from search.page.jobs import Job, Jobs
from search.page.library import Library
from search.page.recent import Recent
from search.page.showing import ticks
from search.page.texts import Refusal
from utils.errors import InputError


def test_recent_keeps_what_was_used_last_and_drops_the_rest():
    dropped: list[str] = []
    recent = Recent(2, dropped.append)
    for key in ("a", "b", "a", "c"):
        assert recent.get(key, key.upper) == key.upper()
    assert dropped == ["B"] and recent.find("b") is None and recent.find("a") == "A"


def test_what_two_threads_want_is_made_once_and_a_failure_is_not_kept():
    recent, made, begun, go = Recent(2), [], threading.Event(), threading.Event()

    def make() -> int:
        made.append(1)
        begun.set()
        go.wait(10)
        return 7

    threads = [threading.Thread(target=recent.get, args=("a", make)) for _ in range(2)]
    threads[0].start()
    begun.wait(10)
    threads[1].start()
    go.set()
    for thread in threads:
        thread.join()
    assert made == [1]
    with pytest.raises(ZeroDivisionError):
        recent.get("b", lambda: 1 // 0)
    assert recent.get("b", lambda: 3) == 3


def finished(jobs: Jobs, job: Job) -> dict:
    """What the page shows of a job after its end."""
    end = time.monotonic() + 10
    while job.state in ("waiting", "running") and time.monotonic() < end:
        time.sleep(0.005)
    return job.plain()


def test_jobs_run_one_after_another_whatever_becomes_of_them(caplog_loguru):
    jobs, order, go = Jobs(), [], threading.Event()

    def slow(job: Job) -> tuple[str, dict]:
        go.wait(10)
        for _ in range(3):
            job.step()
        order.append(job.title)
        return "job.indexed", {"tracklets": 4}

    def fails(error: Exception):
        def work(job: Job) -> tuple[str, dict]:
            order.append(job.title)
            raise error

        return work

    added = [jobs.add("one", slow), jobs.add("two", slow), jobs.add("three", fails(InputError("no disk")))]
    added += [jobs.add("four", fails(Refusal("error.busy"))), jobs.add("five", fails(ValueError("a fault")))]
    jobs.stop(added[1].number)
    go.set()
    one, two, three, four, five = (finished(jobs, job) for job in added)
    assert order == ["one", "three", "four", "five"]
    assert (one["state"], one["done"], one["said"]["values"]) == ("done", 3, {"tracklets": 4})
    assert two["state"] == "stopped"
    assert (three["state"], three["said"]) == ("failed", {"error": "no disk"})
    assert four["said"]["key"] == "error.busy" and five["said"]["error"] == "ValueError: a fault"
    assert {"five failed", "five: ValueError: a fault"} <= {line.split("\n")[0] for line in caplog_loguru}
    jobs.close()


def test_a_job_ends_with_its_next_step_when_all_ends():
    jobs, stepped = Jobs(), threading.Event()

    def endless(job: Job) -> tuple[str, dict]:
        while True:
            job.step()
            stepped.set()

    job = jobs.add("endless", endless)
    stepped.wait(10)
    jobs.close()
    assert job.state == "stopped"


HOSTILE = {
    "../../etc/cron.d/evil.mp4": "evil.mp4",
    "..\\..\\windows\\evil.mp4": "evil.mp4",
    '"><script>alert(1)</script>.mp4': "script-.mp4",
    "a\nb\x1b[31m.mp4": "a-nb-x1b[31m.mp4",
    "evil\u202e4pm.mp4": "evil-u202e4pm.mp4",
    " .a.mp4": "a.mp4",
    "CON.mp4": "_CON.mp4",
    "x" * 500 + ".MP4": "x" * 120 + ".mp4",
    "门口 1.mp4": "门口 1.mp4",
}


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name)[:30])
def test_an_upload_lies_in_its_folder_whatever_its_name_is(tmp_path, name):
    library = Library([], tmp_path)
    place = library.place_for(name)
    assert place.parent == tmp_path and place.name == HOSTILE[name]
    place.touch()
    assert library.place_for(name).name == f"{place.stem}-2.mp4"


@pytest.mark.parametrize("name", ["", "a", "a.exe", ".mp4/", "a.mp4.sh", "/", "...mp4"])
def test_what_is_no_name_of_a_video_is_refused(tmp_path, name):
    with pytest.raises(Refusal, match="not the name of a video"):
        Library([], tmp_path).place_for(name)


def test_a_video_is_found_by_its_content(tmp_path):
    below = tmp_path / "below"
    below.mkdir()
    (tmp_path / "a.mp4").write_bytes(b"first")
    (below / "b.AVI").write_bytes(b"second")
    (below / ".hidden.mp4").write_bytes(b"third")
    (below / "c.txt").write_bytes(b"fourth")
    library = Library([tmp_path], tmp_path / "uploads")
    assert [path.name for path in library.files()] == ["a.mp4", "b.AVI"]
    first = fingerprint(tmp_path / "a.mp4")
    assert library.find(first, "other.mp4") is None, "not read yet, and its name is another"
    assert library.find(first, "a.mp4") == tmp_path / "a.mp4"
    os.replace(tmp_path / "a.mp4", below / "z.mp4")
    assert library.find(first, "a.mp4") is None
    library._read_all()
    assert library.find(first, "a.mp4") == below / "z.mp4"
    (below / "z.mp4").write_bytes(b"something else")
    assert library.find(first, "a.mp4") is None


def texts(start: float, end: float) -> list[str]:
    return [tick["text"] for tick in ticks(start, end)]


def test_ticks_are_round_times():
    assert texts(0, 13.9) == ["00:00", "00:05", "00:10"]
    assert texts(61, 65) == ["01:01", "01:02", "01:03", "01:04", "01:05"]
    noon = datetime(2026, 11, 25, 11, 58).timestamp()
    assert texts(noon, noon + 600) == ["11-25 11:58", "12:00", "12:02", "12:04", "12:06", "12:08"]
    assert texts(noon, noon + 14) == ["11-25 11:58:00", "11:58:05", "11:58:10"]
    days = ["11-25 12:00", "11-26 00:00", "12:00", "11-27 00:00", "12:00", "11-28 00:00"]
    assert texts(noon, noon + 3 * 86400) == days
    assert texts(noon, noon + 30 * 86400) == ["11-30", "12-05", "12-10", "12-15", "12-20", "12-25"]
    evening = datetime(2026, 11, 25, 22).timestamp()
    assert texts(evening, evening + 4 * 3600) == ["11-25 22:00", "23:00", "11-26 00:00", "01:00", "02:00"]
