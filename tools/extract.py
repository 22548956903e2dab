"""Write the features of images into a file: python tools/extract.py --help."""

import sys
from pathlib import Path

# The program's folders, from wherever it is called.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from loguru import logger
from torch.nn.functional import normalize

from data import list_images, make_image_loader
from engine import load_network, make_extractor
from evaluation import Embedded
from tools.start import read_options, start
from utils.command import run_command
from utils.counting import counted
from utils.errors import InputError
from utils.feature_file import write_features


def main(argv: list[str] | None = None) -> int:
    """Find the images, load the weights, compute and write."""
    options = read_options("extract", argv)
    cfg, device = start("extract", argv)
    images, file, written = list_images(options.images), Path(options.out), 0
    with write_features(file) as add:
        cfg, network = load_network(cfg, device)
        loader = make_image_loader(cfg, [image.path for image in images], device)

        def write(chunk: Embedded) -> None:
            nonlocal written
            features = (chunk.averaged() if cfg.TEST.FLIP else chunk).features
            features = normalize(features) if options.l2_norm else features
            add([images[i].name for i in chunk.indices.tolist()], features.numpy())
            written += len(features)

        make_extractor(cfg, network, loader).embed_chunks(loader, write, mirror=cfg.TEST.FLIP)
        if not written:
            raise InputError(f"none of {len(images)} images can be read, such as {images[0].path}")
    if written < len(images):
        of_all = f"of {len(images):,} images cannot be read and"
        logger.warning(counted(len(images) - written, f"{of_all} is left out", f"{of_all} are left out"))
    logger.info(f"Saved {file}: {written} features of {network.feature_dim} numbers")
    return 0


if __name__ == "__main__":
    run_command(main)
