"""A gallery that cannot be opened, or written, is one line that says why and what to do."""

import os
import socket
import subprocess
import sys
import threading

import grpc
import numpy as np
import pytest

from search.gallery import Selection, TrackletRow, VideoRow, WeightsFingerprint, open_gallery
from search.gallery.address import parse_address
from search.gallery.client import Milvus
from search.gallery.schema import settings, tracklet_schema, tracklets_of
from tests.commands import ENV, ROOT
from tests.search.gallery.drawn import DIM, WEIGHTS, contents, index, plain, rows_of
from tests.search.gallery.milvus_server import free_ports
from utils.errors import InputError

OTHER = WeightsFingerprint("osnet.pth", "cd" * 32)


def refusal(*arguments: object) -> str:
    """What is said when a gallery with these arguments is refused: one line."""
    with pytest.raises(InputError) as error:
        open_gallery(*arguments).close()
    assert "\n" not in str(error.value)
    return str(error.value)


def run_indexer(uri: object, *words: object) -> subprocess.CompletedProcess:
    """The indexing program, to its end."""
    command = [sys.executable, "-m", "tests.search.gallery.indexer", str(uri), *map(str, words)]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | ENV, capture_output=True, text=True, timeout=300
    )


def test_other_weights_are_refused_with_both_names(new_uri):
    with open_gallery(new_uri, WEIGHTS, DIM) as gallery:
        rows = index(gallery, "aa")
    for weights, dim, words in (
        (OTHER, DIM, ("mAP75.1.pth", "osnet.pth", "cdcdcdcd", "16 numbers")),
        (WEIGHTS, 8, ("mAP75.1.pth", "8 numbers", "16 numbers")),
    ):
        message = refusal(new_uri, weights, dim)
        assert all(word in message for word in (new_uri, *words)), message
    with open_gallery(new_uri, WEIGHTS, DIM) as gallery:
        assert contents(gallery)[1] == sorted(map(plain, rows)) and gallery.dim == DIM


def test_a_gallery_of_another_version_of_the_program_is_refused(new_uri, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("search.gallery.schema.FORMAT", "0")
        open_gallery(new_uri, WEIGHTS, DIM).close()
    assert "another version of this program (format 0, not 1)" in refusal(new_uri, WEIGHTS, DIM)


def test_a_missing_gallery_is_made_only_with_weights(new_uri):
    assert "there is no gallery" in refusal(new_uri)
    if "://" not in new_uri:
        assert not os.path.exists(new_uri)
    open_gallery(new_uri, WEIGHTS, DIM).close()
    with open_gallery(new_uri) as gallery:
        assert gallery.videos() == [] and gallery.dim == DIM


def test_a_gallery_that_another_machine_is_just_making_can_be_read(new_uri):
    """Between its first collection and that one's index."""
    milvus = Milvus(parse_address(new_uri))
    name = tracklets_of(milvus.address.name)
    milvus.call("create_collection", name, schema=tracklet_schema(DIM), properties=settings(WEIGHTS, DIM))
    milvus.close()
    with open_gallery(new_uri) as gallery:
        assert gallery.videos() == [] and gallery.search(np.ones(DIM)) == [[]]
        if "://" in new_uri:
            open_gallery(new_uri, WEIGHTS, DIM).close()  # the other one goes on


def test_a_folder_is_created_where_it_should_be(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    open_gallery("a/b/people of today.db", WEIGHTS, DIM).close()
    assert (tmp_path / "a" / "b" / "people of today.db").is_dir()


def test_what_is_no_gallery_is_left_alone(tmp_path):
    (tmp_path / "file.db").write_text("x")
    (tmp_path / "folder.db").mkdir()
    (tmp_path / "folder.db" / "x").write_text("x")
    assert "is a file, not a gallery's folder" in refusal(str(tmp_path / "file.db"), WEIGHTS, DIM)
    assert "is a folder with other files" in refusal(str(tmp_path / "folder.db"), WEIGHTS, DIM)
    assert "cannot open" in refusal(str(tmp_path / "file.db" / "gallery.db"), WEIGHTS, DIM)
    assert [path.name for path in (tmp_path / "folder.db").iterdir()] == ["x"]
    (tmp_path / "empty.db").mkdir()
    open_gallery(str(tmp_path / "empty.db"), WEIGHTS, DIM).close()


@pytest.fixture
def written(tmp_path):
    """The folder of a gallery with a video, and what it holds."""
    folder = tmp_path / "gallery.db"
    with open_gallery(str(folder), WEIGHTS, DIM) as gallery:
        index(gallery, "aa")
        return folder, contents(gallery)


@pytest.mark.parametrize("damage", [lambda content: content[: len(content) // 2], lambda content: b"?" * 200])
def test_a_damaged_index_is_made_again(written, damage):
    folder, before = written
    indexes = list(folder.rglob("*.idx"))
    assert indexes
    for file in indexes:
        file.write_bytes(damage(file.read_bytes()))
    with open_gallery(str(folder), WEIGHTS, DIM) as gallery:
        assert contents(gallery) == before
        assert gallery.search(expected_vector(), 1)[0][0].score == pytest.approx(1)


@pytest.mark.parametrize("name", ["*.parquet", "schema.json"])
def test_a_damaged_gallery_is_one_line(written, name, capfd):
    folder, _ = written
    file = min(folder.rglob(name))
    file.write_bytes(file.read_bytes()[:200])
    assert "is damaged (" in refusal(str(folder), WEIGHTS, DIM)
    file.unlink()
    if name == "schema.json":
        assert "is damaged (" in refusal(str(folder), WEIGHTS, DIM)
    assert "Traceback" not in "".join(capfd.readouterr())


def test_milvus_lite_is_not_asked_whether_it_is_there(tmp_path, monkeypatch):
    """It hangs up on whoever asks it every 10 s, as pymilvus does."""
    given = []
    insecure_channel = grpc.insecure_channel

    def channel(target, options=None, **kwargs):
        given.append(dict(options))
        return insecure_channel(target, options=options, **kwargs)

    monkeypatch.setattr("grpc.insecure_channel", channel)
    open_gallery(str(tmp_path / "gallery.db"), WEIGHTS, DIM).close()
    assert given and all(options["grpc.keepalive_time_ms"] > 86_400_000 for options in given)


def test_a_gallery_in_use_by_another_process_is_named(lite):
    uri = lite.store.milvus.shown
    done = run_indexer(uri, "aa")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: {uri} is in use by another process; wait until it ends, or let both use a Milvus server "
        "(its address in place of the folder)\n"
    )
    index(lite, "aa")
    lite.close()
    assert run_indexer(uri, "bb").returncode == 0


def test_a_server_that_is_not_there_is_one_line():
    (port,) = free_ports(1)
    assert refusal(f"http://me:secret@127.0.0.1:{port}", WEIGHTS, DIM) == (
        f"no Milvus server answers at http://127.0.0.1:{port}; start it, or name a folder such as "
        "gallery.db, which needs none"
    )


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"])
def test_a_server_of_another_kind_is_one_line(answer, monkeypatch):
    """One that never says a word, and one for web pages."""
    monkeypatch.setattr("search.gallery.client.CONNECT_LIMIT", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                held.append(connection)
                if answer:
                    connection.sendall(answer)

        held: list[socket.socket] = []
        threading.Thread(target=serve, daemon=True).start()
        uri = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert f"no Milvus server answers at {uri};" in refusal(uri, WEIGHTS, DIM)
        for connection in held:
            connection.close()
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("package", ["pymilvus", "milvus_lite"])
def test_missing_packages_are_named(tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    message = refusal(str(tmp_path / "gallery.db"), WEIGHTS, DIM)
    assert message.endswith("pip install -r requirements-search.txt")


def large_rows(segment: int) -> list[TrackletRow]:
    """100 kB or so, which no file format makes smaller."""
    rng = np.random.default_rng(segment)
    return [TrackletRow(**vars(row) | {"thumbnail": rng.bytes(20_000)}) for row in rows_of("aa", segment)]


@pytest.mark.parametrize("flush_bytes", [1 << 30, 300_000], ids=["in its log", "in its files"])
def test_a_full_disk_is_one_line_and_what_was_written_is_there(small_disk, monkeypatch, capfd, flush_bytes):
    monkeypatch.setattr("search.gallery.store.FLUSH_BYTES", flush_bytes)
    uri = str(small_disk / "gallery.db")
    with open_gallery(uri, WEIGHTS, DIM) as gallery:
        gallery.begin_video(VideoRow("aa", "aa.mp4", "c1"))
        with pytest.raises(InputError) as error:
            for segment in range(100):
                gallery.add_segment("aa", segment, large_rows(segment))
        full = segment
        with pytest.raises(InputError, match="No space left on device"):
            gallery.add_segment("aa", full, large_rows(full))
    assert str(error.value) == (
        f"cannot write {uri}: No space left on device; what was written before is intact; make room, then "
        "run the same command again: it resumes"
    )
    assert 3 < full < 90
    expected = sorted(plain(row) for segment in range(full) for row in large_rows(segment))
    with open_gallery(uri, WEIGHTS, DIM) as gallery:  # the disk is still full
        found = sorted(plain(row) for rows in gallery.tracklets() for row in rows if row.segment < full)
        assert found == expected
        assert gallery.video("aa").segments == full
        assert gallery.search(expected_vector(), 3)[0][0].score == pytest.approx(1)
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    with open_gallery(uri, WEIGHTS, DIM) as gallery:
        assert gallery.begin_video(VideoRow("aa", "aa.mp4", "c1")).segments == full
        gallery.add_segment("aa", full, large_rows(full))
        gallery.finish_video("aa", 1.0)
        rows = sorted(plain(row) for segment in range(full + 1) for row in large_rows(segment))
        assert contents(gallery)[1] == rows
        gallery.remove(Selection(since=60.0, until=61.0))
    assert "Traceback" not in "".join(capfd.readouterr())


def expected_vector() -> np.ndarray:
    return rows_of("aa", 0)[0].vector
