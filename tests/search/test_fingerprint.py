"""A video is known by its content, not by its name."""

import re
import shutil

import pytest

from search.fingerprint import FILES, PIECE, fingerprint
from utils.errors import InputError


def test_a_file_is_known_by_its_size_and_parts_of_it(tmp_path):
    file, content = tmp_path / "a.mp4", bytearray(6 * PIECE)
    file.write_bytes(content)
    first = fingerprint(file)
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert fingerprint(shutil.copy(file, tmp_path / "b.mp4")) == first
    for place in (0, 3 * PIECE, 6 * PIECE - 1):
        changed = content.copy()
        changed[place] = 1
        file.write_bytes(changed)
        assert fingerprint(file) != first
    file.write_bytes(content[1:])
    assert fingerprint(file) != first


@pytest.mark.parametrize("count", [1, 2, FILES, FILES + 1, 100])
def test_a_folder_of_frames_as_large_is_another_if_its_pictures_are(tmp_path, count):
    """Uncompressed pictures, all of one size, are named by their numbers."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:04d}.bmp").write_bytes(bytes(50))
    first = fingerprint(folder)
    assert fingerprint(shutil.copytree(folder, tmp_path / "copy")) == first
    (folder / "below").mkdir()
    for name in ("Thumbs.db", ".DS_Store", "._0000.bmp"):
        (folder / name).write_bytes(b"1")
    assert fingerprint(folder) == first, "folders in it, and what browsers of files leave, are no frames"
    seen = set()
    for number in range(count):
        file = folder / f"{number:04d}.bmp"
        file.write_bytes(b"1" + bytes(49))
        if fingerprint(folder) != first:
            seen.add(number)
        file.write_bytes(bytes(50))
    assert len(seen) == min(count, FILES) and {0, count - 1} <= seen
    gaps = [later - one for one, later in zip(sorted(seen), sorted(seen)[1:], strict=False)]
    assert not gaps or max(gaps) - min(gaps) <= 1, "evenly"
    (folder / "0000.bmp").rename(folder / "0000.dib")
    assert fingerprint(folder) != first


def test_what_cannot_be_read_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*a\\nb.mp4: No such file"):
        fingerprint(tmp_path / "a\nb.mp4")
