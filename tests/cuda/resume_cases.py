"""The state of a training, copied to the host, saved, and put back; name -> case(bench)."""

import torch
from torch.utils._pytree import tree_leaves

from engine import load_state
from engine.run import Run
from tests.cuda.bench import TINY, Bench, without_bfloat16
from tests.cuda.training_cases import ALL
from utils.run_folder import RunFolder


def resume(*words: str):
    """Two steps, a save, and a step of a training that resumes from it."""

    def run(bench: Bench) -> None:
        words_of_run = [*TINY, *ALL, *words]
        folder = bench.folder / "-".join(("run", *words))
        folder.mkdir()
        first = Run(bench.training(*words_of_run), RunFolder(folder))
        bench.steps(first, 2)
        with first.saver:
            first.save()
        state = load_state(folder)
        assert all(x.device.type == "cpu" for x in tree_leaves(state) if isinstance(x, torch.Tensor))
        second = Run(bench.training(*words_of_run), None)
        second.state.restore(state, 2)
        assert len(second.training.optimizer.state) == len(first.training.optimizer.state)
        bench.steps(second, 2)

    return run


def resume_float16(bench: Bench) -> None:
    with without_bfloat16():
        resume("SOLVER.BASE_LR", "0.001")(bench)


CASES = {
    "resume": resume(),
    "resume SGD": resume("SOLVER.OPTIMIZER_NAME", "SGD"),
    "resume float16": resume_float16,
}
