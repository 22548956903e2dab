"""tools/benchmark.py gallery."""

import json

from pymilvus import MilvusClient

import benchmarks.gallery
from tests.conftest import assert_refused


def at_once() -> None:
    """In the command's process: no waiting until a server is at its fastest."""
    benchmarks.gallery.SETTLING = 0.0


def test_benchmark(kind, request, command, tmp_path):
    words = ["--vectors", "1200", "--dim", "8", "--repeats", "3", "--json", "out.json"]
    uri = request.getfixturevalue("server_address") if kind == "server" else ""
    if uri:
        words += ["--uri", uri]
    done = command("tools/benchmark.py", "gallery", *words, before=at_once)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out.json").read_text())
    assert report["insert_seconds"] > 0
    for name in ("search", "filtered_search"):
        assert report[name]["recall"] == 1 and report[name]["seconds"] > 0 < report[name]["numpy_seconds"]
    place = "Milvus server" if uri else "milvus-lite"
    assert f"{place}, 1200 vectors of 8" in done.stdout
    assert f"| {1000 * report['search']['seconds']:.1f} ms |" in done.stdout
    assert report["page_seconds"] > 0
    assert f"page's answer, top 60, with thumbnails | {1000 * report['page_seconds']:.1f} ms |" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
    if uri:
        client = MilvusClient(uri)
        assert not [name for name in client.list_collections() if name.startswith("benchmark")]
        client.close()


def test_a_server_that_is_not_there(command):
    assert_refused(
        command("tools/benchmark.py", "gallery", "--uri", "http://127.0.0.1:1"), "no Milvus server"
    )
    assert_refused(command("tools/benchmark.py", "gallery", "--uri", "x.db"), "http://host:19530")
