"""Print the page of all settings, as Markdown: python tools/settings.py > docs/settings.md."""

import sys
from pathlib import Path

# The program's folders, from wherever it is called.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from config.settings_page import settings_page
from tools.start import CHOICES, read_options
from utils.command import run_command


def main(argv: list[str] | None = None) -> int:
    """Print it."""
    read_options("settings", argv)
    print(settings_page(CHOICES), end="")
    return 0


if __name__ == "__main__":
    run_command(main)
