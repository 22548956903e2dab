"""Names, box paths and thumbnails come back as they were, whatever they are."""

import cv2
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from search.detectors.detector import file_name
from search.gallery import BoxPath, Selection, WeightsFingerprint, make_thumbnail
from search.gallery.address import parse_address
from search.gallery.box_path import MOST_TEXT, pack, unpack
from search.gallery.text import decode_text, encode_text, is_any_of
from utils.errors import InputError

# Also single surrogates, as in names of files that are not UTF-8.
texts = st.text(st.characters(codec=None), max_size=200)


@given(texts)
def test_names_come_back_and_are_harmless_inside_quotes(text):
    stored = encode_text(text)
    assert decode_text(stored) == text
    assert stored.isascii() and stored.isprintable() and not set("\"'\\`{}") & set(stored)


@given(texts, texts)
def test_other_names_are_stored_otherwise(one, other):
    assert (encode_text(one) == encode_text(other)) == (one == other)


def test_filters():
    assert is_any_of("camera", ["a b", 'x"y']) == 'camera in ["a b", "x%22y"]'
    assert Selection().filter() == ""
    where = Selection(video="v", cameras=("a", "b"), since=-1.5, until=60.25)
    assert where.filter() == (
        'video in ["v"] and camera in ["a", "b"] and end >= -1.500000 and start <= 60.250000 and '
        "start < 31536000.0"
    )
    assert Selection(since=1_764_057_600.25).filter() == "end >= 1764057600.250000 and start >= 31536000.0"


@settings(deadline=None)
@given(st.integers(1, 80), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1.7e9]))
def test_paths_come_back_to_half_a_millisecond_and_a_sixteenth_of_a_pixel(number, seed, start):
    rng = np.random.default_rng(seed)
    path = BoxPath(start + rng.random(number).cumsum(), rng.uniform(-50, 4000, (number, 4)))
    again = unpack(pack(path))
    assert again.times.dtype == np.float64 and again.boxes.dtype == np.float32
    assert again.boxes.shape == (number, 4)
    assert np.abs(again.times - path.times).max() <= 5.01e-4
    assert np.abs(again.boxes - path.boxes).max() <= 1 / 16 + 1e-3


def test_a_minute_of_walking_is_small():
    times = np.arange(1500) / 25
    walk = np.stack([300 + 4 * times, 200 + times, 360 + 4 * times, 380 + times], axis=1)
    jitter = np.random.default_rng(0).normal(scale=1.0, size=walk.shape)
    assert len(pack(BoxPath(times, walk + jitter))) < 12_000


def test_a_path_that_is_too_long_is_thinned_out():
    rng = np.random.default_rng(0)
    path = BoxPath(np.arange(30_001) / 120, rng.uniform(0, 4000, (30_001, 4)))
    text = pack(path)
    again = unpack(text)
    assert MOST_TEXT / 2 < len(text) <= MOST_TEXT
    assert again.times[[0, -1]].tolist() == [0.0, 250.0] and (np.diff(again.times) > 0).all()
    kept = np.round(again.times * 120).astype(int)
    assert np.abs(again.boxes - path.boxes[kept]).max() <= 1 / 16 + 1e-3


SHAPES = [((128, 64), (128, 64)), ((600, 200), (192, 64)), ((1, 1), (1, 1))]


@pytest.mark.parametrize(("shape", "expected"), SHAPES)
def test_thumbnails_are_small_pictures(shape, expected):
    image = np.full((*shape, 3), (200, 100, 50), np.uint8)
    image[: shape[0] // 2] = (0, 0, 255)
    again = cv2.imdecode(np.frombuffer(make_thumbnail(image), np.uint8), cv2.IMREAD_COLOR)
    assert again.shape[:2] == expected
    assert np.abs(again[-1, -1].astype(int) - image[-1, -1]).max() < 8, "BGR stays BGR"


def test_the_worst_picture_makes_a_thumbnail_that_fits():
    noise = np.random.default_rng(0).integers(0, 256, (2000, 1500, 3)).astype(np.uint8)
    assert 10_000 < len(make_thumbnail(noise, height=2000)) <= 45_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gallery.db", ("gallery.db", "gallery.db", "gallery", True)),
        ("http://host:19530", ("http://host:19530", "http://host:19530", "gallery", False)),
        ("https://host/", ("https://host", "https://host", "gallery", False)),
        ("http://me:pass@host:1/b_2", ("http://me:pass@host:1", "http://host:1/b_2", "b_2", False)),
    ],
)
def test_addresses(text, expected):
    address = parse_address(text)
    assert (address.uri, address.shown, address.name, address.folder is not None) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gallery", "ends in .db"),
        ("", "ends in .db"),
        ("host:19530", "such as http://host:19530|as http://host:19530"),
        ("ftp://host", "such as http://host:19530"),
        ("http://", "such as http://host:19530"),
        ("http://host:port", "such as http://host:19530"),
        ("http://me:secret@host:1/two/parts", "'two/parts', may hold letters"),
        ("http://host:1/name;drop", "may hold letters"),
    ],
)
def test_bad_addresses_are_one_line_without_passwords(text, words):
    with pytest.raises(InputError, match=words) as error:
        parse_address(text)
    assert "secret" not in str(error.value) and "\n" not in str(error.value)


def test_networks_whose_weights_are_beside_the_same_file_are_told_apart(tmp_path):
    """A gallery's network, and a detector of a video that is half done."""
    file, said = tmp_path / "net.onnx", []
    file.write_bytes(b"\n\x08location\x12\x08net.data")  # the part of such a file that matters
    for weights in ("one", "two", "one"):
        (tmp_path / "net.data").write_text(weights)
        said.append((WeightsFingerprint.of(file).sha256, file_name(str(file))))
    assert said[0] == said[2] and said[0][0] != said[1][0] and said[0][1] != said[1][1]
