"""Steps of training in which the host must not wait for the device; name -> case(bench)."""

from pathlib import Path
from unittest import mock

import torch
from torch import nn

from engine.events import TrainingEvents
from engine.meter import Meter
from engine.run import Run
from layers import ID_LOSSES, METRIC_LOSSES, POOLINGS
from tests.commands import ROOT
from tests.cuda.bench import TINY, Bench, without_bfloat16

NETWORKS = ("resnet18", "resnet18_ibn_a", "resnet50_ibn_b", "se_resnet50", "mobilenet_v2", "osnet_x0_25")
CONFIGS = sorted((ROOT / "configs").glob("*.yml"))


def tiny(*words: str, steps: int = 1, frozen: bool = False):
    """Steps of a tiny network."""
    return lambda bench: bench.train(*TINY, *words, steps=steps, frozen=frozen)


def recipe(file: Path):
    """A step of a recipe, with its own network and sizes."""
    return lambda bench: bench.train("--config_file", str(file), "MODEL.DEVICE", "cuda")


def float16(*words: str, steps: int = 1):
    """Steps on a device without bfloat16."""

    def run(bench: Bench) -> Run:
        with without_bfloat16():
            run = bench.train(*TINY, *words, steps=steps)
            assert run.step.scaler.is_enabled()
            return run

    return run


def taught(teacher: str, *words: str):
    """A step with a teacher, ``teacher_network`` or ``teacher_features`` of the bench."""
    key = {"teacher_network": "KD.TEACHER", "teacher_features": "KD.TEACHER_FEATURES"}[teacher]

    def run(bench: Bench) -> Run:
        run = bench.train(*TINY, key, str(getattr(bench, teacher)()), *words)
        weights = run.training.distillation.weights
        assert {"kd_relation", "kd_embedding", "kd_logits"} <= weights.keys()
        return run

    return run


def network(name: str):
    """A step of another network; every map has its channels last."""

    def run(bench: Bench) -> None:
        run = Run(bench.training(*TINY, "MODEL.NAME", name), None)
        left = []

        def check(module: nn.Module, inputs: tuple, out: torch.Tensor) -> None:
            if out.dim() == 4 and not out.is_contiguous(memory_format=torch.channels_last):
                left.append(type(module).__name__)

        for module in run.training.model.base.modules():
            module.register_forward_hook(check)
        bench.steps(run, 1)
        assert not left

    return run


def log_line(bench: Bench) -> None:
    """Nothing but the meter, which is read for a line, waits for the device."""
    run = bench.train(*TINY, "SOLVER.LAYER_DECAY", "0.8")
    told = []
    run.trainer.add_event_handler(TrainingEvents.LOGGED, lambda engine: told.append(engine.state.metrics))
    with mock.patch.object(Meter, "read", lambda meter: {}), bench.cuda.no_waiting():
        run.log(run.trainer)
    assert {"lr", "images_per_s", "memory_GB"} <= told[0].keys()
    assert any(name.startswith("lr_layer_") for name in told[0])


ALL = ["SOLVER.EMA", "0.99", "SOLVER.SKIP_BAD_STEPS", "3", "SOLVER.CLIP_GRAD_NORM", "1"]
ALL += ["SOLVER.GRAD_ACCUM", "2", "MODEL.IF_WITH_CENTER", "yes"]
CASES = {
    **{f"recipe {file.name}": recipe(file) for file in CONFIGS},
    **{f"network {name}": network(name) for name in NETWORKS},
    **{f"id loss {name}": tiny("MODEL.ID_LOSS_TYPE", name) for name in ID_LOSSES},
    **{f"metric loss {name}": tiny("MODEL.METRIC_LOSS_TYPE", name) for name in METRIC_LOSSES},
    "soft margin": tiny("SOLVER.SOFT_MARGIN", "yes"),
    "center loss": tiny("MODEL.IF_WITH_CENTER", "yes"),
    "labels not smoothed": tiny("MODEL.IF_LABELSMOOTH", "no"),
    **{f"pooling {name}": tiny("MODEL.POOLING", name) for name in POOLINGS},
    "head global": tiny("MODEL.HEAD", "global"),
    "head parts": tiny("MODEL.HEAD", "parts"),
    "head parts, arcface, gem": tiny(
        "MODEL.HEAD", "parts", "MODEL.ID_LOSS_TYPE", "arcface", "MODEL.POOLING", "gem"
    ),
    "no neck": tiny("MODEL.NECK", "no"),
    "embedding": tiny("MODEL.EMBEDDING_DIM", "16"),
    "teacher network": taught("teacher_network"),
    "teacher features": taught("teacher_features"),
    "self-distillation": tiny("KD.SELF", "yes"),
    "teacher network and self-distillation": taught("teacher_network", "KD.SELF", "yes"),
    "teacher features and self-distillation": taught("teacher_features", "KD.SELF", "yes"),
    "average": tiny("SOLVER.EMA", "0.999"),
    "bad steps skipped": tiny("SOLVER.SKIP_BAD_STEPS", "3"),
    "clipped": tiny("SOLVER.CLIP_GRAD_NORM", "1"),
    "accumulated": tiny("SOLVER.GRAD_ACCUM", "2", steps=3),
    "float16": float16(steps=2),
    "float16, everything": float16(*ALL, steps=2),
    "everything": tiny(*ALL, steps=2),
    "float32": tiny("SOLVER.AMP", "no"),
    "SGD": tiny("SOLVER.OPTIMIZER_NAME", "SGD", steps=2),
    "AdamW, rates by layer": tiny("SOLVER.OPTIMIZER_NAME", "AdamW", "SOLVER.LAYER_DECAY", "0.8"),
    "frozen": tiny("SOLVER.FREEZE", "yes", frozen=True),
    "log line": log_line,
    "warm-up by iteration": tiny("SOLVER.WARMUP_BY", "iteration", steps=2),
}
