"""The drawn videos and what is written beside them, on a small scale."""

import csv
from configparser import ConfigParser
from dataclasses import replace

import cv2
import numpy as np
import pytest

from search.demo import VideoSpec, draw_videos
from search.demo.films import make_films
from search.film import Film
from utils.errors import InputError

av = pytest.importorskip("av")

SPEC = VideoSpec(seconds=8, fps=3, people=7, shared=4, seed=3, size=(192, 108))


@pytest.fixture(scope="module")
def moments():
    return {film.name: list(film.moments()) for film in make_films(SPEC)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    draw_videos(folder, SPEC, progress=False)
    return folder


def decode(file):
    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        frames = [
            (float(frame.time), frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)
        ]
        return stream.codec_context.name, frames


def visits(folder):
    with open(folder / "people.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [(int(row["person"]), row["camera"], float(row["entry"]), float(row["exit"])) for row in rows]


def test_videos_show_the_frames_that_were_drawn(folder, moments):
    for name, drawn in moments.items():
        codec, frames = decode(folder / f"{name}.mp4")
        assert codec in ("h264", "mpeg4")
        assert len(frames) == len(drawn) == SPEC.frames
        assert [time for time, _ in frames] == pytest.approx(
            [number / SPEC.fps for number in range(SPEC.frames)]
        )
        for (_, frame), moment in zip(frames, drawn, strict=True):
            assert frame.shape == moment.image.shape == (108, 192, 3)
            assert np.abs(frame.astype(int) - moment.image).mean() < 8  # lossy


def test_cameras_show_different_places_and_people_move(moments):
    first = [drawn[0].image.astype(int) for drawn in moments.values()]
    assert all(np.abs(one - other).mean() > 20 for one, other in zip(first, first[1:], strict=False))
    for drawn in moments.values():
        change = np.abs(drawn[0].image.astype(int) - drawn[-1].image).max(axis=2) > 40
        assert 0.001 < change.mean() < 0.5, "the camera stands still"


def test_same_seed_same_frames_other_seed_others(moments):
    for film in make_films(SPEC):
        again = [moment.image.tobytes() for moment in film.moments()]
        assert again == [moment.image.tobytes() for moment in moments[film.name]]
    other = next(make_films(replace(SPEC, seed=4))[0].moments())
    assert (other.image != moments["camera1"][0].image).mean() > 0.5


def test_ground_truth_is_in_the_format_of_motchallenge(folder, moments):
    for name, drawn in moments.items():
        sequence = ConfigParser()
        sequence.read(folder / "ground_truth" / f"{name}.ini")
        assert dict(sequence["Sequence"])["framerate"] == "3"
        assert sequence.getint("Sequence", "seqLength") == SPEC.frames
        rows = np.loadtxt(folder / "ground_truth" / f"{name}.txt", delimiter=",", ndmin=2)
        assert rows.shape[1] == 9 and (rows[:, 6:8] == 1).all()
        assert (np.diff(rows[:, 0]) >= 0).all() and set(rows[:, 0]) <= set(range(1, SPEC.frames + 1))
        assert len({(frame, person) for frame, person in rows[:, :2]}) == len(rows)
        assert (rows[:, 2:4] >= 0).all() and (rows[:, 4:6] > 0).all()
        assert (rows[:, 2:4] + rows[:, 4:6] <= SPEC.size).all()
        assert (rows[:, 8] >= 0).all() and (rows[:, 8] <= 1).all()
        expected = [(m.number + 1, s.number, *s.box) for m in drawn for s in m.sightings]
        assert sorted(map(tuple, rows[:, :6].astype(int).tolist())) == sorted(expected)


def test_everybody_is_seen_and_some_by_several_cameras(folder):
    cameras = {person: {row[1] for row in visits(folder) if row[0] == person} for person in range(1, 8)}
    assert [len(cameras[person]) for person in range(1, 5)] == [2] * 4
    assert [len(cameras[person]) for person in range(5, 8)] == [1] * 3
    assert {row[0] for row in visits(folder)} == set(range(1, 8))


def test_visits_are_when_people_are_seen(folder, moments):
    for person, camera, entry, leaving in visits(folder):
        times = [
            m.number / SPEC.fps for m in moments[camera] if person in {seen.number for seen in m.sightings}
        ]
        inner = [time for time in times if entry - 1e-3 <= time <= leaving + 1e-3]
        assert inner[0] == pytest.approx(entry, abs=1e-3) and inner[-1] == pytest.approx(leaving, abs=1e-3)


def test_nobody_is_in_two_places_at_once(folder):
    for person in range(1, 8):
        times = sorted(row[2:] for row in visits(folder) if row[0] == person)
        assert all(first[1] < second[0] for first, second in zip(times, times[1:], strict=False))


def test_each_query_shows_one_person_clearly(folder, moments):
    files = sorted((folder / "queries").iterdir())
    assert [int(file.stem.split("_")[0]) for file in files] == list(range(1, 8))
    for file in files:
        person, camera = file.stem.split("_")
        every = [(m, s) for drawn in moments.values() for m in drawn for s in m.sightings]
        clear = {(m.number, s): s.visibility * (1 - s.company) for m, s in every if s.number == int(person)}
        picture = cv2.imread(str(file))
        shown = [clear[m.number, s] for m, s in every if s.number == int(person) and is_of(picture, m, s)]
        assert shown and max(shown) >= min(0.97, max(clear.values()))
        assert camera in {row[1] for row in visits(folder) if row[0] == int(person)}


def is_of(picture, moment, sighting):
    x, y, width, height = sighting.box
    margin = round(height * 0.04)
    top, left = max(y - margin, 0), max(x - margin, 0)
    part = moment.image[top : y + height + margin, left : x + width + margin]
    return part.shape == picture.shape and (part == picture).all()


def test_a_drawing_that_is_broken_off_leaves_no_half_video(tmp_path, monkeypatch):
    written, write = [], Film.add

    def fails(self, image, time):
        if len(written) == 3:
            raise KeyboardInterrupt
        written.append(image)
        write(self, image, time)

    monkeypatch.setattr(Film, "add", fails)
    with pytest.raises(KeyboardInterrupt):
        draw_videos(tmp_path, replace(SPEC, cameras=1, shared=0), progress=False)
    assert len(written) == 3
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["camera1.ini"]


def test_what_was_drawn_before_does_not_stay(tmp_path):
    (tmp_path / "queries").mkdir()
    (tmp_path / "ground_truth").mkdir()
    for name in ("camera3.mp4", "queries/9_camera3.png", "ground_truth/camera3.txt", "mine.txt"):
        (tmp_path / name).write_text("old")
    spec = VideoSpec(seconds=1, fps=2, cameras=1, people=2, shared=0, size=(64, 36))
    draw_videos(tmp_path, spec, progress=False)
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    queries = {"queries/1_camera1.png", "queries/2_camera1.png"}
    truth = {"ground_truth/camera1.txt", "ground_truth/camera1.ini", "people.csv"}
    assert files == {"camera1.mp4", "mine.txt", *truth, *queries}


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write .*file"):
        draw_videos(tmp_path / "file", replace(SPEC, cameras=1, shared=0), progress=False)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"seconds": 0}, "seconds"),
        ({"fps": 0}, "fps"),
        ({"people": 0}, "people"),
        ({"shared": 8}, "shared"),
        ({"cameras": 1}, "shared"),
        ({"cameras": 0}, "cameras"),
        ({"seed": -1}, "seed"),
        ({"size": (191, 108)}, "even"),
        ({"size": (8, 8)}, "16 pixels"),
    ],
)
def test_impossible_numbers_are_refused(tmp_path, change, text):
    with pytest.raises(InputError, match=text):
        draw_videos(tmp_path, replace(SPEC, **change), progress=False)
    assert not list(tmp_path.iterdir())
