"""Where is this person?

What a browser asks with is a list of samples of the person, each one of

    {"picture": name, "box": [x, y, width, height]}   a part of an upload; without a box, all of it
    {"tracklet": id}                                  somebody who was seen: no network runs
    {"video": id, "time": seconds, "box": [...]}      a part of a video's frame
"""

import numpy as np

from search.embedder import pooled
from search.gallery import find_rows, make_thumbnail
from search.query import Answer, answers
from search.scene import MOST_BOXES, as_box, cut, is_cut_out, people_in

from .desk import Desk
from .said import Said
from .showing import data_address, seen, span
from .texts import Refusal
from .watching import frame_of

TOP = 60  # answers
MOST_SAMPLES = 50
SMALLEST = 8  # pixels of a side of a person's picture


def about(desk: Desk, said: Said) -> dict:
    """What the page begins with."""
    videos = desk.videos(anew=bool(said.number("anew", 0)))
    return {
        "cameras": sorted({video.camera for video in videos}),
        "dated": any(video.start is not None for video in videos),
        "videos": len(videos),
        "tracklets": sum(video.tracklets for video in videos),
        "threshold": desk.threshold,
        "finds": desk.finder is not None,
        "limit": desk.adding.limit,
        "locked": desk.locked,
    }


def look(desk: Desk, said: Said) -> dict:
    """Who is in an uploaded picture: the whole of it, or boxes to choose from."""
    name = said.text("picture")
    image = desk.pictures.get(name)
    height, width = image.shape[:2]
    found = {"picture": name, "width": width, "height": height, "boxes": [], "sure": True}
    if desk.finder is None:
        return {**found, "whole": is_cut_out(image)}
    people, sure = desk.find(image, people_in)
    if is_cut_out(image, people if sure else None):
        return {**found, "whole": True}
    boxes = [list(as_box(box)) for box in people.xyxy[:MOST_BOXES]]
    return {**found, "boxes": boxes, "sure": sure, "whole": False}


def sample(desk: Desk, said: Said) -> dict:
    """The picture of a sample, which can from then on be asked with."""
    if "tracklet" in said:
        rows = list(find_rows(desk.gallery.store, [said.text("tracklet")], ["thumbnail"]))
        if not rows:
            raise Refusal("error.tracklet_gone", 404)
        return {"thumbnail": seen(max(rows, key=lambda row: row.quality))["thumbnail"]}
    vector_of(desk, said)
    return {"thumbnail": data_address(make_thumbnail(picture_of(desk, said)))}


def ask(desk: Desk, said: Said) -> dict:
    """Where the person of these samples was."""
    samples = said.parts("samples")
    if not 0 < len(samples) <= MOST_SAMPLES:
        raise Refusal("error.samples", most=MOST_SAMPLES)
    vector = pooled(np.stack([vector_of(desk, one) for one in samples]))
    found = answers(desk.gallery, vector, TOP, said.selection(), said.number("threshold", -1.0))
    return {"answers": [shown(answer, desk.threshold) for answer in found]}


def shown(answer: Answer, threshold: float | None) -> dict:
    """An answer, as the page shows it; what is less similar than the threshold is not sure."""
    return {
        **seen(answer.best),
        **span(answer.start, answer.end),
        "score": round(answer.score, 4),
        "sure": threshold is None or answer.score >= threshold,
        "name": answer.name,
        "person": answer.person,
        "person_name": answer.person_name,
    }


def vector_of(desk: Desk, said: Said) -> np.ndarray:
    """The vector (D,) of a sample."""
    if "tracklet" in said:
        return _stored_vector(desk, said.text("tracklet"))
    key = (said.text("picture", ""), said.text("video", ""), said.number("time", 0.0), said.box())
    return desk.vectors.get(key, lambda: desk.embed([picture_of(desk, said)])[0])


def picture_of(desk: Desk, said: Said) -> np.ndarray:
    """The person of a sample, (h, w, 3) uint8 BGR."""
    if "picture" in said:
        image = desk.pictures.get(said.text("picture"))
    else:
        image = frame_of(desk, said.text("video"), said.number("time"))
    box = said.box()
    part = image if box is None else cut(image, box)
    if min(part.shape[:2]) < SMALLEST:
        raise Refusal("error.box", least=SMALLEST)
    return part


def _stored_vector(desk: Desk, tracklet: str) -> np.ndarray:
    rows = list(find_rows(desk.gallery.store, [tracklet], ["vector"]))
    if not rows:
        raise Refusal("error.tracklet_gone", 404)
    return pooled(np.stack([row.vector for row in rows]))
