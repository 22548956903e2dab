"""Draws a person in a pose."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from .pen import Pen
from .person import Cloth, Person
from .pose import Pose, arm_joints, leg_joints


def draw_person(
    canvas: np.ndarray, person: Person, pose: Pose, make_pen: Callable[[np.ndarray, Pose], Pen] = Pen
) -> None:
    """Draw a person over what a canvas already shows.

    Args:
        canvas: uint8 (height, width, 4), BGR multiplied by alpha, then alpha; changed in place.
        person: Whom to draw.
        pose: How they stand, in pixels of the canvas.
        make_pen: Gives what fills the shapes.
    """
    pen = make_pen(canvas, pose)
    legs = {side: leg_joints(person.build, pose, side) for side in (-1, 1)}
    for side in sorted(legs, key=lambda s: pose.depth(legs[s][0, 0] * 2, legs[s][1, 2])):
        _draw_leg(pen, person, legs[side])
    if person.lower_kind in ("skirt", "dress"):
        _draw_skirt(pen, person)
    # Farther parts first. The arms hang a little before the body, or a coat seen from ahead would hide them.
    parts = [(0.0, partial(_draw_torso, pen, person)), (0.01, partial(_draw_head, pen, person))]
    for side in (-1, 1):
        nearness = pose.depth(side * person.build.shoulder, 0.0) + 0.05
        parts.append((nearness, partial(_draw_arm, pen, person, side)))
    if person.bag == "backpack":
        parts.append((pose.depth(0.0, -0.1), partial(_draw_backpack, pen, person)))
    if person.bag == "shoulder bag":
        nearness = pose.depth(person.bag_side * 0.1, 0.0) + 0.04
        parts.append((nearness, partial(_draw_shoulder_bag, pen, person)))
    for _, draw in sorted(parts, key=lambda part: part[0]):
        draw()


def _draw_leg(pen: Pen, person: Person, joints: np.ndarray) -> None:
    hip, knee, ankle, toe = joints
    girth, tone = person.build.girth, _tone(pen.pose, hip[0])
    pen.limb((ankle, toe), (0.025, 0.021), Cloth(person.shoes), tone)
    if person.lower_kind == "trousers":
        width = girth * (0.87 + 0.3 * person.flare)
        pen.limb(joints[:3], (0.058 * girth, 0.037 * width, 0.025 * width), person.lower, tone, rim=True)
        return
    bare = Cloth(person.skin if person.lower_kind == "shorts" else person.legs)
    pen.limb(joints[:3], (0.054 * girth, 0.037 * girth, 0.024 * girth), bare, tone, rim=True)
    if person.lower_kind == "shorts":
        cuff = knee + 0.2 * (hip - knee)
        pen.limb((hip, cuff), (0.062 * girth, 0.054 * girth), person.lower, tone, rim=True)


def _draw_skirt(pen: Pen, person: Person) -> None:
    build = person.build
    spread = build.hip * person.flare + 0.12 * pen.pose.stride * abs(np.sin(pen.pose.phase))
    rows = [
        (build.leg + 0.08, build.waist, 0.06),
        (build.leg, build.hip * 1.06, 0.075),
        (person.hem, spread, spread),
    ]
    pen.column(rows, person.lower)


def _draw_torso(pen: Pen, person: Person) -> None:
    build = person.build
    dress = person.lower_kind == "dress"
    over = person.upper_kind in ("jacket", "coat")
    rows = [
        (0.852, build.shoulder * 0.36, 0.032),
        (0.832, build.shoulder * 0.72, 0.042),
        (0.805, build.shoulder * 0.97, 0.052),
        (0.720, build.shoulder * 0.93, 0.066 * build.girth),
        (0.620, build.waist, 0.062 * build.girth**1.6),
        (build.leg + 0.03, build.hip, 0.07 * build.girth),
    ]
    under = rows if dress else rows[-2:]
    pen.column([(y, w * 0.97, d * 0.97) for y, w, d in under], person.lower)
    if dress and not over:
        return
    bottom = 0.29 if person.upper_kind == "coat" else build.leg - (0.03 if over else 0.012)
    rows.append((bottom, build.hip * (1.22 if over else 1.03), 0.078 * build.girth))
    pen.column(rows, person.upper)
    if over:
        inner = person.lower if dress else Cloth(person.inner)
        _draw_opening(pen, person, inner, max(bottom, build.leg))
    elif person.upper.pattern == "print":
        half = build.shoulder * 0.5
        corners = [(-half, 0.765), (half, 0.765), (half, 0.675), (-half, 0.675)]
        pen.patch(corners, build.shoulder, 0.066 * build.girth, Cloth(person.upper.accent))


def _draw_opening(pen: Pen, person: Person, inner: Cloth, bottom: float) -> None:
    build = person.build
    corners = [(-0.035, 0.84), (0.035, 0.84), (0.03, 0.70), (0.036, bottom), (-0.036, bottom), (-0.03, 0.70)]
    pen.patch(corners, build.shoulder, 0.068 * build.girth, inner)


def _draw_arm(pen: Pen, person: Person, side: int) -> None:
    joints = arm_joints(person.build, pen.pose, side)
    shoulder, elbow, hand = joints
    girth, tone, skin = person.build.girth, _tone(pen.pose, shoulder[0]), Cloth(person.skin)
    over = person.upper_kind in ("jacket", "coat")
    dress = person.lower_kind == "dress" and not over
    sleeve = person.lower if dress else person.upper
    if person.bag == "hand bag" and side == person.bag_side:
        _draw_hand_bag(pen, person, hand)
    pen.limb((hand, hand + 0.15 * (hand - elbow)), (0.02, 0.017), skin, tone)
    if person.upper_kind == "t-shirt" or dress:
        pen.limb(joints, (0.031 * girth, 0.026 * girth, 0.018), skin, tone, rim=True)
        cuff = shoulder + 0.62 * (elbow - shoulder)
        pen.limb((shoulder, cuff), (0.033 * girth, 0.034 * girth), sleeve, tone, rim=True)
    else:
        width = girth * (1.22 if over else 1.06)
        pen.limb(joints, (0.033 * width, 0.029 * width, 0.023 * width), sleeve, tone, rim=True)


def _draw_head(pen: Pen, person: Person) -> None:
    pose, size = pen.pose, person.build.head
    skin, hair = Cloth(person.skin), Cloth(person.hair)
    up, facing = 0.935, np.cos(pose.yaw)
    if person.hair_style == "long":
        low = 0.76 if facing < 0.3 else 0.79
        rows = [(up + 0.03, 0.05 * size, 0.05), (up, 0.062 * size, 0.055), (low, 0.064 * size, 0.04)]
        pen.column(rows, hair, ahead=-0.02)
    if person.hair_style == "tied":
        tail = np.array((0.0, up + 0.045, -0.062 * size))
        pen.limb((tail, tail + (0.0, -0.11, -0.025)), (0.024, 0.012), hair)
    if facing > -0.6 or person.hair_style != "long":
        pen.limb(((0.0, 0.90, 0.0), (0.0, 0.845, 0.0)), (0.027, 0.03), skin, tone=0.86)
    scalp = skin if person.hair_style == "bald" else hair
    pen.oval((0.0, up + 0.004, -0.006), pose.breadth(0.050, 0.060) * size, 0.068 * size, scalp)
    if facing > -0.55:
        # The face turns away to the side; in profile it covers the front half of the head.
        half = 0.045 * size * (0.45 + 0.55 * max(facing, 0.0) + min(facing, 0.0) * 0.35)
        pen.oval((0.0, up - 0.016 * size, 0.032 * size), half, 0.05 * size, skin)
        _draw_eyes(pen, person, up)
    if person.hair_style == "cap":
        _draw_cap(pen, person, up)


def _draw_eyes(pen: Pen, person: Person, up: float) -> None:
    size = person.build.head
    for side in (-1, 1):
        left, ahead = side * 0.019 * size, 0.048 * size
        if pen.pose.depth(left, ahead) > 0.012:
            pen.oval((left, up - 0.004, ahead), 0.007, 0.0045, Cloth((38, 34, 36)))


def _draw_cap(pen: Pen, person: Person, up: float) -> None:
    size, cap = person.build.head, Cloth(person.cap)
    crown = [(up + 0.082 * size, 0.022, 0.03), (up + 0.068 * size, 0.044, 0.052), (up + 0.02, 0.056, 0.066)]
    pen.column([(y, w * size, d * size) for y, w, d in crown], cap)
    if np.cos(pen.pose.yaw) > -0.6:
        pen.limb(((0.0, up + 0.024, 0.045), (0.0, up + 0.016, 0.088)), (0.016, 0.010), cap, tone=0.75)


def _draw_backpack(pen: Pen, person: Person) -> None:
    cloth, build = Cloth(person.bag_colour), person.build
    pack = [(0.83, 0.05, 0.03), (0.80, 0.072, 0.045), (0.64, 0.082, 0.055), (0.60, 0.07, 0.045)]
    pen.column(pack, cloth, -0.055 - 0.05 * build.girth, rim=True)
    pen.column([(0.70, 0.05, 0.03), (0.625, 0.056, 0.03)], cloth, -0.085 - 0.05 * build.girth, tone=0.78)


def _draw_shoulder_bag(pen: Pen, person: Person) -> None:
    cloth, side = Cloth(person.bag_colour), person.bag_side
    reach = side * (person.build.hip + 0.02)
    front = 0.07 * person.build.girth * np.sign(np.cos(pen.pose.yaw))
    strap = ((-side * 0.055, 0.84, 0.4 * front), (reach * 0.9, 0.56, front))
    pen.limb(strap, (0.009, 0.009), cloth, tone=0.8)
    pen.box((reach, 0.56, 0.0), pen.pose.breadth(0.04, 0.085), 0.11, cloth)


def _draw_hand_bag(pen: Pen, person: Person, hand: np.ndarray) -> None:
    cloth = Cloth(person.bag_colour)
    half = pen.pose.breadth(0.03, 0.075)
    for edge in (-0.5, 0.5):
        pen.limb((hand, hand + (0.0, -0.085, edge * 0.08)), (0.006, 0.006), cloth, tone=0.7)
    pen.box(hand - (0.0, 0.07, 0.0), half, 0.105, cloth)


def _tone(pose: Pose, left: float) -> float:
    """The limb on the far side lies in the shade of the body."""
    return 1.0 + 1.6 * min(0.0, pose.depth(left, 0.0))
