"""Measurements of speed and memory; each module is a subcommand of tools/benchmark.py."""
