"""Metrics, logging and the small things that every folder may use. Imports nothing of this project."""
