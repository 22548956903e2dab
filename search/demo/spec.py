"""What the drawn videos are to be like."""

from __future__ import annotations

from dataclasses import dataclass

from utils.errors import InputError


@dataclass(frozen=True)
class VideoSpec:
    """Size and seed of drawn videos.

    Attributes:
        seconds: Length of each video.
        fps: Frames per second.
        cameras: Number of videos; beyond three, the three places come again with other details.
        people: How many people walk in them.
        shared: How many of the people walk before several cameras, in videos of 8 seconds or more.
        seed: Decides everything drawn; 0 or more.
        size: Width and height in pixels, both even.
    """

    seconds: float = 20.0
    fps: int = 15
    cameras: int = 3
    people: int = 12
    shared: int = 8
    seed: int = 0
    size: tuple[int, int] = (640, 360)

    @property
    def frames(self) -> int:
        """Frames of each video."""
        return round(self.seconds * self.fps)

    def check(self) -> None:
        """Refuse what cannot be drawn.

        Raises:
            InputError: A number is out of its bounds.
        """
        for wrong, text in (
            (self.fps < 1, f"fps must be 1 or more, got {self.fps}"),
            (self.frames < 1, f"seconds must be long enough for a frame, got {self.seconds}"),
            (self.cameras < 1, f"cameras must be 1 or more, got {self.cameras}"),
            (self.people < 1, f"people must be 1 or more, got {self.people}"),
            (not 0 <= self.shared <= self.people, f"shared must be from 0 to people, got {self.shared}"),
            (self.shared and self.cameras < 2, f"shared must be 0 with one camera, got {self.shared}"),
            (self.seed < 0, f"seed must be 0 or more, got {self.seed}"),
            (min(self.size) < 16, f"size must be 16 pixels or more, got {self.size}"),
            (self.size[0] % 2 or self.size[1] % 2, f"size must be even, got {self.size}"),
        ):
            if wrong:
                raise InputError(text)
