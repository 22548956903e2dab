"""Look at what a network finds, where it looks, what it is trained on: python tools/visualize.py --help."""

import sys
from argparse import Namespace
from functools import partial
from pathlib import Path

# The program's folders, from wherever it is called.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
from loguru import logger
from yacs.config import CfgNode

from config import changed, find_subcommand
from data import (
    find_records,
    list_images,
    make_image_loader,
    make_train_loader,
    make_val_loader,
    read_dataset,
)
from data.datasets import ReidDataset
from data.image_list import NamedImage
from data.reading import read_rgb
from data.transforms import denormalise
from data.validation import check_queries
from engine import evaluate, load_network, make_extractor
from engine.activations import activation_maps, draw_activations
from engine.pictures import draw_batch
from evaluation.embedding import Point, draw_embedding, project
from evaluation.per_query import results_of_test, worst_first
from evaluation.rank_lists import draw_rank_lists
from tools.start import read_options, start
from utils.command import run_command
from utils.counting import counted
from utils.errors import InputError
from utils.figures import Figure, save_figure
from utils.files import writing

WORST, IMAGES, PEOPLE = 10, 12, 20  # shown if nothing else is asked for
MOST = 96  # images whose activations fit into a picture


def main(argv: list[str] | None = None) -> int:
    """Run the sub-command, which draws; write its picture."""
    command, words = find_subcommand(argv, "visualize")
    options = read_options(command, words)
    file = Path(options.out)
    cfg, device = start(command, words)
    with writing(file):  # now, not after minutes
        file.parent.mkdir(parents=True, exist_ok=True)
    save_figure(COMMANDS[command](options, cfg, device), file)
    logger.info(f"Saved {file}")
    return 0


def ranks(options: Namespace, cfg: CfgNode, device: torch.device) -> Figure:
    """What queries find."""
    if sum(map(bool, (options.queries, options.random, options.worst))) > 1:
        raise InputError("--queries, --random and --worst are three choices of queries; take one")
    dataset = read_dataset(cfg, train=False)
    check_queries(dataset, cfg)
    named = find_records(dataset.query, options.queries, f"no query of {dataset.name}")
    cfg, network = load_network(cfg, device)
    cfg = changed(cfg, {"TEST.PROTOCOL": "standard"})  # the one in which a query has one ranking
    loader = make_val_loader(cfg, dataset, device)
    found = evaluate(cfg, network, loader, len(dataset.query))
    indices = found.images.query.indices.tolist()  # what cannot be read is not there
    if named:
        chosen, words = [indices.index(n) for n in named if n in indices], "queries"
    elif options.random:
        chosen, words = sample(len(indices), options.random, cfg.SEED), "random queries"
    else:
        chosen, words = worst_first(found.ranks)[: options.worst or WORST], "the worst queries"
    paths = [record.path for record in loader.dataset.records]
    results = results_of_test(cfg, found.images, found.ranks, paths, np.array(chosen, int))
    title = f"{about(cfg, dataset)}, mAP {found.metrics.mAP:.1%}: {words} and what they find first"
    read = partial(read_rgb, highest=160)
    return draw_rank_lists(results, read, title, cfg.TEST.TOP_K, dataset.names.camera)


def activations(options: Namespace, cfg: CfgNode, device: torch.device) -> Figure:
    """Where the network looks."""
    if options.images:
        images, number = list_images(options.images), options.random
        if not number and len(images) > MOST:
            raise InputError(
                f"{len(images)} images are too many for a picture; draw some with --random {IMAGES}"
            )
    else:
        records = read_dataset(cfg, train=False).query
        images = [NamedImage(Path(record.path).name, record.path) for record in records]
        number = options.random or IMAGES
    if number:
        images = [images[n] for n in sample(len(images), number, cfg.SEED)]
    cfg, network = load_network(cfg, device)
    network.eval()
    pixels, energies, names = [], [], []
    loader = make_image_loader(changed(cfg, {"SOLVER.AMP": False}), [image.path for image in images], device)
    for batch in loader:
        if len(batch.images):
            energies.extend(activation_maps(network, batch.images).cpu().numpy())
            shown = denormalise(batch.images, cfg.INPUT.PIXEL_MEAN, cfg.INPUT.PIXEL_STD)
            pixels.extend(shown.permute(0, 2, 3, 1).cpu().numpy())
            names.extend(images[n].name for n in batch.indices.tolist())
    if not pixels:
        raise InputError(f"none of {len(images)} images can be read, such as {images[0].path}")
    return draw_activations(
        pixels, energies, names, f"Where {cfg.MODEL.NAME} looks ({Path(cfg.TEST.WEIGHT).name})"
    )


def embedding(options: Namespace, cfg: CfgNode, device: torch.device) -> Figure:
    """How the network groups people."""
    dataset = read_dataset(cfg, train=False)
    people = sorted({record.pid for record in dataset.query})  # others may be distractors
    if options.people > len(people):
        raise InputError(
            f"--people {options.people}: the queries of {dataset.name} show "
            f"{counted(len(people), 'person', 'people')}"
        )
    number = min(options.people or PEOPLE, len(people))
    chosen = {people[n] for n in sample(len(people), number, cfg.SEED)}
    records = [record for record in dataset.query + dataset.gallery if record.pid in chosen]
    cfg, network = load_network(cfg, device)
    loader = make_image_loader(cfg, [record.path for record in records], device)
    found = make_extractor(cfg, network, loader).embed(loader).normalised()
    seen = [records[n] for n in found.indices.tolist()]
    names = dataset.names
    points = [Point(r.path, names.person(r.pid), names.camera(r.camid)) for r in seen]
    places = project(found.features.numpy(), options.method, cfg.SEED)
    how = {"tsne": "t-SNE", "umap": "UMAP"}[options.method]
    title = f"{about(cfg, dataset)}: {how} of {len(points)} images of {number} people"
    return draw_embedding(places, points, partial(read_rgb, highest=96), title)


def batch(options: Namespace, cfg: CfgNode, device: torch.device) -> Figure:
    """A training batch as the network sees it."""
    loader = make_train_loader(cfg, read_dataset(cfg), device)
    loader.set_epoch(options.epoch)
    return draw_batch(next(iter(loader)), cfg, loader.dataset.names, options.most)


def about(cfg: CfgNode, dataset: ReidDataset) -> str:
    """The network and the data set, for a title."""
    return f"{cfg.MODEL.NAME} on {dataset.name}"


def sample(number: int, wanted: int, seed: int) -> list[int]:
    """So many of the numbers 0..number - 1, or all, in their order."""
    drawn = np.random.default_rng(seed).permutation(number)[:wanted]
    return sorted(drawn.tolist())


# sub-command -> what draws its picture
COMMANDS = {
    "visualize ranks": ranks,
    "visualize activations": activations,
    "visualize embedding": embedding,
    "visualize batch": batch,
}


if __name__ == "__main__":
    run_command(main)
