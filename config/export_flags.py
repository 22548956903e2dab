"""The flags of tools/extract.py and tools/export.py."""

from .flag import Flag
from .setting import setting

EXTRACT, EXPORT = ("extract",), ("export",)
FORMATS = ("pth", "onnx", "torchscript", "openvino")

EXPORT_FLAGS = (
    Flag(("images",), setting((), path=True), "IMAGE", "files, folders, tables", EXTRACT),
    Flag(
        ("--out",),
        setting("features.parquet", path=True),
        "FILE",
        "file to write: .parquet, .npz, .h5 or .csv",
        EXTRACT,
    ),
    Flag(("--l2_norm",), setting(False), "", "features of length 1", EXTRACT + EXPORT),
    Flag(("--format",), setting("pth", choices=FORMATS), "FORMAT", ", ".join(FORMATS), EXPORT),
    Flag(
        ("--out",),
        setting("", path=True),
        "FILE",
        "file to write (default: beside the weights, under their name)",
        EXPORT,
    ),
    Flag(("--fp16",), setting(False), "", "in half precision", EXPORT),
    Flag(
        ("--int8",),
        setting(False),
        "",
        "with 8-bit integers, whose ranges are found on images of the data set, or of --images",
        EXPORT,
    ),
    Flag(
        ("--with_preprocess",),
        setting(False),
        "",
        "a network that takes pixels, (N, H, W, 3) uint8 RGB at its own size, and normalises them itself",
        EXPORT,
    ),
    Flag(("--opset",), setting(18, least=18), "N", "version of ONNX's operators", EXPORT),
    Flag(
        ("--images",),
        setting((), path=True),
        "IMAGE",
        "files, folders or tables of images to check with (default: drawn people; --int8: of the data set)",
        EXPORT,
    ),
    Flag(
        ("--evaluate",),
        setting("auto", choices=("auto", "yes", "no")),
        "yes|no",
        "measure the mAP of both networks; auto: with --int8, where the data set is there",
        EXPORT,
    ),
)
