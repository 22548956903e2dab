"""The training loop against the bare network, plain float32 training, and the per-image input pipeline."""

import statistics

import torch
from yacs.config import CfgNode

from engine import make_training
from utils.device import network_dtype

from .machine import machine
from .rates import input_rates, loop_rates


def measure(cfg: CfgNode, device: torch.device, steps: int, rounds: int) -> dict:
    """Images per second of what is compared, in turns, and related figures.

    Args:
        cfg: the settings of a training.
        device: to train on.
        steps: per turn.
        rounds: turns, whose median counts.
    """
    cfg = cfg.clone()
    cfg.defrost()
    cfg.SOLVER.EVAL_PERIOD = 10**6  # never
    rates, facts = loop_rates(make_training(cfg, device), steps, rounds)
    rates |= input_rates(cfg, device, steps, rounds)
    return {
        "machine": machine(device),
        "settings": {
            "model": cfg.MODEL.NAME,
            "size": list(cfg.INPUT.SIZE_TRAIN),
            "batch": cfg.SOLVER.IMS_PER_BATCH,
            "precision": str(network_dtype(device, cfg.SOLVER.AMP)).removeprefix("torch."),
            "cache": cfg.DATALOADER.CACHE,
            "compile": cfg.SOLVER.COMPILE,
        },
        **{name: statistics.median(values) for name, values in rates.items()},
        "end_to_end_over_fixed_batch": ratio(rates, "end_to_end", "fixed_batch"),
        "end_to_end_over_plain_fp32": ratio(rates, "end_to_end", "plain_fp32"),
        "input_over_per_image_pipeline": ratio(rates, "input", "per_image_pipeline"),
        **facts,
    }


def ratio(rates: dict[str, list[float]], a: str, b: str) -> float:
    """Median of a's rate over b's of the same turn, so that a slow spell of the machine affects both."""
    rows = [next(values for name, values in rates.items() if name.startswith(f"{x}_images")) for x in (a, b)]
    return statistics.median(x / y for x, y in zip(*rows, strict=True))


def table(report: dict) -> str:
    """The figures as Markdown."""
    settings = report["settings"]
    height, width = settings["size"]
    lines = [
        f"Machine: {report['machine']}",
        f"{settings['model']}, {height}×{width}, batch {settings['batch']}, {settings['precision']}, cache "
        f"{settings['cache']}" + (", compiled" if settings["compile"] else ""),
        "",
        "| | images/s | |",
        "|---|---|---|",
    ]
    e2e, fixed = report["end_to_end_images_per_s"], report["fixed_batch_images_per_s"]
    plain, ours = report["plain_fp32_images_per_s"], report["input_images_per_s_per_core"]
    theirs = report["per_image_pipeline_images_per_s_per_core"]
    lines += [
        f"| training, end to end | {e2e:.1f} | |",
        f"| the network on one fixed batch | {fixed:.1f} | end to end is "
        f"{report['end_to_end_over_fixed_batch']:.3f} of it |",
        f"| plain float32, contiguous | {plain:.1f} | end to end is "
        f"{report['end_to_end_over_plain_fp32']:.2f} times it |",
        f"| input alone, on one core | {ours:.0f} | "
        f"{report['input_over_per_image_pipeline']:.1f} times the next |",
        f"| input image by image, on one core | {theirs:.0f} | |",
        "",
        f"Waiting for data: {1e3 * report['data_wait_s']:.2f} ms a step. "
        f"Peak memory: {report['peak_memory_bytes'] / 1e9:.2f} GB. "
        f"Arithmetic: {report['flops_per_image'] / 1e9:.2f} GFLOP an image, "
        f"{report['flops_per_s'] / 1e12:.2f} TFLOP/s",
    ]
    if "model_flop_utilisation" in report:
        lines[-1] += f", {report['model_flop_utilisation']:.1%} of what the GPU can do"
    return "\n".join(lines)
