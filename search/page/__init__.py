"""The web page of the search: find a person, look through videos, say who is who, add videos.

A browser gets one page and its scripts (``static``), which ask by JSON. ``Desk`` is what all requests share;
nothing of one browser is kept for another: what a browser asks with, it sends along.
"""

from .desk import Adding, Desk
from .serve import Server

__all__ = ["Adding", "Desk", "Server"]
