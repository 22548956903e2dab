"""Tracklets that are made up, the same ones each time, and what a gallery makes of them."""

import numpy as np

from search.gallery import BoxPath, Gallery, TrackletRow, VideoRow, WeightsFingerprint

DIM = 16
WEIGHTS = WeightsFingerprint("mAP75.1.pth", "ab" * 32)
SEGMENT = 60.0  # seconds


def rows_of(
    video: str, segment: int, camera: str = "c1", tracklets: int = 3, parts: int = 2
) -> list[TrackletRow]:
    """The rows of a segment, which follow from its video's name and its number."""
    rng = np.random.default_rng([*video.encode("utf-8", "surrogatepass"), segment])
    rows = []
    for number in range(tracklets):
        tracklet = f"{video}-{segment:06d}-{number:04d}"
        start = segment * SEGMENT + 10.0 * number
        times = start + np.arange(25) / 5
        boxes = (rng.integers(0, 800, (len(times), 4)) / 8).astype(np.float32)
        person = rng.permutation(DIM)[:4]
        for part in range(parts):
            rows.append(
                TrackletRow(
                    tracklet,
                    track=tracklet,
                    video=video,
                    camera=camera,
                    segment=segment,
                    start=start,
                    end=float(times[-1]),
                    quality=float(np.float32(rng.random())),
                    part=part,
                    path=BoxPath(times, boxes),
                    thumbnail=rng.bytes(300),
                    vector=halves(person + part),
                )
            )
    return rows


def index(gallery: Gallery, video: str, segments: int = 2, camera: str = "c1", **kwargs) -> list[TrackletRow]:
    """Index a video from its first segment that is not done to its end; the rows of all segments."""
    begun = gallery.begin_video(VideoRow(video, f"{video}.mp4", camera))
    rows = [rows_of(video, number, camera, **kwargs) for number in range(segments)]
    if not begun.complete:
        for number in range(begun.segments, segments):
            gallery.add_segment(video, number, rows[number])
        gallery.finish_video(video, segments * SEGMENT)
    return sum(rows, [])


def halves(places: np.ndarray) -> np.ndarray:
    """A vector of length 1, to the last bit: 0.5 at four places."""
    vector = np.zeros(DIM, np.float32)
    vector[places % DIM] = 0.5
    return vector


def plain(row: TrackletRow) -> tuple:
    """A row as values that can be compared."""
    path = row.path and (row.path.times.round(3).tolist(), row.path.boxes.tolist())
    vector = None if row.vector is None else row.vector.tolist()
    numbers = (row.segment, row.part, row.start, row.end, row.quality)
    return (row.tracklet, row.track, row.video, row.camera, *numbers, path, row.thumbnail, vector)


def contents(gallery: Gallery) -> tuple[list[VideoRow], list[tuple]]:
    """All that a gallery holds, as values that can be compared."""
    return gallery.videos(), sorted(plain(row) for rows in gallery.tracklets() for row in rows)
