"""The flags of tools/visualize.py."""

from .flag import Flag
from .setting import Setting, setting

RANKS, ACTIVATIONS = "visualize ranks", "visualize activations"
EMBEDDING, BATCH = "visualize embedding", "visualize batch"


def _picture(name: str) -> Setting:
    return setting(name, path=True, check=lambda file: file.endswith(".png"), text="must end with .png")


VISUALIZE_FLAGS = (
    Flag(
        ("--queries",),
        setting((), path=True),
        "FILE",
        "these queries of the data set, by their names or paths",
        (RANKS,),
    ),
    Flag(("--random",), setting(0, least=0), "N", "N queries, drawn with SEED", (RANKS,)),
    Flag(
        ("--worst",),
        setting(0, least=0),
        "N",
        "the N queries with the lowest average precision (default: 10)",
        (RANKS,),
    ),
    Flag(
        ("--images",),
        setting((), path=True),
        "IMAGE",
        "files, folders or tables of images (default: of the data set's queries)",
        (ACTIVATIONS,),
    ),
    Flag(
        ("--random",),
        setting(0, least=0),
        "N",
        "N of them, drawn with SEED (default: 12 of the data set's, all of --images)",
        (ACTIVATIONS,),
    ),
    Flag(
        ("--people",),
        setting(0, least=0),
        "N",
        "people, drawn with SEED (default: 20, or all if there are fewer)",
        (EMBEDDING,),
    ),
    Flag(
        ("--method",),
        setting("tsne", choices=("tsne", "umap")),
        "NAME",
        "tsne (scikit-learn) or umap (umap-learn)",
        (EMBEDDING,),
    ),
    Flag(("--epoch",), setting(1, least=1), "N", "whose first batch is shown", (BATCH,)),
    Flag(("--most",), setting(64, least=1), "N", "images shown", (BATCH,)),
    Flag(("--out",), _picture("ranks.png"), "FILE", "picture to write, .png", (RANKS,)),
    Flag(("--out",), _picture("activations.png"), "FILE", "picture to write, .png", (ACTIVATIONS,)),
    Flag(("--out",), _picture("embedding.png"), "FILE", "picture to write, .png", (EMBEDDING,)),
    Flag(("--out",), _picture("batch.png"), "FILE", "picture to write, .png", (BATCH,)),
)
