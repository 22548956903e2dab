"""Folders and files that are there to break a reader."""

import os
import struct
import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest

from data.datasets.custom import read_custom
from data.datasets.market_layout import read_market_layout
from data.reading import decode_image, read_image
from tests.conftest import ROOT
from tests.data.custom_data import short, write_image, write_images
from utils.errors import InputError

unix = pytest.mark.skipif(sys.platform == "win32", reason="names and links as Unix has them")


@unix
def test_links_are_followed_but_not_in_circles(tmp_path, caplog_loguru):
    write_images(tmp_path, "elsewhere/1_c1.jpg", "train/a/2_c2.jpg", "train/a/deep/3_c3.jpg")
    (tmp_path / "train" / "b").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "train" / "a" / "deep" / "loop").symlink_to(tmp_path / "train" / "a")
    (tmp_path / "train" / "everyone").symlink_to(tmp_path / "train")
    (tmp_path / "train" / "a" / "self").symlink_to(tmp_path / "train" / "a" / "self")
    (tmp_path / "train" / "a" / "gone.jpg").symlink_to(tmp_path / "nowhere")
    dataset = read_custom(tmp_path)
    names = ["train/a/2_c2.jpg", "train/a/deep/3_c3.jpg", "train/b/1_c1.jpg"]
    assert [path for path, *_ in short(dataset.train, tmp_path)] == names
    (gone,) = (m for m in caplog_loguru if "gone.jpg" in m)
    assert "left out 1 entry that is not a file" in gone
    for link in ("train/a/deep/loop", "train/everyone"):
        (line,) = (m for m in caplog_loguru if f"{tmp_path}/{link}: left out, as it leads back" in m)


@unix
def test_links_across_many_folders_end(tmp_path):
    """Each of 12 folders links to all: followed without end, there would be 12! paths."""
    folders = [tmp_path / "train" / "a" / str(n) for n in range(12)]
    for n, folder in enumerate(folders):
        write_image(folder / "x.jpg", n)
        for other in folders:
            (folder / f"to-{other.name}").symlink_to(other)
    assert len(read_custom(tmp_path).train) == 12


@unix
@pytest.mark.parametrize("name, depth, readable", [("d", 1100, True), ("d" * 200, 30, False)])
def test_deep_folders(tmp_path, name, depth, readable):
    """More folders in each other than Python allows calls; paths longer than the system's 4096 bytes."""
    folder = tmp_path / "train" / "a"
    folder.mkdir(parents=True)
    write_image(folder / "x.jpg")
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=here)
        inner = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    try:
        if readable:
            assert len(read_custom(tmp_path).train) == 1
        else:
            with pytest.raises(InputError, match="cannot read .*: File name too long"):
                read_custom(tmp_path)
    finally:  # Python's own way to remove folders calls itself for each
        subprocess.run(["rm", "-r", folder], check=True)


@unix
def test_names_that_are_no_text_are_left_out_by_name(tmp_path, caplog_loguru):
    write_images(tmp_path, "train/a/good.jpg", "train/a/b\nad.jpg", "train/per\tson/x.jpg")
    os.rename(tmp_path / "train/a/good.jpg", os.fsencode(tmp_path / "train/a") + b"/caf\xe9.jpg")
    write_images(tmp_path, "train/a/good.jpg")
    assert [path for path, *_ in short(read_custom(tmp_path).train, tmp_path)] == ["train/a/good.jpg"]
    lines = [line.strip() for line in caplog_loguru if "control characters" in line]
    assert len(lines) == 2 and all("\n" not in line for line in lines)
    assert lines[0].endswith(r"'per\tson'") and r"'b\nad.jpg', 'caf\udce9.jpg'" in lines[1]


@unix
def test_market_layout_with_strange_entries(tmp_path, caplog_loguru):
    good = "0002_c1s1_000451_03.jpg"
    write_images(
        tmp_path, *(f"{part}/{good}" for part in ("bounding_box_train", "query", "bounding_box_test"))
    )
    (tmp_path / "query" / "0002_c2s1_000451_04.jpg").mkdir()
    (tmp_path / "query" / "0002_c3s1\n_000451_04.jpg").write_bytes(b"")
    (tmp_path / "query" / "99999999999999999999_c1.jpg").write_bytes(b"")
    (tmp_path / "query" / "0002_c99999999999999999999.jpg").write_bytes(b"")
    dataset = read_market_layout(tmp_path, "M")
    assert [r.path.rpartition("/")[2] for r in dataset.query] == [good]
    assert r"'0002_c3s1\n_000451_04.jpg'" in caplog_loguru[0]
    assert "left out 3 entries that are not files named like" in caplog_loguru[1]
    assert "0002_c2s1_000451_04.jpg" in caplog_loguru[1]


def test_folder_with_an_image_name_is_no_image(tmp_path):
    write_images(tmp_path, "train/a/x.jpg/y.jpg")
    assert [path for path, *_ in short(read_custom(tmp_path).train, tmp_path)] == ["train/a/x.jpg/y.jpg"]
    assert read_image(str(tmp_path / "train" / "a" / "x.jpg"), (32, 32)) is None


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_folder_that_may_not_be_read(tmp_path):
    write_images(tmp_path, "train/a/x.jpg")
    (tmp_path / "train" / "a").chmod(0)
    with pytest.raises(InputError, match="cannot read .*train/a: Permission denied"):
        read_custom(tmp_path)


def bomb(width: int, height: int) -> bytes:
    """A small PNG whose head claims this size; its rows are zero as far as they go."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", head),
            chunk(b"IDAT", zlib.compress(bytes(1_000_000))),
            chunk(b"IEND", b""),
        ]
    )


@pytest.mark.parametrize(
    "width, height", [(60_000, 60_000), (20_000, 20_000), (10_001, 10_000), (2**31 - 1, 1)]
)
def test_absurd_sizes_are_unreadable(tmp_path, width, height):
    (tmp_path / "x.png").write_bytes(bomb(width, height))
    assert read_image(str(tmp_path / "x.png"), (32, 32)) is None


def test_absurd_size_of_a_jpeg_is_unreadable(tmp_path):
    content = bytearray(write_image(tmp_path / "x.jpg").read_bytes())
    assert read_image(str(tmp_path / "x.jpg"), (32, 32)) is not None
    frame = content.index(b"\xff\xc0")  # marker, length, precision, height, width
    content[frame + 5 : frame + 9] = struct.pack(">HH", 20_000, 20_000)
    (tmp_path / "x.jpg").write_bytes(content)
    assert read_image(str(tmp_path / "x.jpg"), (32, 32)) is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory as Linux counts it")
def test_absurd_sizes_get_no_memory(tmp_path):
    """An image at the limit is read, which takes 300 MB; one above it takes nothing."""
    (tmp_path / "bomb.png").write_bytes(bomb(20_000, 20_000))
    blank = cv2.imencode(".png", np.zeros((10_000, 10_000), np.uint8))[1]
    (tmp_path / "large.png").write_bytes(blank.tobytes())
    program = (
        "import re, sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from data.reading import read_image\n"
        # Not getrusage's, which begins with the peak of the process that started this one.
        "peak = lambda: int(re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1])\n"
        "before = peak()\n"
        "assert read_image(sys.argv[2], (32, 32)) is None\n"
        "bomb = peak()\n"
        "assert read_image(sys.argv[3], (32, 32)) is not None\n"
        "print(bomb - before, peak() - bomb)\n"
    )
    files = [tmp_path / "bomb.png", tmp_path / "large.png"]
    done = subprocess.run([sys.executable, "-c", program, ROOT, *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    bomb_kb, large_kb = map(int, done.stdout.split())
    assert bomb_kb < 50_000 < 200_000 < large_kb


def test_decode_image_of_nothing():
    assert decode_image(np.empty(0, np.uint8)) is None
