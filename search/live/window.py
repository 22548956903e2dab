"""How long people stay in the gallery who were seen by live cameras."""

from collections.abc import Collection

from loguru import logger

from search.clock import show_time
from search.gallery import Gallery, Selection, VideoRow
from utils.counting import counted

from .hours import live_videos

PARTS = 100  # in which a window moves on
LONGEST = 600.0  # seconds between two of its moves


class Window:
    """Removes who was seen before a window of time, by the cameras of this program.

    What is removed is no longer found at once. It leaves the files (see ``Gallery.purge``) with the first
    removal, and then as often as half a window passes: to write the files anew takes as long as to fill them.

    Args:
        gallery: of the cameras.
        cameras: their names.
        keep: length of the window [seconds].
    """

    def __init__(self, gallery: Gallery, cameras: Collection[str], keep: float):
        self._gallery, self._cameras, self._keep = gallery, cameras, keep
        self.period = min(keep / PARTS, LONGEST)  # seconds between two moves
        self._purged = -float("inf")
        self._left = False  # in the files, of what was removed

    def move(self, now: float) -> None:
        """Remove who was seen before ``now - keep`` [seconds since 1970]."""
        begin = now - self._keep
        removed = sum(self._forget(video, begin) for video in live_videos(self._gallery, self._cameras))
        if removed:
            logger.info(f"Removed {counted(removed, 'tracklet')} from before {show_time(begin)}")
        self._left |= removed > 0
        if self._left and now - self._purged >= self._keep / 2:
            if self._gallery.store.milvus.is_local:
                logger.info("Writing the files anew, without what was removed; what is found waits for it")
            self._gallery.purge()
            self._purged, self._left = now, False

    def _forget(self, video: VideoRow, begin: float) -> int:
        if video.start >= begin:
            return 0
        whole = video.complete and video.start + video.duration < begin
        where = Selection(video=video.video, until=None if whole else begin)
        return self._gallery.remove(where, purge=False)
