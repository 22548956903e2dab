"""The six cameras: where each looks and what its lens, sensor and encoder do to a picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .scene import HEIGHT, WIDTH, draw_scene

BOX = (128, 64)  # Height and width of a picture in pixels, as in Market-1501.
_LUMA = np.array((0.114, 0.587, 0.299))


@dataclass(frozen=True)
class Sensor:
    """What a camera makes of colours.

    Attributes:
        gains: Factors of blue, green and red.
        saturation: 0 gives a grey picture, 1 leaves the colours.
        gamma: Above 1 darkens the middle tones.
        black: Level that black is lifted to, 0..255.
    """

    gains: tuple[float, float, float]
    saturation: float
    gamma: float
    black: float

    def develop(self, image: np.ndarray, light: np.ndarray | float = 1.0) -> np.ndarray:
        """Turn colours before the lens into those of the picture.

        Args:
            image: float32 or uint8 (height, width, 3), BGR in 0..255.
            light: Factors of blue, green and red, (3,), or one for all.

        Returns:
            uint8 (height, width, 3), BGR.
        """
        mixing = self.saturation * np.eye(3) + (1 - self.saturation) * _LUMA
        matrix = np.diag(self.gains) @ mixing * np.reshape(light, (-1, 1))
        image = cv2.transform(image, matrix.astype(np.float32))
        return cv2.LUT(cv2.convertScaleAbs(np.maximum(image, 0)), self._tone_curve())

    def _tone_curve(self) -> np.ndarray:
        level = np.linspace(0, 1, 256) ** self.gamma
        return np.rint(self.black + (255 - self.black) * level).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Camera:
    """One camera.

    Attributes:
        scene: What lies behind the people, uint8 (scene.HEIGHT, scene.WIDTH, 3), BGR.
        yaws: Directions in which most people walk past, radians; see `pose.Pose.yaw`.
        pitch: Radians by which it looks down.
        light: Side the light comes from, -1 (left) to 1 (right).
        shadow: Darkness of the shadows on the ground, 0 to 1.
        sensor: Its colours.
        blur: Standard deviation of the lens blur in pixels.
        noise: Standard deviation of the sensor noise, in 0..255.
        resolution: True resolution as a fraction of the picture's.
        quality: JPEG quality, 0..100.
    """

    scene: np.ndarray
    yaws: tuple[float, ...]
    pitch: float
    light: float
    shadow: float
    sensor: Sensor
    blur: float
    noise: float
    resolution: float
    quality: int

    def backdrop(self, rng: np.random.Generator) -> np.ndarray:
        """Cut a part of the scene as large as a box, uint8 (128, 64, 3)."""
        tall = int(rng.integers(225, 320))
        wide = tall * BOX[1] // BOX[0]
        top, left = int(rng.integers(HEIGHT - tall)), int(rng.integers(WIDTH - wide))
        part = self.scene[top : top + tall, left : left + wide]
        return cv2.resize(part, BOX[::-1], interpolation=cv2.INTER_AREA)

    def expose(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Turn what is before the lens into what the sensor delivers.

        Args:
            image: float32 (128, 64, 3), BGR in 0..255.
            rng: Source of the light's changes and of the noise.

        Returns:
            uint8 (128, 64, 3), BGR.
        """
        light = rng.normal(1.0, 0.07) * (1 + rng.normal(0, 0.015, 3))
        image = self.sensor.develop(image, light)
        if self.blur > 0:
            image = cv2.GaussianBlur(image, (0, 0), self.blur)
        share = self.resolution * rng.uniform(0.8, 1.1)
        if share < 1:
            coarse = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
            image = cv2.resize(coarse, BOX[::-1], interpolation=cv2.INTER_LINEAR)
        noise = rng.standard_normal(image.shape, dtype=np.float32) * np.float32(self.noise)
        return np.clip(image + noise, 0, 255).astype(np.uint8)

    def encode(self, image: np.ndarray) -> bytes:
        """Compress a picture, uint8 (128, 64, 3), to the bytes of a JPEG file."""
        done, data = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, self.quality))
        if not done:
            raise RuntimeError("OpenCV could not encode a JPEG picture")
        return data.tobytes()


def make_cameras(seed: tuple[int, ...]) -> tuple[Camera, ...]:
    """Build the six cameras.

    Args:
        seed: Numbers that decide the details of the scenes and small differences between the cameras.
    """
    return tuple(_make_camera(index, np.random.default_rng([*seed, index])) for index in range(len(_MODELS)))


def _make_camera(index: int, rng: np.random.Generator) -> Camera:
    scene = draw_scene(index, rng)
    yaws, pitch, light, shadow, gains, saturation, gamma, black, *optics = _MODELS[index]
    gains = tuple(float(gain) for gain in np.asarray(gains) * rng.normal(1, 0.02, 3))
    sensor = Sensor(gains, saturation, gamma * float(rng.normal(1, 0.02)), black)
    return Camera(scene, yaws, pitch, light, shadow, sensor, *optics)


_FRONT, _BACK, _LEFT, _RIGHT = 0.0, np.pi, -np.pi / 2, np.pi / 2
# Unlike enough that one person's colours do not match across cameras, yet of one kind within a camera.
# Columns: yaws, pitch, light, shadow, gains, saturation, gamma, black, blur, noise, resolution, quality.
_MODELS: tuple[tuple, ...] = (
    ((_FRONT, _FRONT, _BACK), 0.16, -1.0, 0.40, (0.74, 0.98, 1.20), 1.10, 0.85, 6, 0.0, 3, 1.0, 92),
    ((_BACK, _BACK, _RIGHT), 0.24, 0.8, 0.25, (1.32, 0.98, 0.70), 0.85, 1.15, 8, 0.5, 4, 0.8, 85),
    ((_LEFT, _RIGHT), 0.12, 0.3, 0.10, (1.05, 1.00, 0.98), 0.55, 0.95, 62, 0.6, 3, 0.9, 88),
    ((_RIGHT, _FRONT, 0.8), 0.30, -0.5, 0.30, (0.76, 1.06, 0.84), 0.80, 1.50, 4, 0.4, 6, 0.75, 75),
    ((_FRONT, _LEFT, -0.8), 0.20, 1.0, 0.35, (1.36, 1.12, 1.48), 0.90, 0.90, 14, 0.0, 3, 0.95, 90),
    ((_BACK, _FRONT, _LEFT), 0.34, -0.3, 0.15, (0.42, 0.72, 0.94), 0.80, 1.25, 14, 0.6, 9, 0.6, 65),
)
