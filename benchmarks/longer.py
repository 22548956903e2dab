"""A video several times as long, from the same pictures."""

from collections.abc import Iterator
from pathlib import Path

import av

from utils.files import writing


def write_longer(source: str, file: Path, times: int) -> None:
    """Write a video that shows another several times, one after the other, without coding it anew.

    Args:
        source: file of the video.
        file: to write, with the same suffix.
        times: how often.

    Raises:
        InputError: it cannot be written.
    """
    with av.open(source) as video:
        stamps = [packet.dts if packet.pts is None else packet.pts for packet in _packets(video)]
    order = sorted(stamps)  # of decoding: some containers do not say it
    delay = max(decoded - shown for decoded, shown in zip(order, stamps, strict=True))
    length = round((order[-1] - order[0]) * len(order) / (len(order) - 1))
    with writing(file), av.open(str(file), "w") as longer:
        stream = None
        for shift in range(0, times * length, length):
            with av.open(source) as video:
                stream = stream or longer.add_stream_from_template(video.streams.video[0])
                for packet, decoded in zip(_packets(video), order, strict=True):
                    packet.pts = None if packet.pts is None else packet.pts + shift
                    packet.dts = decoded - delay + shift
                    packet.stream = stream
                    longer.mux(packet)


def _packets(video: av.container.InputContainer) -> Iterator[av.Packet]:
    return (packet for packet in video.demux(video.streams.video[0]) if packet.size)
