"""Live cameras: connected again when they are lost, indexed as people leave, kept for a window of time."""

from .cameras import Camera, name_cameras
from .live import Live

__all__ = ["Camera", "Live", "name_cameras"]
