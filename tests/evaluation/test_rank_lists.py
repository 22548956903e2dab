import numpy as np
from matplotlib.colors import to_hex

from evaluation.rank_lists import draw_rank_lists
from utils.figures import GREEN, RED

PIXELS = {name: np.full((8, 4, 3), value, np.uint8) for value, name in enumerate("qabcm")}


def result(first: int | None, *matches: bool) -> dict:
    """Of a query that finds a, b, c …; its first match is m."""
    top = [
        {"path": name, "camid": place, "score": 0.9, "match": match}
        for place, (name, match) in enumerate(zip("abc", matches, strict=False))
    ]
    found = {"query": "in/q", "camid": 8, "first_match": first, "average_precision": first and 1 / first}
    return found | {"first_match_path": first and "m", "first_match_camid": 5, "top": top}


def drawn(*results, **kwargs):
    (sheet,) = draw_rank_lists(results, lambda path: PIXELS.get(path[-1]), "Title", **kwargs).axes
    texts = [text.get_text() for text in sheet.texts]
    return [int(image.get_array()[0, 0, 0]) for image in sheet.images], texts, sheet


def test_the_query_and_what_it_finds_first():
    images, texts, sheet = drawn(result(2, False, True, False))
    assert images == [0, 1, 2, 3]
    assert texts == [
        *["q", "average precision 50.0%", "first match at rank 2"],
        *["query\ncam. 9", "1 ✗ 0.90\ncam. 1", "2 ✓ 0.90\ncam. 2", "3 ✗ 0.90\ncam. 3"],
    ]
    assert [to_hex(line.get_color()) for line in sheet.lines][1:] == [RED, GREEN, RED]


def test_a_match_that_is_further_down_is_shown_with_its_rank():
    images, texts, sheet = drawn(result(1234, False, False, False), result(3, False, False, True), columns=2)
    assert images == [0, 1, 2, 4, 0, 1, 2, 4] and texts[6] == "1,234 ✓\ncam. 6" and texts[-1] == "3 ✓\ncam. 6"
    assert to_hex(sheet.lines[3].get_color()) == GREEN
    lefts = [image.get_extent()[0] for image in sheet.images]
    assert lefts[:4] == lefts[4:] and lefts[3] - lefts[2] > lefts[2] - lefts[1], "below one another; apart"


def test_a_query_without_a_match_and_files_that_are_gone():
    gone = result(None, False) | {"query": "gone"}
    images, texts, _ = drawn(gone)
    assert images == [1] and "no match in the gallery" in texts and "cannot\nbe read" in texts
    assert drawn()[1] == ["no queries"]


def test_cameras_have_the_data_sets_names():
    _, texts, _ = drawn(result(1, True), camera={8: "gate", 0: "long entrance"}.get)
    assert texts[-2:] == ["query\ncam. gate", "1 ✓ 0.90\ncam. lon…nce"]
