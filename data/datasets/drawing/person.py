"""What a drawn person looks like, apart from any one picture: build, hair, clothes, shoes and bag."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Colour = tuple[int, int, int]

HAIR_STYLES = ("short", "long", "bald", "tied", "cap")
UPPER_KINDS = ("t-shirt", "long sleeve", "jacket", "coat")
LOWER_KINDS = ("trousers", "shorts", "skirt", "dress")
PATTERNS = ("plain", "rows", "columns", "checks", "block", "print")
BAGS = ("none", "backpack", "shoulder bag", "hand bag")

# RGB, then how often it is worn above and below the belt: few enough colours that people share them,
# so that only the combination tells one from another.
_CLOTHES: dict[str, tuple[Colour, float, float]] = {
    "black": ((28, 28, 30), 14, 22),
    "charcoal": ((68, 70, 74), 6, 9),
    "grey": ((132, 134, 136), 7, 8),
    "white": ((232, 232, 228), 13, 5),
    "navy": ((30, 38, 78), 8, 14),
    "denim": ((62, 88, 134), 4, 16),
    "pale blue": ((146, 182, 216), 6, 5),
    "blue": ((36, 82, 186), 7, 3),
    "red": ((190, 34, 38), 9, 3),
    "wine": ((104, 24, 44), 4, 2),
    "green": ((38, 122, 66), 6, 1),
    "olive": ((94, 98, 56), 4, 5),
    "beige": ((206, 184, 146), 5, 9),
    "brown": ((108, 72, 46), 4, 4),
    "pink": ((230, 144, 172), 5, 2),
    "yellow": ((232, 198, 58), 4, 1),
    "orange": ((226, 116, 38), 3, 0),
    "purple": ((108, 58, 138), 4, 1),
    "teal": ((32, 134, 142), 4, 1),
}
_SHOES = {"black": 8, "white": 7, "brown": 4, "grey": 3, "red": 2, "blue": 2, "beige": 2, "pink": 1}
_HAIR: tuple[Colour, ...] = (
    (24, 20, 20),
    (34, 26, 22),
    (66, 44, 30),
    (104, 72, 44),
    (178, 142, 84),
    (150, 146, 144),
)
_SKIN: tuple[Colour, ...] = ((238, 200, 174), (224, 178, 146), (200, 150, 114), (158, 108, 76), (104, 70, 50))


@dataclass(frozen=True)
class Cloth:
    """A dyed and perhaps patterned fabric.

    Attributes:
        colour: Main colour, BGR in 0..255.
        accent: Second colour of the pattern, BGR in 0..255.
        pattern: One of `PATTERNS`.
        period: Repeat of the pattern in body heights.
    """

    colour: Colour
    accent: Colour = (0, 0, 0)
    pattern: str = "plain"
    period: float = 0.05


@dataclass(frozen=True)
class Build:
    """Proportions; lengths are fractions of the body height, `height` and `girth` are factors about 1."""

    height: float
    shoulder: float
    waist: float
    hip: float
    leg: float
    head: float
    girth: float


@dataclass(frozen=True)
class Person:
    """Everything that stays the same from one picture of a person to the next. Colours are BGR."""

    build: Build
    skin: Colour
    hair: Colour
    hair_style: str
    cap: Colour
    upper_kind: str
    upper: Cloth
    inner: Colour
    lower_kind: str
    lower: Cloth
    hem: float
    flare: float
    legs: Colour
    shoes: Colour
    bag: str
    bag_colour: Colour
    bag_side: int


def sample_person(rng: np.random.Generator) -> Person:
    """Draw one person at random.

    Args:
        rng: Source of every choice; the same state gives the same person.
    """
    skin = _jitter(_pick(rng, _SKIN, (4, 6, 5, 3, 2)), rng, 5)
    hair_style = _pick(rng, HAIR_STYLES, (38, 26, 7, 15, 14))
    lower_kind = _pick(rng, LOWER_KINDS, (58, 20, 13, 9))
    upper = _sample_cloth(rng, 1, (42, 13, 7, 10, 12, 16))
    return Person(
        build=_sample_build(rng),
        skin=skin,
        hair=_jitter(_pick(rng, _HAIR, (8, 6, 5, 3, 2, 2)), rng, 5),
        hair_style=hair_style,
        cap=_sample_colour(rng, 1),
        upper_kind=_pick(rng, UPPER_KINDS, (42, 26, 20, 12)),
        upper=upper,
        inner=_contrasting(rng, upper.colour),
        lower_kind=lower_kind,
        lower=_sample_cloth(rng, 2, (84, 4, 4, 8, 0, 0)),
        hem=float(rng.uniform(0.24, 0.36)),
        flare=float(rng.uniform(1.05, 1.5)),
        legs=skin if rng.random() < 0.65 else _jitter((34, 32, 38), rng, 6),
        shoes=_sample_shoes(rng),
        bag=_pick(rng, BAGS, (46, 28, 14, 12)),
        bag_colour=_sample_colour(rng, 1),
        bag_side=int(rng.choice((-1, 1))),
    )


def _sample_build(rng: np.random.Generator) -> Build:
    girth = float(rng.uniform(0.86, 1.22))
    shoulder = float(rng.uniform(0.090, 0.116)) * girth**0.4
    hip = float(rng.uniform(0.078, 0.096)) * girth**0.6
    return Build(
        height=float(rng.uniform(0.93, 1.05)),
        shoulder=shoulder,
        waist=(shoulder + hip) / 2 * (0.68 + 0.2 * girth),
        hip=hip,
        leg=float(rng.uniform(0.455, 0.52)),
        head=float(rng.uniform(0.92, 1.12)),
        girth=girth,
    )


def _sample_cloth(rng: np.random.Generator, column: int, weights: tuple[float, ...]) -> Cloth:
    colour = _sample_colour(rng, column)
    return Cloth(
        colour, _contrasting(rng, colour), _pick(rng, PATTERNS, weights), float(rng.uniform(0.036, 0.075))
    )


def _sample_colour(rng: np.random.Generator, column: int) -> Colour:
    return _jitter(
        _pick(rng, [row[0] for row in _CLOTHES.values()], [row[column] for row in _CLOTHES.values()]), rng
    )


def _sample_shoes(rng: np.random.Generator) -> Colour:
    return _jitter(_CLOTHES[_pick(rng, tuple(_SHOES), tuple(_SHOES.values()))][0], rng)


def _contrasting(rng: np.random.Generator, colour: Colour) -> Colour:
    """A pattern in nearly the colour of its ground could not be seen, so the second colour keeps away."""
    candidates = [_sample_colour(rng, 1) for _ in range(6)]
    far = [other for other in candidates if np.abs(np.subtract(other, colour)).sum() > 200]
    return (far or [max(candidates, key=lambda other: np.abs(np.subtract(other, colour)).sum())])[0]


def _pick(rng: np.random.Generator, options, weights):
    chances = np.asarray(weights, dtype=float)
    return options[int(rng.choice(len(options), p=chances / chances.sum()))]


def _jitter(rgb: Colour, rng: np.random.Generator, spread: float = 9.0) -> Colour:
    """Shift an RGB colour a little and turn it into OpenCV's BGR."""
    shifted = np.clip(np.asarray(rgb) + rng.normal(0, spread, 3) + rng.normal(0, spread), 4, 250)
    return tuple(int(value) for value in shifted[::-1])
