import re
from collections import defaultdict
from itertools import combinations

import cv2
import numpy as np
import pytest

from data.datasets.synthesis import SyntheticSpec, write_synthetic

NAME = re.compile(r"^(-?\d{4})_c(\d)s\d_\d{6}_\d{2}\.jpg$")
FOLDERS = ("bounding_box_train", "query", "bounding_box_test")
SMALL = SyntheticSpec(train_ids=8, test_ids=8, images_per_camera=3, seed=4)


def draw(folder, spec):
    write_synthetic(folder, spec, progress=False)
    return {
        f"{path.parent.name}/{path.name}": path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def labels(files, folder):
    """(person, camera) of each file of one folder."""
    found = []
    for path in files:
        parent, name = path.split("/")
        if parent == folder:
            match = NAME.match(name)
            assert match, name
            found.append((int(match[1]), int(match[2])))
    return found


def decode(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def group(files):
    """Pictures of each (person, camera) of the training part."""
    groups = defaultdict(list)
    for path, data in files.items():
        parent, name = path.split("/")
        if parent == "bounding_box_train":
            match = NAME.match(name)
            groups[int(match[1]), int(match[2])].append(decode(data))
    return groups


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return draw(tmp_path_factory.mktemp("drawn"), SMALL)


def test_same_spec_writes_same_bytes(files, tmp_path):
    assert draw(tmp_path, SMALL) == files


def test_other_seed_draws_other_pictures(files, tmp_path):
    other = draw(tmp_path, SyntheticSpec(train_ids=8, test_ids=8, images_per_camera=3, seed=5))
    assert not set(other.values()) & set(files.values())


def test_pictures_of_a_person_do_not_depend_on_how_many_are_drawn(files, tmp_path):
    fewer = draw(tmp_path, SyntheticSpec(train_ids=2, test_ids=1, images_per_camera=2, seed=4))
    train = {path: data for path, data in fewer.items() if path.startswith("bounding_box_train/")}
    assert train
    assert train.items() <= files.items()


def test_pictures_are_colour_boxes_of_market_size(files):
    for data in files.values():
        image = decode(data)
        assert image.shape == (128, 64, 3)
        assert image.dtype == np.uint8
        assert image.std() > 5  # something is drawn


def test_every_file_lies_in_a_known_folder_and_has_a_market_name(files):
    assert {path.split("/")[0] for path in files} == set(FOLDERS)
    seen = [label for folder in FOLDERS for label in labels(files, folder)]
    assert len(seen) == len(files)
    assert {camera for _, camera in seen} == set(range(1, 7))


def test_train_and_test_people_are_disjoint(files):
    train = {person for person, _ in labels(files, "bounding_box_train")}
    test = {person for person, _ in labels(files, "query") + labels(files, "bounding_box_test")} - {0}
    assert train == set(range(1, 9))
    assert test == set(range(9, 17))


def test_people_are_seen_by_some_of_the_cameras(files):
    for folder, fewest in (("bounding_box_train", 3), ("query", 2)):
        cameras = defaultdict(set)
        for person, camera in labels(files, folder):
            cameras[person].add(camera)
        counts = {len(seen) for seen in cameras.values()}
        assert min(counts) >= fewest
        assert len(counts) > 1


def test_query_has_one_picture_of_each_test_person_and_camera(files):
    query = labels(files, "query")
    gallery = [label for label in labels(files, "bounding_box_test") if label[0] != 0]
    assert len(query) == len(set(query))
    assert set(query) == set(gallery)
    assert len(gallery) == len(query) * (SMALL.images_per_camera - 1)


def test_every_query_has_a_match_in_another_camera(files):
    gallery = labels(files, "bounding_box_test")
    for person, camera in labels(files, "query"):
        assert any(other == person and place != camera for other, place in gallery)


def test_distractors_are_a_tenth_of_the_gallery_and_nowhere_else(files):
    people = [person for person, _ in labels(files, "bounding_box_test")]
    assert 0.05 < people.count(0) / len(people) < 0.15
    assert 0 not in {person for person, _ in labels(files, "query") + labels(files, "bounding_box_train")}


def test_a_person_is_drawn_differently_each_time(files):
    for images in group(files).values():
        assert len(images) == SMALL.images_per_camera
        for one, two in combinations(images, 2):
            # One drawing under other light and noise correlates by more than 0.95.
            assert np.corrcoef(one.mean(axis=2).ravel(), two.mean(axis=2).ravel())[0, 1] < 0.9


def test_cameras_show_a_person_in_different_colours(files):
    means = {label: np.mean(images, axis=(0, 1, 2)) for label, images in group(files).items()}
    gaps = [
        np.abs(means[one] - means[two]).max()
        for one, two in combinations(means, 2)
        if one[0] == two[0] and one[1] != two[1]
    ]
    assert min(gaps) > 12
    assert np.median(gaps) > 40


def test_progress_bar_stays_off_without_a_terminal(tmp_path, capfd):
    write_synthetic(tmp_path, SyntheticSpec(train_ids=1, test_ids=1, images_per_camera=2), progress=True)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "spec",
    [
        SyntheticSpec(images_per_camera=1),
        SyntheticSpec(images_per_camera=100),
        SyntheticSpec(train_ids=0),
        SyntheticSpec(test_ids=0),
        SyntheticSpec(train_ids=9000, test_ids=1000),
        SyntheticSpec(seed=-1),
    ],
)
def test_impossible_specs_are_refused(tmp_path, spec):
    with pytest.raises(ValueError):
        write_synthetic(tmp_path, spec)
    assert not list(tmp_path.iterdir())
