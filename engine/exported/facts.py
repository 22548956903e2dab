"""What an exported file says about its network, beside the network."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from utils.errors import InputError

PREFIX = "reid."  # of the names under which it is said


@dataclass(frozen=True)
class Facts:
    """What must be known to use a network, and where it comes from.

    Attributes:
        network: MODEL.NAME.
        input_size: height and width of its images [pixels].
        colour_order: 'RGB'.
        input_layout: 'NCHW' float32, normalised as below; or 'NHWC' uint8, which the network normalises.
        pixel_mean: of the pixels in 0..1; the input is (pixel / 255 - mean) / std.
        pixel_std: likewise.
        feature_dim: D.
        l2_norm: whether the features have length 1.
        neck_feat: TEST.NECK_FEAT, the side of the BNNeck whose feature it gives.
        precision: 'fp32', 'fp16' or 'int8', in which it computes.
        weights: name of the file of weights.
        weights_sha256: of that file, in hexadecimal digits.
        program: git commit of the program that wrote it.
    """

    network: str
    input_size: tuple[int, int]
    colour_order: str
    input_layout: str
    pixel_mean: tuple[float, float, float]
    pixel_std: tuple[float, float, float]
    feature_dim: int
    l2_norm: bool
    neck_feat: str
    precision: str
    weights: str
    weights_sha256: str
    program: str

    def __str__(self) -> str:
        height, width = self.input_size
        return f"{self.network}, {height}×{width}, {self.precision}, features of {self.feature_dim} numbers"

    @property
    def takes_pixels(self) -> bool:
        """Whether its input is uint8."""
        return self.input_layout == "NHWC"

    def texts(self) -> dict[str, str]:
        """As names and texts: ``reid.input_size`` is ``[256, 128]``."""
        values = asdict(self).items()
        return {
            f"{PREFIX}{name}": value if isinstance(value, str) else json.dumps(value)
            for name, value in values
        }

    @classmethod
    def read(cls, texts: Mapping[str, str], file: str) -> "Facts | None":
        """The facts among a file's names and texts; None if it has none, as of another program.

        Raises:
            InputError: they are not whole.
        """
        if not any(name.startswith(PREFIX) for name in texts):
            return None
        try:
            values = {field.name: texts[f"{PREFIX}{field.name}"] for field in fields(cls)}
            for field in fields(cls):
                if field.type is not str:
                    values[field.name] = json.loads(values[field.name])
            for name in ("input_size", "pixel_mean", "pixel_std"):
                values[name] = tuple(values[name])
        except (KeyError, ValueError, TypeError) as error:
            raise InputError(
                f"{file}: what it says about its network is not whole ({error}); export it again"
            ) from None
        return cls(**values)
