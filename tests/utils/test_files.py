"""Files are written whole or not at all."""

import pytest

from utils.errors import InputError
from utils.files import atomic_write, legal_name


def test_a_file_is_whole_or_as_it_was(tmp_path):
    file = tmp_path / "new" / "file.txt"
    with atomic_write(file) as stream:
        stream.write("人 1\n")
        assert not file.exists()
    assert file.read_text(encoding="utf-8") == "人 1\n"
    with pytest.raises(ZeroDivisionError), atomic_write(file) as stream:
        stream.write("half")
        raise ZeroDivisionError
    assert file.read_text(encoding="utf-8") == "人 1\n"
    with atomic_write(file, "wb") as stream:
        stream.write(b"\0")
    assert file.read_bytes() == b"\0"
    assert [p.name for p in file.parent.iterdir()] == ["file.txt"]


def test_a_file_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    place = tmp_path / "file" / "x.csv"
    with (
        pytest.raises(InputError, match="cannot write .*x.csv: .*; choose another folder"),
        atomic_write(place, hint="choose another folder"),
    ):
        pass
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="cannot write .*folder: "), atomic_write(tmp_path / "folder") as s:
        s.write("a folder is in its place")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


@pytest.mark.parametrize(
    "text, name",
    [
        ("resnet50_ibn_a-market1501+行人", "resnet50_ibn_a-market1501+行人"),
        ("timm/vit_base_patch16_224.augreg", "timm-vit_base_patch16_224.augreg"),
        ("C:\\people", "C--people"),
        ('a*b?c"d<e>f|g\n', "a-b-c-d-e-f-g-"),
        ("NUL", "_NUL"),
        ("com1.people", "_com1.people"),
        ("LPT\u00b9", "_LPT\u00b9"),
        ("console", "console"),
        ("ends. ", "ends.-"),
        ("..", ".-"),
    ],
)
def test_names_that_every_system_accepts(text, name):
    assert legal_name(text) == name
