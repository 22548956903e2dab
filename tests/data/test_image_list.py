"""Images that a user names."""

import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import find_records, list_images
from data.datasets import Record
from tests.data.custom_data import write_image
from utils.errors import InputError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory, with a folder of images at several depths."""
    for name in ("b.jpg", "a/2.PNG", "a/10.png", "王/x y.webp", ".hidden.jpg"):
        write_image(tmp_path / "photos" / name)
    (tmp_path / "photos" / "notes.txt").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*sources):
    return [image.name for image in list_images(sources)]


def test_a_folder_is_searched_with_all_below_it(folder):
    assert names("photos") == ["a/10.png", "a/2.PNG", "b.jpg", "王/x y.webp"]
    found = list_images([str(folder / "photos")])
    assert [image.name for image in found] == names("photos")
    assert all(os.path.isfile(image.path) for image in found)


def test_files_are_called_by_the_path_that_is_given(folder):
    assert names("photos/b.jpg") == ["photos/b.jpg"]
    assert names("photos/b.jpg", "photos/a/2.PNG", "photos/b.jpg") == ["photos/b.jpg", "photos/a/2.PNG"]


def test_of_several_folders_names_begin_with_the_folder(folder):
    assert names("photos/a", "photos/王") == ["photos/a/10.png", "photos/a/2.PNG", "photos/王/x y.webp"]


def test_a_tables_paths_are_relative_to_it(folder):
    (folder / "photos" / "list.csv").write_text("person_id;Path\nAda;b.jpg\n;a\\2.PNG\n")
    found = list_images(["photos/list.csv"])
    assert [image.name for image in found] == ["b.jpg", "a/2.PNG"]
    assert all(os.path.isfile(image.path) for image in found)
    pq.write_table(pa.table({"path": ["photos/b.jpg", "gone.jpg"]}), "list.parquet")
    assert names("list.parquet") == ["photos/b.jpg", "gone.jpg"], "a missing file is named when it is read"
    assert names("list.parquet", "photos/a")[0] == "photos/b.jpg"


@pytest.mark.parametrize(
    "content, words", [("file\nb.jpg\n", "column path is missing"), ("path\n \n", "row 2: path is empty")]
)
def test_other_tables_are_refused(folder, content, words):
    (folder / "list.csv").write_text(content.replace(" ", '" "'))
    with pytest.raises(InputError, match=words):
        list_images(["list.csv"])


def test_what_is_not_there_is_named(folder):
    with pytest.raises(InputError, match="gone: no such file or folder"):
        list_images(["photos", "gone"])
    (folder / "empty").mkdir()
    with pytest.raises(InputError, match="empty: no images there"):
        list_images(["empty"])


def test_records_are_named_by_paths_and_ends_of_paths(folder):
    paths = ["photos/a/2.PNG", "photos/b.jpg", "other/b.jpg"]
    records = [Record(path, 0, 0) for path in paths]
    places = find_records(records, ["2.PNG", "other/b.jpg", str(folder / "photos" / "b.jpg")], "none")
    assert places == [0, 2, 1] and find_records(records, [], "none") == []
    with pytest.raises(InputError, match=r"B\.jpg is none of these; they are called as 2\.PNG"):
        find_records(records, ["B.jpg"], "none of these")
    with pytest.raises(InputError, match="b.jpg may be photos/b.jpg and other/b.jpg; name its folder too"):
        find_records(records, ["b.jpg"], "none")
