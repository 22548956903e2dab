"""Scenes and walkers for the tests of the drawn videos."""

from dataclasses import replace

import numpy as np

from data.datasets.drawing.camera import Sensor
from search.demo.figure import Presence
from search.demo.filming import Camera
from search.demo.scenery import PLACES
from search.demo.scenery.canvas import Light
from search.demo.scenery.stage import Scene
from search.demo.view import View
from search.demo.walk import Walk
from search.demo.walker import sample_walker

SIZE = (320, 180)
PLAIN = Sensor(gains=(1.0, 1.0, 1.0), saturation=1.0, gamma=1.0, black=0)
DULL = Light(sun=(0.0, 1.0, 0.0), direct=(0.0, 0.0, 0.0), ambient=(1.0, 1.0, 1.0))
WALKERS = [sample_walker(np.random.default_rng(number)) for number in range(12)]


def meadow(mattes=()):
    """An even ground without shadows, in a colour that nobody wears."""
    view = View(SIZE, focal=1.0, height=3.0, pitch=0.15)
    backdrop = np.full((SIZE[1], SIZE[0], 3), (255, 0, 255), dtype=np.uint8)
    return Scene(view, DULL, backdrop, np.ones((SIZE[1], SIZE[0]), dtype=np.float32), tuple(mattes))


def without_shadows(scene):
    return replace(scene, light=DULL, gloss=0.0)


def films(scene, noise=0.0):
    """A camera whose pictures show what is before it, unchanged."""
    return Camera(scene, PLAIN, noise, (1,))


def standing(number, x, z, walked=0.0, heading=(1.0, 0.0)):
    return Presence(number, WALKERS[number], (x, z), heading, walked)


def walking(walk, time):
    return Presence(walk.number, WALKERS[walk.number], *walk.at(time))


def all_walks():
    """A walk in either direction and at either side of each lane: (kind of place, walk)."""
    for kind, place in enumerate(PLACES):
        for index, lane in enumerate(place.lanes):
            for points in (lane.points, lane.points[::-1]):
                for side in (0.1, 1.0):
                    way = replace(lane, points=points)
                    yield kind, Walk(1 + index, kind, 0.0, 1.3, way, side * lane.half_width)
