"""The command line: one table from flags to settings, for tools/train.py and tools/test.py alike."""

import argparse
import sys
from typing import NamedTuple, NoReturn

from .defaults import get_defaults
from .errors import ConfigError, did_you_mean
from .resume import NEWEST


class Flag(NamedTuple):
    """A flag's spellings, the setting it fills in each command ("": not there), and its line of help."""

    names: tuple[str, ...]
    train: str
    test: str
    metavar: str  # "": the flag takes no value and switches its setting on
    help: str


def _same(names: str, key: str, metavar: str, help: str) -> Flag:
    return Flag(tuple(names.split()), key, key, metavar, help)


FLAGS = (
    _same(
        "--model_name",
        "MODEL.NAME",
        "NAME",
        "network: resnet18, 34, 50, 101, 152; resnet18_ibn_a, 34, 50, 101; resnet50_ibn_b; se_resnet50, 101; "
        "se_resnet50_ibn_a, 101; mobilenet_v2; osnet_x1_0, osnet_x0_25; timm/<name>",
    ),
    Flag(
        ("--model_path", "--weights"),
        "MODEL.PRETRAIN_PATH",
        "TEST.WEIGHT",
        "FILE",
        "train: weights to start from; test: weights to test (mAPxx.pth)",
    ),
    Flag(("--Test_weight",), "TEST.WEIGHT", "TEST.WEIGHT", "FILE", "weights to test"),
    _same("--IMS_PER_BATCH", "SOLVER.IMS_PER_BATCH", "N", "images in a training batch"),
    _same("--TEST_IMS_PER_BATCH", "TEST.IMS_PER_BATCH", "N", "images in a test batch"),
    _same("--MAX_EPOCHS", "SOLVER.MAX_EPOCHS", "N", "epochs to train"),
    _same(
        "--pretrain_choice",
        "MODEL.PRETRAIN_CHOICE",
        "CHOICE",
        "start from: imagenet, self (a whole ReID checkpoint), none (random numbers)",
    ),
    _same("--neck", "MODEL.NECK", "CHOICE", "bnneck or no"),
    _same(
        "--test_neck --neck_feat", "TEST.NECK_FEAT", "CHOICE", "feature to test: before or after the BNNeck"
    ),
    _same("--IF_WITH_CENTER", "MODEL.IF_WITH_CENTER", "yes|no", "add the center loss"),
    Flag(
        ("--resume",),
        "RESUME",
        "",
        "RUN",
        "go on with a run: its folder, or a file of it; alone: the newest under OUTPUT_DIR or logs/",
    ),
    Flag(("--freeze",), "SOLVER.FREEZE", "", "", "leave the backbone as it is for the first epochs"),
    Flag(("--freeze_epoch",), "SOLVER.FREEZE_EPOCHS", "", "N", "how many epochs --freeze lasts"),
    Flag(("--kd",), "KD.SELF", "", "", "self-distillation: the last stage teaches the earlier ones"),
    Flag(
        ("--feature_loss_coefficient",),
        "KD.FEATURE_LOSS_COEFFICIENT",
        "",
        "X",
        "weight of the stages' features in it",
    ),
    Flag(
        ("--calibrate",), "", "TEST.CALIBRATE", "", "find the similarity at which two images are one person"
    ),
    Flag(
        ("--save_results",), "", "TEST.SAVE_RESULTS", "FILE", "each query's result: .parquet, .csv or .json"
    ),
    Flag(("--show_worst",), "", "TEST.SHOW_WORST", "N", "log the N queries with the worst results"),
)

_EXAMPLES = {
    "train": """examples:
  python tools/train.py --config_file configs/demo.yml
  python tools/train.py --model_name resnet50_ibn_a --IMS_PER_BATCH 64 --MAX_EPOCHS 120
  python tools/train.py --model_name resnet18 --pretrain_choice none INPUT.SIZE_TRAIN "[128,64]"
  python tools/train.py --resume logs/<run>""",
    "test": """examples:
  python tools/test.py --model_path logs/<run>/mAP75.1.pth
  python tools/test.py --model_name resnet50 --model_path weights/mAP75.1.pth --TEST_IMS_PER_BATCH 4""",
}
_ABOUT = {
    "train": "Train a person re-identification network; every epoch ends with mAP and Rank-1/5/10 and a "
    "mAPxx.pth.",
    "test": "Measure mAP and Rank-1/5/10 of trained weights. Beside a run's config.yml no other flag is "
    "needed.",
}


def parse_args(argv: list[str] | None, command: str) -> tuple[str, list[tuple[str, str]]]:
    """Read a command line.

    Args:
        argv: the words after the program's name; None: those of this process.
        command: "train" or "test".

    Returns:
        The YAML file named, or "", and the (key, text) pairs in the order in which they count: flags first,
        then the trailing ``KEY VALUE`` pairs.

    Raises:
        ConfigError: an unknown flag, a flag without its value, a key without its value.
    """
    parser = _Parser(
        prog=f"tools/{command}.py",
        description=_ABOUT[command],
        epilog=_EXAMPLES[command],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--config_file",
        default="",
        metavar="FILE",
        help="YAML with settings (default: configs/softmax_triplet.yml)",
    )
    for flag in FLAGS:
        if key := getattr(flag, command):
            value = {"metavar": flag.metavar} if flag.metavar else {"action": "store_const", "const": "yes"}
            parser.add_argument(*flag.names, dest=key, help=f"{flag.help}  [{key}]", **value)
    parser.add_argument(
        "opts",
        nargs="*",
        metavar="KEY VALUE",
        help="any setting of config/defaults.py, e.g. SOLVER.BASE_LR 1e-4",
    )
    args = vars(parser.parse_intermixed_args(_name_the_run(sys.argv[1:] if argv is None else argv)))
    opts, config_file = args.pop("opts"), args.pop("config_file")
    if len(opts) % 2:
        raise ConfigError(f"settings at the end come as KEY VALUE pairs; {opts[-1]} stands alone")
    pairs = [(key, text) for key, text in args.items() if text is not None]
    return config_file, pairs + list(zip(opts[::2], opts[1::2], strict=True))


def _name_the_run(words: list[str]) -> list[str]:
    """``--resume`` with no run after it, but another flag, a setting or nothing, as ``--resume newest``."""
    words = list(words)
    for i, word in enumerate(words):
        following = words[i + 1 : i + 2]
        if word == "--resume" and (
            not following or following[0].startswith("--") or following[0].split(".")[0] in get_defaults()
        ):
            words[i] = f"--resume={NEWEST}"
    return words


class _Parser(argparse.ArgumentParser):
    """argparse, with its errors as ConfigError."""

    def error(self, message: str) -> NoReturn:
        if message.startswith("unrecognized arguments: "):
            flag = message.split()[2]
            message = (
                f"unknown flag {flag}{did_you_mean(flag, self._option_string_actions)}; --help lists them"
            )
        raise ConfigError(message)
