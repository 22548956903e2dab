"""One yacs tree of settings, filled from defaults, a YAML file and the command line."""

from .checks import check_choices, check_datasets, check_network, check_paths
from .defaults import get_defaults
from .errors import ConfigError
from .load import compare_settings, load_cfg

__all__ = [
    "ConfigError",
    "check_choices",
    "check_datasets",
    "check_network",
    "check_paths",
    "compare_settings",
    "get_defaults",
    "load_cfg",
]
