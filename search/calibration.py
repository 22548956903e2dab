"""From which similarity on two show the same person, as calibrated for a network."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from utils.errors import InputError

ANSWERS = 1e-3  # share of strangers that pass as answers to a question


@dataclass(frozen=True)
class Calibration:
    """How alike strangers are.

    Args:
        points: shares of the pairs of strangers, above 0, and for each the cosine that so many of them reach.
    """

    points: Mapping[float, float]

    @classmethod
    def fixed(cls, threshold: float) -> "Calibration":
        """One threshold, whatever share of strangers passes."""
        return cls({1.0: threshold})

    def threshold(self, rate: float) -> float:
        """The cosine that this share of the pairs of strangers reaches.

        Between two points it is on the straight line over the logarithm of the share, beyond them it stays
        what it is there: nothing looser or stricter was measured.
        """
        rates = sorted(self.points)
        return float(np.interp(math.log(rate), np.log(rates), [self.points[one] for one in rates]))


def read_calibration(weights: Path) -> Calibration | None:
    """The calibration beside weights, or None where there is none.

    Raises:
        InputError: it is damaged.
    """
    file = weights.with_suffix(".calibration.yml")
    if not file.is_file():
        return None
    try:
        said = yaml.safe_load(file.read_text(encoding="utf-8"))
        rates = [name for name in said if name.startswith("fpr_")]
        points = {float(name.removeprefix("fpr_")): float(said[name]["threshold"]) for name in rates}
        if not points or not all(0 < rate <= 1 for rate in points):
            raise ValueError("no false positive rate, as fpr_1e-3, in it")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise InputError(
            f"{file} is damaged ({' '.join(str(error).split())}); make it again with tools/test.py "
            f"--model_path {weights} --calibrate"
        ) from None
    return Calibration(points)
