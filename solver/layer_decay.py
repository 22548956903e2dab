"""Learning rates that fall from the head down (Bao et al., "BEiT", ICLR 2022, appendix on fine-tuning)."""


def layer_factors(layers: dict[str, int], decay: float) -> dict[str, float]:
    """Factor of each parameter's learning rate: 1 for the head, times ``decay`` for each layer below.

    Args:
        layers: name of the parameter -> its layer; the largest number is the head's.
        decay: factor from a layer to the one below it.

    Returns:
        name of the parameter -> factor.
    """
    head = max(layers.values())
    return {name: decay ** (head - layer) for name, layer in layers.items()}
