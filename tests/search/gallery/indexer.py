"""A program that indexes made-up videos: python -m tests.search.gallery.indexer URI VIDEO... --segments N"""

import argparse
import os
import sys

from search.gallery import VideoRow, open_gallery
from tests.search.gallery.drawn import DIM, SEGMENT, WEIGHTS, rows_of
from utils.errors import InputError


def main() -> int:
    """Index, and say on stdout when each segment is done; with --wait, go on when a line comes in."""
    parser = argparse.ArgumentParser()
    parser.add_argument("uri")
    parser.add_argument("videos", nargs="+")
    parser.add_argument("--segments", type=int, default=2)
    parser.add_argument("--tracklets", type=int, default=3)
    parser.add_argument("--wait", action="store_true")
    given = parser.parse_args()
    try:
        with open_gallery(given.uri, WEIGHTS, DIM) as gallery:
            for video in given.videos:
                begun = gallery.begin_video(VideoRow(video, f"{video}.mp4", "c1"))
                for number in range(begun.segments, given.segments):
                    gallery.add_segment(video, number, rows_of(video, number, tracklets=given.tracklets))
                    print(f"{video} {number}", flush=True)
                    if given.wait:
                        sys.stdin.readline()
                gallery.finish_video(video, given.segments * SEGMENT)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        os._exit(2)  # as a command that ends at once: milvus-lite gets no chance to tidy up
    return 0


if __name__ == "__main__":
    sys.exit(main())
