"""What milvus-lite does in the background is told in one line, if it fails."""

import logging

import pytest

from search.gallery.quiet import keep_quiet


def test_a_failure_in_the_background_is_one_line(caplog_loguru, capfd):
    keep_quiet()
    keep_quiet()
    engine = logging.getLogger("milvus_lite.engine.collection")
    engine.warning("WAL recovery stopped")
    logging.getLogger("milvus_lite.storage.manifest").warning("fell back to the last one")
    try:
        raise OSError(28, "No space left\non device")
    except OSError:
        engine.exception("background %s failed; will retry", "compaction")
    assert caplog_loguru == [
        "milvus-lite: fell back to the last one\n",
        "milvus-lite: background compaction failed; will retry: [Errno 28] No space left on device\n",
    ]
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("name", ["pymilvus.decorators", "milvus_lite.adapter.grpc.servicer"])
def test_what_is_raised_is_not_logged_too(name, capfd):
    keep_quiet()
    logging.getLogger(name).error("RPC error")
    assert capfd.readouterr() == ("", "")
