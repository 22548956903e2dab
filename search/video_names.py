"""Which video of a gallery somebody means: by its file, its name or its id."""

import os
from collections.abc import Sequence

from utils.errors import InputError, one_line

from .clock import show_time
from .fingerprint import fingerprint
from .gallery import Gallery, VideoRow
from .sources import without_password

LEAST = 6  # characters of the beginning of an id that is taken for one
SHOWN = 8  # of one that is shown, or more if others begin alike
MOST_LISTED = 8  # videos, or cameras, in a message


def find_video(gallery: Gallery, text: str) -> VideoRow:
    """The video that a text means.

    Args:
        gallery: with the video.
        text: its file or folder, which may have any name; its name as listed; or the beginning of its id.

    Raises:
        InputError: there is none, or several; a file cannot be read.
    """
    videos, text = gallery.videos(), without_password(text)
    named = [video for video in videos if text in (video.name, one_line(video.name))]
    if not named and len(text) >= LEAST:
        named = [video for video in videos if video.video.startswith(text)]
    if os.path.exists(text):
        content = fingerprint(text)
        found = [video for video in videos if video.video == content]
        if not found:
            other = f"; what is called so there is another: {_listed(named, videos)}" if named else ""
            raise InputError(f"{one_line(text)} is not in the gallery{other}")
        return found[0]
    if not named:
        raise InputError(
            f"{one_line(text)} is no file, and no name or id of a video in the gallery, of which "
            f"{LEAST} characters are enough; tools/search.py list shows them"
        )
    if len(named) > 1:
        raise InputError(f"{one_line(text)} may be {_listed(named, videos)}; name one by its id")
    return named[0]


def short_ids(videos: Sequence[VideoRow]) -> dict[str, str]:
    """The beginning of each id that no other begins with, by id.

    Args:
        videos: all of the gallery.
    """
    ids = sorted(video.video for video in videos)
    found = {}
    for before, one, after in zip(["", *ids], ids, [*ids[1:], ""], strict=False):
        shared = max(len(os.path.commonprefix([one, other])) for other in (before, after))
        found[one] = one[: max(SHOWN, shared + 1)]
    return found


def _listed(named: Sequence[VideoRow], videos: Sequence[VideoRow]) -> str:
    ids = short_ids(videos)
    texts = []
    for video in named[:MOST_LISTED]:
        start = "" if video.start is None else f" from {show_time(video.start)}"
        texts.append(f"{ids[video.video]} ({one_line(video.name)}, {one_line(video.camera)}{start})")
    more = len(named) - len(texts)
    return ", ".join(texts) + (f" and {more} more" if more else "")
