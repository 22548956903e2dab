"""One yacs tree of settings, filled from defaults, a YAML file and the command line; commands and flags."""

from .checks import Choices, check_datasets, check_network, check_paths
from .command_line import find_subcommand, read_options
from .defaults import get_defaults
from .errors import ConfigError
from .load import READY_MODELS, changed, compare_settings, flat_settings, load_cfg
from .same_test import same_test

__all__ = [
    "READY_MODELS",
    "Choices",
    "ConfigError",
    "changed",
    "check_datasets",
    "check_network",
    "check_paths",
    "compare_settings",
    "find_subcommand",
    "flat_settings",
    "get_defaults",
    "load_cfg",
    "read_options",
    "same_test",
]
