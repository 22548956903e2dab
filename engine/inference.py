"""Features of query and gallery, and the metrics of their ranking."""

import torch
from ignite.engine import Engine, Events
from ignite.handlers import ProgressBar
from ignite.metrics import Metric
from loguru import logger
from torch import nn
from yacs.config import CfgNode

from utils.device import autocast
from utils.logger import log_plain
from utils.metrics import RankMetrics, rank_metrics

CHUNK = 4096  # features gathered on the device before they are copied to the host


class ReidMetric(Metric):
    """ignite metric: collects features, computes ``RankMetrics``.

    Its update takes (features (B, D), pids (B,), camids (B,), indices (B,)).

    Args:
        num_query: the first images, by index, are queries, the rest is the gallery.
        feat_norm: rank by cosine; False: by Euclidean distance.
    """

    def __init__(self, num_query: int, feat_norm: bool = True):
        self.num_query = num_query
        self.feat_norm = feat_norm
        super().__init__()

    def reset(self) -> None:
        """Forget all features."""
        self._device_chunk: list[torch.Tensor] = []
        self._host_chunks: list[torch.Tensor] = []
        self._labels: list[torch.Tensor] = []

    def update(self, output: tuple[torch.Tensor, ...]) -> None:
        """Take a batch."""
        features, *labels = output
        self._device_chunk.append(features.float())
        self._labels.append(torch.stack(labels))
        if sum(map(len, self._device_chunk)) >= CHUNK:
            self._to_host()

    def compute(self) -> RankMetrics:
        """Rank and measure."""
        self._to_host()
        features = torch.cat(self._host_chunks)
        pids, camids, indices = torch.cat(self._labels, dim=1).numpy()
        is_query = indices < self.num_query
        if self.feat_norm:
            features = nn.functional.normalize(features, dim=1)
            log_plain("The test feature is normalized")
        query, gallery = features[is_query], features[~is_query]
        if not self.feat_norm:  # q·g - |g|²/2 falls as |q - g| grows
            query = torch.cat([query, torch.ones(len(query), 1)], dim=1)
            gallery = torch.cat([gallery, -gallery.square().sum(1, keepdim=True) / 2], dim=1)
        return rank_metrics(
            query, gallery, pids[is_query], pids[~is_query], camids[is_query], camids[~is_query]
        )

    def _to_host(self) -> None:
        if self._device_chunk:
            self._host_chunks.append(torch.cat(self._device_chunk).cpu())
            self._device_chunk.clear()


def evaluate(cfg: CfgNode, model: nn.Module, val_loader, num_query: int, device: torch.device) -> RankMetrics:
    """Extract the features of all test images and measure their ranking.

    Args:
        cfg: the settings.
        model: on ``device``; put into evaluation mode.
        val_loader: query images, then gallery images.
        num_query: number of query images.
        device: to compute on.
    """

    def extract(engine: Engine, batch) -> tuple[torch.Tensor, ...]:
        images = val_loader.transform(batch.images.to(device, non_blocking=True))
        with torch.inference_mode(), autocast(device, cfg.SOLVER.AMP):
            return model(images), batch.pids, batch.camids, batch.indices

    model.eval()
    evaluator = make_engine(extract)
    ReidMetric(num_query, cfg.TEST.FEAT_NORM).attach(evaluator, "reid")
    return evaluator.run(val_loader).metrics["reid"]


def do_inference(
    cfg: CfgNode, model: nn.Module, val_loader, num_query: int, device: torch.device
) -> RankMetrics:
    """Evaluate, and log mAP and Rank-1/5/10."""
    metrics = evaluate(
        cfg, model.to(device, memory_format=torch.channels_last), val_loader, num_query, device
    )
    logger.info("Validation Results")
    log_metrics(metrics, num_query)
    return metrics


def log_metrics(metrics: RankMetrics, num_query: int) -> None:
    """Log mAP and Rank-1/5/10, in the caller's name, and how many queries could not count."""
    log = logger.opt(depth=1)
    log.info(f"mAP:{metrics.mAP:.1%}")
    for rank in (1, 5, 10):
        log.info(f"CMC curve, Rank-{rank:<3}:{metrics.cmc[rank - 1]:.1%}")
    if metrics.num_valid_queries < num_query:
        log.warning(
            f"{num_query - metrics.num_valid_queries} of {num_query} queries have no match under another "
            "camera and did not count"
        )


def make_engine(process) -> Engine:
    """An ignite engine with a progress bar on a terminal, which leaves errors to its caller."""
    engine = Engine(process)
    engine.logger.disabled = True
    ProgressBar(disable=None, bar_format=None).attach(engine, event_name=Events.ITERATION_COMPLETED)
    return engine
