"""The words without which a command does not begin."""

NEEDED = {
    "results": ["logs/x"],
    "extract": ["a.jpg"],
    "benchmark search": ["a.mp4"],
    "search index": ["a.mp4"],
    "search live": ["rtsp://camera"],
    "search watch": ["a.jpg"],
    "search query": ["a.jpg"],
    "search annotate": ["a.mp4"],
    "search people name": ["3", "Anna"],
    "search people merge": ["3", "7"],
    "search people split": ["3"],
}
