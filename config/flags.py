"""The flags: one row each, for the commands or kinds of commands that it names."""

from .export_flags import EXPORT_FLAGS
from .flag import Flag
from .resume import NEWEST
from .search_flags import SEARCH_FLAGS
from .setting import setting
from .visualize_flags import VISUALIZE_FLAGS

TRAINING, TESTING, USING = ("training",), ("testing",), ("using",)
BOTH = TRAINING + TESTING
ALL = BOTH + USING
JSON = setting("", path=True)

FLAGS = (
    Flag(
        ("--config_file",),
        setting("", path=True),
        "FILE",
        "YAML with settings (default: configs/softmax_triplet.yml)",
        ALL,
    ),
    Flag(("--model_name",), "MODEL.NAME", "NAME", "network", ALL),
    Flag(("--model_path", "--weights"), "MODEL.PRETRAIN_PATH", "FILE", "weights to start from", TRAINING),
    Flag(
        ("--model_path", "--weights"),
        "TEST.WEIGHT",
        "FILE",
        "weights to test (mAPxx.pth, or an exported file)",
        TESTING,
    ),
    Flag(("--model_path", "--weights"), "TEST.WEIGHT", "FILE", "weights (mAPxx.pth)", USING),
    Flag(("--Test_weight",), "TEST.WEIGHT", "FILE", "weights to test", BOTH),
    Flag(("--IMS_PER_BATCH",), "SOLVER.IMS_PER_BATCH", "N", "images in a training batch", BOTH),
    Flag(("--TEST_IMS_PER_BATCH",), "TEST.IMS_PER_BATCH", "N", "images in a test batch", ALL),
    Flag(("--MAX_EPOCHS",), "SOLVER.MAX_EPOCHS", "N", "epochs to train", BOTH),
    Flag(
        ("--pretrain_choice",),
        "MODEL.PRETRAIN_CHOICE",
        "CHOICE",
        "start from ImageNet weights, a whole ReID checkpoint (self) or random weights",
        BOTH,
    ),
    Flag(("--neck",), "MODEL.NECK", "CHOICE", "what is between the feature and the classifier", ALL),
    Flag(
        ("--test_neck", "--neck_feat"),
        "TEST.NECK_FEAT",
        "CHOICE",
        "side of the BNNeck whose feature is tested",
        ALL,
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
    *EXPORT_FLAGS,
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
    Flag(
        ("--uri",),
        setting(""),
        "ADDRESS",
        "a Milvus server, such as http://host:19530 (default: milvus-lite, in a temporary folder)",
        ("benchmark gallery",),
    ),
    Flag(("--vectors",), setting(100_000, least=10), "N", "vectors to insert", ("benchmark gallery",)),
    Flag(
        ("--tracklets",),
        setting((10_000,), check=lambda sizes: min(sizes) > 0, text="are 1 or more"),
        "N",
        "how many, each in a gallery of its own",
        ("benchmark people",),
    ),
    Flag(
        ("--dim",),
        setting(512, least=2),
        "N",
        "numbers of a vector",
        ("benchmark gallery", "benchmark people"),
    ),
    Flag(
        ("--repeats",),
        setting(50, least=1),
        "N",
        "searches; the median is reported",
        ("benchmark gallery",),
    ),
    Flag(("video",), setting("", path=True), "VIDEO", "file of a video", ("benchmark search",)),
    Flag(
        ("--detector",),
        setting("", path=True),
        "DETECTOR",
        "what finds people, as for tools/search.py index",
        ("benchmark search",),
    ),
    Flag(
        ("--weights",),
        setting("", path=True),
        "FILE",
        "network that compares people (default: the ready one in weights/)",
        ("benchmark search",),
    ),
    Flag(
        ("--times",),
        setting(1, least=1),
        "N",
        "compare the peak of the memory with that of the same video N times as long",
        ("benchmark search",),
    ),
    Flag(("--steps",), setting(10, least=1), "N", "steps per round", ("benchmark train",)),
    Flag(
        ("--rounds",),
        setting(5, least=1),
        "N",
        "rounds; the median is reported",
        ("benchmark train", "benchmark search"),
    ),
    Flag(
        ("--json",),
        JSON,
        "FILE",
        "write the figures to this file",
        ("benchmark eval", "benchmark train", "benchmark gallery", "benchmark people", "benchmark search"),
    ),
    *VISUALIZE_FLAGS,
    *SEARCH_FLAGS,
)
