"""Writes videos of drawn people who walk before several cameras, with the truth about who is seen where."""

from __future__ import annotations

from pathlib import Path

from tqdm import tqdm

from search.film import Film
from utils.files import writing

from .films import make_films
from .spec import VideoSpec
from .truth import Truth

_DEFAULT = VideoSpec()
_WRITTEN = ("camera*.mp4", "ground_truth/camera*.txt", "ground_truth/camera*.ini", "queries/*_camera*.png")


def draw_videos(folder: Path, spec: VideoSpec = _DEFAULT, progress: bool = True) -> None:
    """Draw and write the videos.

    Written are `camera1.mp4` and so on, the ground truth beside them (see `Truth`) and
    `queries/<person>_<camera>.png`, a clear picture of each person. The same spec draws the same frames. The
    memory that it takes does not depend on the length.

    Args:
        folder: Where to write; what was drawn there before is removed.
        spec: Size and seed.
        progress: Whether to show a progress bar, on a terminal only.

    Raises:
        InputError: The spec has numbers out of bounds, PyAV is not installed, or a file cannot be written.
    """
    films, folder = make_films(spec), Path(folder)
    _remove_old(folder)
    truth = Truth(folder)
    off = None if progress else True
    with tqdm(total=spec.cameras * spec.frames, desc="Drawing videos", unit="img", disable=off) as bar:
        for film in films:
            with (
                Film(folder / f"{film.name}.mp4", spec.fps) as video,
                truth.of(film) as note,
            ):
                for moment in film.moments():
                    video.add(moment.image, moment.number / spec.fps)
                    note(moment)
                    bar.update()
    truth.finish()


def _remove_old(folder: Path) -> None:
    """Remove what other numbers of cameras and people would leave beside the new files."""
    with writing(folder):
        for pattern in _WRITTEN:
            for file in folder.glob(pattern):
                file.unlink()
