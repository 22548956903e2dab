"""A gallery for tests."""

from collections.abc import Iterator

import pytest

from search.gallery import Gallery, open_gallery
from tests.search.gallery.drawn import DIM, WEIGHTS


@pytest.fixture
def lite(tmp_path) -> Iterator[Gallery]:
    """An empty gallery of milvus-lite."""
    with open_gallery(str(tmp_path / "gallery.db"), WEIGHTS, DIM) as opened:
        yield opened
