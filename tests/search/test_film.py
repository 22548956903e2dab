"""Videos that are written."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from search.film import Film
from search.video import open_video
from utils.errors import InputError

NOISE = np.random.default_rng(0).integers(0, 255, (12, 64, 64, 3), np.uint8)


def write(file: Path) -> bytes:
    with Film(file, 10) as film:
        for number, image in enumerate(NOISE):
            film.add(image, number / 10)
    return file.read_bytes()


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """No file of this process can grow beyond so many bytes, as on a full disk."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_video_has_the_frames_with_their_times(tmp_path):
    write(tmp_path / "new" / "noise.mp4")
    with open_video(tmp_path / "new" / "noise.mp4") as video:
        assert [round(frame.time, 3) for frame in video.frames()] == [n / 10 for n in range(12)]


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize("lacking", [1, 100, 20_000])
def test_a_disk_that_fills_at_the_end_is_one_line_and_the_earlier_file_stays(tmp_path, suffix, lacking):
    file = tmp_path / f"noise.{suffix}"
    before = write(file)
    with pytest.raises(InputError, match=f"cannot write .*noise.{suffix}: "):
        with no_file_beyond(len(before) - lacking):
            write(file)
    assert file.read_bytes() == before and list(tmp_path.iterdir()) == [file]


def test_what_raises_while_frames_are_added_leaves_the_earlier_file(tmp_path):
    before = write(tmp_path / "noise.mp4")
    with pytest.raises(KeyError), Film(tmp_path / "noise.mp4", 10) as film:
        film.add(NOISE[0], 0.0)
        raise KeyError
    assert (tmp_path / "noise.mp4").read_bytes() == before and len(list(tmp_path.iterdir())) == 1
