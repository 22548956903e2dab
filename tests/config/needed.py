"""The words without which a command does not begin."""

NEEDED = {
    "results": ["logs/x"],
    "benchmark search": ["a.mp4"],
    "search index": ["a.mp4"],
    "search query": ["a.jpg"],
    "search annotate": ["a.mp4"],
}
