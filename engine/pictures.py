"""What a training's viewers show besides numbers: a batch as the network sees it, the worst queries."""

from functools import partial
from typing import NamedTuple

import numpy as np
from ignite.engine import Engine, Events
from yacs.config import CfgNode

from data.datasets import Names
from data.images import Batch
from data.reading import read_image
from data.transforms import denormalise
from evaluation.per_query import results_of_test, worst_first
from evaluation.rank_lists import draw_rank_lists
from utils.figures import COLOURS, Figure, figure_pixels, in_style
from utils.image_sheet import HEAD, LINE, ImageSheet

from .events import TrainingEvents
from .training import Training

SHOWN = 32  # images of the batch
COLUMNS = 8
WIDTH, GAP = 1.0, 0.14  # of an image of the batch, and around it [inches]
WORST = 5  # queries


class Picture(NamedTuple):
    """Something to look at."""

    name: str  # as 'training/batch'
    pixels: np.ndarray  # (H, W, 3) uint8 RGB
    iteration: int  # trained before it was made


class Pictures:
    """Draws pictures of a training, and fires PICTURED for each.

    Args:
        training: what is trained.
    """

    def __init__(self, training: Training):
        self.training = training

    def attach(self, trainer: Engine) -> None:
        """Listen to a trainer: to the first batch of the run, and to each evaluation."""
        trainer.add_event_handler(Events.ITERATION_STARTED(once=1), self._show_batch)
        trainer.add_event_handler(TrainingEvents.EVALUATED, self._show_worst)

    def _show_batch(self, engine: Engine) -> None:
        names = self.training.train_loader.dataset.names
        figure = draw_batch(engine.state.batch, self.training.cfg, names)
        _show(engine, Picture("training/batch", figure_pixels(figure), 0))

    def _show_worst(self, engine: Engine) -> None:
        cfg, state = self.training.cfg, engine.state
        if cfg.TEST.PROTOCOL != "standard":  # a query has a ranking in each of many galleries
            return
        shown = self.training.val_loader.dataset
        paths = [record.path for record in shown.records]
        images, ranks = state.evaluation.images, state.evaluation.ranks
        found = results_of_test(cfg, images, ranks, paths, worst_first(ranks)[:WORST])
        title = f"The worst queries after epoch {state.epoch}: what they find first"
        read = partial(read_image, size=tuple(cfg.INPUT.SIZE_TEST))
        figure = draw_rank_lists(found, read, title, camera=shown.names.camera)
        _show(engine, Picture("validation/worst_queries", figure_pixels(figure), state.iteration))


@in_style
def draw_batch(batch: Batch, cfg: CfgNode, names: Names, most: int = SHOWN) -> Figure:
    """Draw the first images of a training batch as the network sees them, person by person.

    Args:
        batch: of the training's loader, on any device.
        cfg: the settings, which say how pixels were normalised.
        names: of the training's people and cameras.
        most: images shown.
    """
    inp, number = cfg.INPUT, min(most, len(batch.pids))
    images = denormalise(batch.images[:number].cpu(), inp.PIXEL_MEAN, inp.PIXEL_STD).permute(0, 2, 3, 1)
    pids, camids = batch.pids[:number].tolist(), batch.camids[:number].tolist()
    height, width = images.shape[1:3]
    part = f", {number} of its {len(batch.pids)} images" if number < len(batch.pids) else ""
    title = f"A training batch as the network sees it: {height}×{width} pixels{part}"
    box = (WIDTH, WIDTH * height / width)
    step = (box[0] + GAP, box[1] + LINE + GAP)
    cells = _by_person(pids)
    rows = 1 + max(row for _, row, _ in cells)
    sheet = ImageSheet.titled(GAP + COLUMNS * step[0], HEAD + rows * step[1], title)
    people = list(dict.fromkeys(pids))
    for place, row, column in cells:
        sheet.image(
            images[place].numpy(),
            GAP + column * step[0],
            HEAD + LINE + row * step[1],
            box,
            f"person {names.person(pids[place])}, cam. {names.camera(camids[place])}",
            COLOURS[people.index(pids[place]) % len(COLOURS)],
        )
    return sheet.figure


def _by_person(pids: list[int]) -> list[tuple[int, int, int]]:
    """Where each image stands: its place in the batch, row and column.

    A person whose images do not fit into the rest of a row begins a new one.
    """
    cells, row, column = [], 0, 0
    for person in dict.fromkeys(pids):
        places = [place for place, pid in enumerate(pids) if pid == person]
        if column and column + len(places) > COLUMNS:
            row, column = row + 1, 0
        for place in places:
            if column == COLUMNS:
                row, column = row + 1, 0
            cells.append((place, row, column))
            column += 1
    return cells


def _show(engine: Engine, picture: Picture) -> None:
    engine.state.picture = picture
    engine.fire_event(TrainingEvents.PICTURED)
    engine.state.picture = None
