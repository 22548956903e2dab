"""The published sizes of the data sets, and a warning where a copy differs from them."""

from loguru import logger

from .base import ReidDataset, counts

# Title of a data set -> subset -> numbers of ids, images and cameras; more than one where copies with
# different numbers are in use. Those of the benchmarks' papers and of the programs that test on them.
PUBLISHED = {
    "Market1501": {
        "train": [(751, 12936, 6)],
        "query": [(750, 3368, 6)],
        "gallery": [(751, 15913, 6)],
    },
    "DukeMTMC-reID": {
        "train": [(702, 16522, 8)],
        "query": [(702, 2228, 8)],
        "gallery": [(1110, 17661, 8)],
    },
    "MSMT17": {
        "train": [(1041, 32621, 15)],
        "query": [(3060, 11659, 15)],
        "gallery": [(3060, 82161, 15)],
    },
    "CUHK03-NP (detected)": {
        "train": [(767, 7365, 2)],
        "query": [(700, 1400, 2)],
        "gallery": [(700, 5332, 2)],
    },
    "CUHK03-NP (labeled)": {
        "train": [(767, 7368, 2)],
        "query": [(700, 1400, 2)],
        "gallery": [(700, 5328, 2)],
    },
    "Occluded-Duke": {
        "train": [(702, 15618, 8)],
        "query": [(519, 2210, 8)],
        "gallery": [(1110, 17661, 8)],
    },
    "VeRi-776": {
        "train": [(576, 37778, 20), (575, 37746, 20)],
        "query": [(200, 1678, 19)],
        "gallery": [(200, 11579, 19)],
    },
}


def warn_of_differences(dataset: ReidDataset) -> None:
    """Log a warning for each subset whose size differs from the published one."""
    for subset, published in PUBLISHED[dataset.name].items():
        found = counts(getattr(dataset, subset))
        if found not in published:
            differences = [
                f"{number} {what}, published {' or '.join(map(str, dict.fromkeys(expected)))}"
                for what, number, expected in zip(
                    ("ids", "images", "cameras"), found, zip(*published, strict=True), strict=True
                )
                if number not in expected
            ]
            logger.warning(f"{dataset.name}, {subset}: {'; '.join(differences)}")
