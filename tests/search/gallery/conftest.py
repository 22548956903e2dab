"""Galleries of both kinds: milvus-lite, and a real server that all tests of a run share."""

import importlib.util
import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from search.gallery import EVERYTHING, Gallery, open_gallery
from tests.search.gallery.drawn import DIM, WEIGHTS


@pytest.fixture(scope="session")
def server_address(tmp_path_factory) -> Iterator[str]:
    """The address of the server; it starts with the first test that asks, and ends with the last process."""
    if sys.platform != "linux" or importlib.util.find_spec("milvus") is None:
        pytest.skip("needs a Milvus server: pip install -r requirements-server.txt, on Linux")
    from tests.search.gallery.milvus_server import shared_server

    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    address, users = shared_server(shared / "milvus")
    yield address
    os.close(users)


@pytest.fixture(params=["lite", "server"])
def kind(request) -> str:
    """Each test runs with milvus-lite and with the server."""
    return request.param


@pytest.fixture
def new_uri(kind, request, tmp_path) -> Iterator[str]:
    """Where there is no gallery yet."""
    if kind == "lite":
        yield str(tmp_path / "gallery.db")
        return
    uri = f"{request.getfixturevalue('server_address')}/new_{uuid.uuid4().hex}"
    yield uri
    drop(uri)


@pytest.fixture
def uri(kind, request, tmp_path) -> str:
    """Where ``gallery`` is. The server's is emptied and used again: a new one would take seconds."""
    if kind == "lite":
        return str(tmp_path / "gallery.db")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "only")
    return f"{request.getfixturevalue('server_address')}/tests_{worker}"


@pytest.fixture
def gallery(kind, uri) -> Iterator[Gallery]:
    """An empty gallery."""
    with open_gallery(uri, WEIGHTS, DIM) as opened:
        if kind == "server":
            opened.remove(EVERYTHING, purge=False)
        yield opened


def drop(uri: str) -> None:
    """Delete a gallery from the server."""
    from pymilvus import MilvusClient

    address, _, name = uri.rpartition("/")
    client = MilvusClient(address)
    for collection in client.list_collections():
        if collection.startswith(f"{name}_"):
            client.drop_collection(collection)
    client.close()


def folder_bytes(folder: Path) -> bytes:
    """All that is in a gallery's folder: of Parquet files, the columns as they are read."""
    import pyarrow.parquet as pq

    parts = []
    for file in folder.rglob("*"):
        if file.suffix == ".parquet":
            parts.append(repr(pq.read_table(file).to_pydict()).encode())
        elif file.is_file():
            parts.append(file.read_bytes())
    return b"\n".join(parts)
