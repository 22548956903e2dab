"""Exponential moving average of the weights (Polyak and Juditsky, "Acceleration of Stochastic …", 1992)."""

from ignite.engine import Engine, Events
from ignite.handlers import EMAHandler
from torch import nn


def average_weights(trainer: Engine, model: nn.Module, decay: float) -> nn.Module:
    """A copy of the network that follows it: average = decay x average + (1 - decay) x weights.

    The decay starts low, (1 + n) / (10 + n) at iteration n, so that the first, random weights are soon
    forgotten. Buffers, such as the statistics of batch norms, are those of the network.

    Args:
        trainer: after each of whose iterations the average moves.
        model: to follow.
        decay: 0..1.
    """

    def set_momentum(engine: Engine) -> None:
        engine.state.ema_momentum = max(1 - decay, 9 / (10 + engine.state.iteration))

    handler = EMAHandler(model, momentum=1 - decay)
    trainer.add_event_handler(Events.ITERATION_COMPLETED, set_momentum)
    handler.attach(trainer, name="ema_momentum")
    return handler.ema_model
