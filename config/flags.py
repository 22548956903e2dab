"""The flags: one row each, for the commands or kinds of commands that it names."""

from typing import NamedTuple

from .resume import NEWEST
from .setting import Setting, setting


class Flag(NamedTuple):
    """A flag, or positional words, of some commands."""

    names: tuple[str, ...]  # without dashes: positional words, which are required
    fills: str | Setting  # the setting of config/defaults.py that it fills, or its own value
    metavar: str  # "": it takes no value and switches its setting on
    help: str
    commands: tuple[str, ...]  # names of commands, or of kinds of commands
    alone: str = ""  # what it means with no value after it

    @property
    def dest(self) -> str:
        """Where its value is found: under the setting's name, or its own."""
        return self.fills if isinstance(self.fills, str) else self.names[0].lstrip("-")


TRAINING, TESTING = ("training",), ("testing",)
BOTH = TRAINING + TESTING
JSON = setting("", path=True)

FLAGS = (
    Flag(
        ("--config_file",),
        setting("", path=True),
        "FILE",
        "YAML with settings (default: configs/softmax_triplet.yml)",
        BOTH,
    ),
    Flag(("--model_name",), "MODEL.NAME", "NAME", "network", BOTH),
    Flag(("--model_path", "--weights"), "MODEL.PRETRAIN_PATH", "FILE", "weights to start from", TRAINING),
    Flag(("--model_path", "--weights"), "TEST.WEIGHT", "FILE", "weights to test (mAPxx.pth)", TESTING),
    Flag(("--Test_weight",), "TEST.WEIGHT", "FILE", "weights to test", BOTH),
    Flag(("--IMS_PER_BATCH",), "SOLVER.IMS_PER_BATCH", "N", "images in a training batch", BOTH),
    Flag(("--TEST_IMS_PER_BATCH",), "TEST.IMS_PER_BATCH", "N", "images in a test batch", BOTH),
    Flag(("--MAX_EPOCHS",), "SOLVER.MAX_EPOCHS", "N", "epochs to train", BOTH),
    Flag(
        ("--pretrain_choice",),
        "MODEL.PRETRAIN_CHOICE",
        "CHOICE",
        "start from ImageNet weights, a whole ReID checkpoint (self) or random weights",
        BOTH,
    ),
    Flag(("--neck",), "MODEL.NECK", "CHOICE", "what is between the feature and the classifier", BOTH),
    Flag(
        ("--test_neck", "--neck_feat"),
        "TEST.NECK_FEAT",
        "CHOICE",
        "side of the BNNeck whose feature is tested",
        BOTH,
    ),
    Flag(("--IF_WITH_CENTER",), "MODEL.IF_WITH_CENTER", "yes|no", "add the center loss", BOTH),
    Flag(
        ("--resume",),
        "RESUME",
        "RUN",
        "resume a run: its folder, or a file of it; alone: the newest under OUTPUT_DIR or logs/",
        TRAINING,
        NEWEST,
    ),
    Flag(("--freeze",), "SOLVER.FREEZE", "", "freeze the backbone for the first epochs", TRAINING),
    Flag(("--freeze_epoch",), "SOLVER.FREEZE_EPOCHS", "N", "how many epochs --freeze lasts", TRAINING),
    Flag(("--kd",), "KD.SELF", "", "self-distillation: the last stage teaches the earlier ones", TRAINING),
    Flag(
        ("--feature_loss_coefficient",),
        "KD.FEATURE_LOSS_COEFFICIENT",
        "X",
        "weight of the feature loss of --kd",
        TRAINING,
    ),
    Flag(
        ("--calibrate",),
        "TEST.CALIBRATE",
        "",
        "find the similarity above which two images show the same person",
        TESTING,
    ),
    Flag(
        ("--save_results",),
        "TEST.SAVE_RESULTS",
        "FILE",
        "file for each query's result: .parquet, .csv or .json",
        TESTING,
    ),
    Flag(("--show_worst",), "TEST.SHOW_WORST", "N", "log the N queries with the worst results", TESTING),
    Flag(("--format",), setting("pth", choices=("pth",)), "FORMAT", "what to write: pth", ("export",)),
    Flag(
        ("--out",),
        setting("", path=True),
        "FILE",
        "file to write (default: beside the weights, <name>.small.pth)",
        ("export",),
    ),
    Flag(
        ("--picture",),
        setting("", path=True),
        "FILE",
        "picture of the data set (default: logs/data-<name>.png)",
        ("validate_data",),
    ),
    Flag(("--json",), JSON, "FILE", "write all findings to this file, with all names", ("validate_data",)),
    Flag(("runs",), setting((), path=True), "RUN", "folder of a run, logs/<run>", ("results",)),
    Flag(
        ("--overview",),
        setting(False),
        "",
        "what each run trained, from what and how long, instead of how its settings differ",
        ("results",),
    ),
    Flag(("--picture",), setting("", path=True), "FILE", "picture of the runs' curves, .png", ("results",)),
    Flag(("--sizes",), setting(()), "SIZE", "sizes to measure (default: all)", ("benchmark eval",)),
    Flag(
        ("--re_ranking",),
        setting(("market1501", "msmt17")),
        "SIZE",
        "sizes to re-rank as well",
        ("benchmark eval",),
    ),
    Flag(
        ("--plain",),
        setting(("market1501",)),
        "SIZE",
        "sizes to measure with the plain implementation as well",
        ("benchmark eval",),
    ),
    Flag(("--repeats",), setting(5, least=1), "N", "runs; the median is reported", ("benchmark eval",)),
    Flag(("--steps",), setting(10, least=1), "N", "steps per round", ("benchmark train",)),
    Flag(("--rounds",), setting(5, least=1), "N", "rounds; the median is reported", ("benchmark train",)),
    Flag(("--json",), JSON, "FILE", "write the figures to this file", ("benchmark eval", "benchmark train")),
)
