"""Every setting: its meaning, unit, default and bounds. The names are those of reid-strong-baseline.

A setting's type is the type of its default. The defaults are the recipe of "Bag of Tricks and a Strong
Baseline for Deep Person Re-identification" (Luo et al., CVPRW 2019) on Market-1501.

Where a registry holds the names that a setting may have, ``tools/train.py --help`` lists them. A setting
marked ``may_change`` affects neither the weights nor the way to them (where things lie, what is tested and
logged, how long training lasts), so a run may be resumed with another value of it. A ``path`` may begin with
~, the home folder.
"""

import math

from yacs.config import CfgNode

from .setting import Section, setting

PROBABILITY = {"least": 0, "most": 1, "text": "is a probability, 0 to 1"}
SIZE = {
    "check": lambda size: len(size) == 2 and min(size) >= 32,
    "text": "must be [height, width], each at least 32",
}

_C = Section()

# Seed of every random number: weights, order of the images, augmentation.
_C.SEED = setting(0, least=0)
# Use deterministic algorithms on a GPU too; slower. A CPU is always deterministic, with the same number of
# threads.
_C.DETERMINISTIC = False

# Folder of the run's log, settings and weights. Empty: logs/<model>-<dataset>-<time>. If the folder already
# holds a run, the new one goes to <folder>-2, -3, …
_C.OUTPUT_DIR = setting("", path=True, may_change=True)

# Run to resume: its folder, or a file of it; 'newest': the newest under OUTPUT_DIR, or under logs/. Its
# settings apply, except those given on the command line.
_C.RESUME = setting("", path=True, may_change=True)

# ---------------------------------------------------------------------------------------------------- network
_C.MODEL = Section()
# 'cuda' or 'cpu'. Without a GPU, 'cuda' falls back to the CPU, with a warning.
_C.MODEL.DEVICE = setting("cuda", choices=("cuda", "cpu"), may_change=True)
# Number of the GPU, as in "nvidia-smi".
_C.MODEL.DEVICE_ID = setting("0", check=str.isdecimal, text="must be the number of one GPU", may_change=True)
# Backbone, such as resnet50_ibn_a, or timm/<name> for any network of timm; --help lists all.
_C.MODEL.NAME = "resnet50"
# Stride of the backbone's last stage: 1 keeps the feature map twice as high and wide as ImageNet's 2.
_C.MODEL.LAST_STRIDE = setting(1, least=1)
# ReLU after the first batch norm, as ImageNet weights need it. Checkpoints of reid-strong-baseline's plain
# ResNets (not its IBN ones) were trained without it: 'no' for them.
_C.MODEL.STEM_RELU = True
# Initial weights: 'imagenet', 'self' (a whole ReID checkpoint) or 'none' (random).
_C.MODEL.PRETRAIN_CHOICE = setting("imagenet", choices=("imagenet", "self", "none"), may_change=True)
# File of those weights, or of others that were trained on people (docs/pretrained.md). Empty with 'imagenet':
# downloaded from torchvision, IBN-Net or timm; with 'self': the ready ones in weights/, for the networks that
# have some (mobilenet_v2).
_C.MODEL.PRETRAIN_PATH = setting("", path=True, may_change=True)
# Non-local blocks in a ResNet, where AGW has them. They start as the identity.
_C.MODEL.NON_LOCAL = False
# Pooling of the feature map: 'avg' (mean) or 'gem' (generalised mean, whose exponent is learned).
_C.MODEL.POOLING = "avg"
# Width to which a linear layer reduces the feature, before the neck [values]; 0: the backbone's own.
_C.MODEL.EMBEDDING_DIM = setting(0, least=0)
# 'global': one feature of the whole image; 'parts': in addition, max-pooled features of the whole, its halves
# and its thirds, each with a neck and a classifier. All features are concatenated in testing.
_C.MODEL.HEAD = setting("global", choices=("global", "parts"))
# 'bnneck': a batch norm between the feature and the classifier; 'no': none.
_C.MODEL.NECK = setting("bnneck", choices=("bnneck", "no"))
# With several processes (torchrun), compute the statistics of batch norms over all of them.
_C.MODEL.SYNC_BN = False
# Loss on the class scores: 'softmax' (cross-entropy), one on cosines with a margin such as 'arcface' (the
# classifier then gives cosines), or 'none'.
_C.MODEL.ID_LOSS_TYPE = "softmax"
# Smooth the labels of the cross-entropy by 0.1.
_C.MODEL.IF_LABELSMOOTH = True
# Loss on the features: 'triplet' (batch-hard), 'weighted_triplet' (AGW's, without a margin), another that
# --help lists, or 'none'.
_C.MODEL.METRIC_LOSS_TYPE = "triplet"
# Add the center loss.
_C.MODEL.IF_WITH_CENTER = False

# ------------------------------------------------------------------------------------------------------ input
_C.INPUT = Section()
# Height and width of the images in training and in testing [pixels].
_C.INPUT.SIZE_TRAIN = setting([256, 128], **SIZE)
_C.INPUT.SIZE_TEST = setting([256, 128], **SIZE, may_change=True)
# Smaller images in the first FIRST_EPOCHS epochs, to which those of SIZE_TRAIN are shrunk: a quarter of the
# pixels costs about a quarter of the time ("progressive resizing"). 0 epochs: SIZE_TRAIN always.
_C.INPUT.SIZE_FIRST = setting([128, 64], **SIZE)
_C.INPUT.FIRST_EPOCHS = setting(0, least=0)
# Probability of a horizontal flip.
_C.INPUT.PROB = setting(0.5, **PROBABILITY)
# Probability of random erasing.
_C.INPUT.RE_PROB = setting(0.5, **PROBABILITY)
# Black border added on each side before the random crop back to SIZE_TRAIN [pixels].
_C.INPUT.PADDING = setting(10, least=0)
# Probability of a colour jitter, and how much it changes brightness, contrast, saturation (a factor of 1 - x
# to 1 + x each) and hue (- x to + x of the colour circle).
_C.INPUT.COLOR_JITTER_PROB = setting(0.0, **PROBABILITY)
_C.INPUT.COLOR_JITTER = setting(
    [0.15, 0.15, 0.1, 0.1],
    check=lambda jitter: len(jitter) == 4 and min(jitter) >= 0 and jitter[3] <= 0.5,
    text="must be [brightness, contrast, saturation, hue], none negative and hue at most 0.5",
)
# Probability of a random augmentation policy, and its name, such as autoaugment (ImageNet's).
_C.INPUT.AUTOAUG_PROB = setting(0.0, **PROBABILITY)
_C.INPUT.AUTOAUG = "autoaugment"
# Mean and standard deviation of the pixels, red, green, blue, in 0..1.
_C.INPUT.PIXEL_MEAN = setting(
    [0.485, 0.456, 0.406], check=lambda mean: len(mean) == 3, text="must have 3 values: red, green, blue"
)
_C.INPUT.PIXEL_STD = setting(
    [0.229, 0.224, 0.225],
    check=lambda std: len(std) == 3 and min(std) > 0,
    text="must have 3 values above 0: red, green, blue",
)

# --------------------------------------------------------------------------------------------------- data set
_C.DATASETS = Section()
# Data sets to train on together: names such as market1501 or synthetic (people drawn by this program, once),
# or paths of your own folders or tables (docs/data.md). A path is absolute, or relative to the working
# directory or to ROOT_DIR.
_C.DATASETS.NAMES = setting(
    ("market1501",),
    path=True,
    check=lambda names: 0 < len(names) == len(set(names)),
    text="must name data sets, such as market1501, each once",
)
# Data set whose query and gallery are tested, named in the same way. Empty: the first of NAMES.
_C.DATASETS.TEST_NAME = setting("", path=True, may_change=True)
# Folder that holds the data sets' folders.
_C.DATASETS.ROOT_DIR = setting("./data", path=True, may_change=True)
# cuhk03: use the hand-labelled boxes instead of the detected ones.
_C.DATASETS.CUHK03_LABELED = False
# A file that cannot be read as an image: 'stop' ends with an error that names it, 'skip' warns and
# leaves it out.
_C.DATASETS.ON_BAD_IMAGE = setting("stop", choices=("stop", "skip"), may_change=True)
# Size of the synthetic data set: identities for training and for testing, pictures of each in each camera
# that sees it (one of them is the query), and the seed of the drawing.
_C.DATASETS.SYNTHETIC = Section()
_C.DATASETS.SYNTHETIC.TRAIN_IDS = setting(100, least=1)
_C.DATASETS.SYNTHETIC.TEST_IDS = setting(60, least=1)
_C.DATASETS.SYNTHETIC.IMAGES_PER_CAMERA = setting(
    4, least=2, text="must be at least 2: a query and a gallery image"
)
_C.DATASETS.SYNTHETIC.SEED = setting(0, least=0)

# ---------------------------------------------------------------------------------------------------- loading
_C.DATALOADER = Section()
# Decoded and resized images are kept in files under <DATASETS.ROOT_DIR>/.cache: 'ram' maps them into memory,
# 'device' copies them to the GPU's memory, 'none' makes none and reads the image files in every epoch. Where
# the pixels do not fit, a warning says so, and 'none' (or, for the GPU, 'ram') takes over.
_C.DATALOADER.CACHE = setting("ram", choices=("none", "ram", "device"), may_change=True)
# Maximum size of those files together [GB].
_C.DATALOADER.CACHE_GB = setting(50.0, least=0, may_change=True)
# Worker processes that read images without a cache. -1: one per core available to this process, at most 8.
# 0: the main process reads.
_C.DATALOADER.NUM_WORKERS = setting(-1, least=-1, text="must be -1 (one per core) or more", may_change=True)
# How batches are drawn: 'softmax_triplet' or 'triplet' (P identities x NUM_INSTANCE images),
# 'camera_balanced' (the same, an identity's images from as many cameras as possible), 'identity_balanced'
# (the same, every identity equally often, however many images it has), 'softmax' (shuffled), …
_C.DATALOADER.SAMPLER = "softmax_triplet"
# Images of each identity in a batch (K of PK sampling).
_C.DATALOADER.NUM_INSTANCE = setting(4, least=1)

# --------------------------------------------------------------------------------------------------- training
_C.SOLVER = Section()
# Epochs to train. With SCHEDULE cosine, whose learning rates all depend on it, a resumed run must keep it.
_C.SOLVER.MAX_EPOCHS = setting(120, least=1, may_change=True)
# Images in a training batch; with several processes (torchrun), in the batch of all together.
_C.SOLVER.IMS_PER_BATCH = setting(64, least=1)
# Batches whose gradients are averaged for one step of the optimizer; an epoch always ends with a step.
_C.SOLVER.GRAD_ACCUM = setting(1, least=1)
# Maximum norm of the gradient of all parameters, to which a larger one is scaled down; 0: no limit.
_C.SOLVER.CLIP_GRAD_NORM = setting(0.0, least=0)
# Optimizer; --help lists them.
_C.SOLVER.OPTIMIZER_NAME = "Adam"
# Learning rate after the warm-up.
_C.SOLVER.BASE_LR = setting(3.5e-4, above=0)
# Learning rate of the biases = BASE_LR x this.
_C.SOLVER.BIAS_LR_FACTOR = setting(1.0, least=0)
# Momentum of SGD.
_C.SOLVER.MOMENTUM = setting(0.9, least=0)
# Weight decay of the weights and of the biases.
_C.SOLVER.WEIGHT_DECAY = setting(0.0005, least=0)
_C.SOLVER.WEIGHT_DECAY_BIAS = setting(0.0005, least=0)
# Learning rate by layer: the head's = BASE_LR, that of each layer of the backbone (a ViT's blocks, a ResNet's
# stages) = the next one's x LAYER_DECAY; 1: BASE_LR for all.
_C.SOLVER.LAYER_DECAY = setting(1.0, above=0, most=1, text="is a factor, above 0 to 1 (off)")
# What follows the warm-up: 'multistep' (STEPS and GAMMA), or 'cosine' (FLAT_EPOCHS at BASE_LR, then half a
# cosine that reaches MIN_LR in the last epoch).
_C.SOLVER.SCHEDULE = "multistep"
_C.SOLVER.FLAT_EPOCHS = setting(0, least=0)
_C.SOLVER.MIN_LR = setting(7e-7, least=0)
# Epochs at which the learning rate is multiplied by GAMMA. A resumed run applies them from its next epoch.
_C.SOLVER.STEPS = setting(
    (40, 70), check=lambda steps: list(steps) == sorted(steps), text="must rise", may_change=True
)
_C.SOLVER.GAMMA = setting(0.1, least=0)
# Warm-up: from BASE_LR x WARMUP_FACTOR to BASE_LR, 'linear'ly, or at BASE_LR x WARMUP_FACTOR ('constant').
# Epoch WARMUP_ITERS (WARMUP_BY 'iteration': batch) is the first at BASE_LR, so that 0 and 1 are none.
_C.SOLVER.WARMUP_FACTOR = setting(0.01, least=0)
_C.SOLVER.WARMUP_ITERS = setting(10, least=0)
_C.SOLVER.WARMUP_METHOD = setting("linear", choices=("linear", "constant"))
_C.SOLVER.WARMUP_BY = setting("epoch", choices=("epoch", "iteration"))
# Margin of the triplet loss [distance between features].
_C.SOLVER.MARGIN = setting(0.3, least=0)
# Triplet loss with the soft margin log(1 + exp(positive - negative)) instead of MARGIN.
_C.SOLVER.SOFT_MARGIN = False
# Margin heads: scale of the cosines, and margin of the right class: an angle [radians] for arcface, a cosine
# for the others. ArcFace and CosFace as published, circle_softmax as fast-reid's SBS has it.
_C.SOLVER.ARCFACE = Section()
_C.SOLVER.ARCFACE.SCALE = setting(64.0, above=0)
_C.SOLVER.ARCFACE.MARGIN = setting(0.5, least=0, most=math.pi, text="is an angle, at most pi radians")
_C.SOLVER.COSFACE = Section()
_C.SOLVER.COSFACE.SCALE = setting(64.0, above=0)
_C.SOLVER.COSFACE.MARGIN = setting(0.35, least=0)
_C.SOLVER.CIRCLE_SOFTMAX = Section()
_C.SOLVER.CIRCLE_SOFTMAX.SCALE = setting(64.0, above=0)
_C.SOLVER.CIRCLE_SOFTMAX.MARGIN = setting(0.35, least=0)
# Circle loss on pairs: margin and scale of the cosine similarities, as published for re-identification.
_C.SOLVER.CIRCLE = Section()
_C.SOLVER.CIRCLE.MARGIN = setting(0.25, least=0)
_C.SOLVER.CIRCLE.GAMMA = setting(128.0, above=0)
# Multi-similarity loss: scale of the positives and of the negatives, the cosine similarity at which a pair
# counts half, and the margin within which pairs are hard enough to count.
_C.SOLVER.MULTI_SIMILARITY = Section()
_C.SOLVER.MULTI_SIMILARITY.ALPHA = setting(2.0, above=0)
_C.SOLVER.MULTI_SIMILARITY.BETA = setting(50.0, above=0)
_C.SOLVER.MULTI_SIMILARITY.BASE = 0.5
_C.SOLVER.MULTI_SIMILARITY.EPSILON = setting(0.1, least=0)
# Weights of the loss on the class scores, of that on the features and of the center loss. The circle loss is
# about GAMMA / 2: beside a loss on the scores, a weight of 0.02 suits it.
_C.SOLVER.ID_LOSS_WEIGHT = setting(1.0, least=0)
_C.SOLVER.METRIC_LOSS_WEIGHT = setting(1.0, least=0)
_C.SOLVER.CENTER_LOSS_WEIGHT = setting(0.0005, least=0)
# Center loss: learning rate of the centers.
_C.SOLVER.CENTER_LR = setting(0.5, least=0)
# With several processes, compute the loss on the features (such as the triplet loss) over the images of all
# of them.
_C.SOLVER.GATHER_TRIPLET = True
# Mixed precision: convolutions in bfloat16 where the processor supports it, in float16 with scaled gradients
# on other GPUs, in float32 elsewhere. 'no': float32 everywhere, on a GPU without TF32.
_C.SOLVER.AMP = True
# Compile the network with torch.compile: minutes at the start, faster steps. Needs a C++ compiler.
_C.SOLVER.COMPILE = setting(False, may_change=True)
# Freeze the backbone, including the statistics of its batch norms, for the first FREEZE_EPOCHS epochs.
_C.SOLVER.FREEZE = False
_C.SOLVER.FREEZE_EPOCHS = setting(20, least=0)
# Test and save an exponential moving average of the weights with this decay, such as 0.999; 0: the weights.
# The decay is reached after 9 / (1 - decay) steps, 9,000 for 0.999; until then, it is lower, and the average
# about that of the last ninth of the steps.
_C.SOLVER.EMA = setting(0.0, least=0, below=1, text="is a decay, 0 (off) to below 1")
# Steps with a non-finite loss that a run may skip; the next one ends it.
_C.SOLVER.SKIP_BAD_STEPS = setting(0, least=0, may_change=True)
# End the training after this many evaluations without a better mAP; 0: never.
_C.SOLVER.EARLY_STOP = setting(0, least=0, may_change=True)
# last.pth, from which a run can be resumed, is saved after each epoch and every SAVE_EVERY_MINUTES; 0: after
# each epoch only.
_C.SOLVER.SAVE_EVERY_MINUTES = setting(30.0, least=0, may_change=True)
# A line in the log every LOG_PERIOD batches.
_C.SOLVER.LOG_PERIOD = setting(20, least=1, may_change=True)
# An evaluation, and its mAPxx.pth, every EVAL_PERIOD epochs, and after the last.
_C.SOLVER.EVAL_PERIOD = setting(1, least=1, may_change=True)
# Weights kept: the best KEEP_BEST by mAP, and always the newest. 0: all.
_C.SOLVER.KEEP_BEST = setting(3, least=0, may_change=True)

# --------------------------------------------------------------------------------------------------- watching
_C.LOG = Section(may_change=True)
# Programs to watch the training with, besides curves.png, as in [tensorboard, wandb]; --help lists them. Each
# needs the package of its name. A run that is resumed goes on where it was. [] switches them off.
_C.LOG.WRITERS = setting(
    (), check=lambda names: len(names) == len(set(names)), text="must name programs, each once"
)

# ----------------------------------------------------------------------------------------------- distillation
_C.KD = Section()
# Self-distillation: the last stage of a ResNet teaches the earlier ones. MODEL.NAME resnet18_kd, … switches
# it on as well.
_C.KD.SELF = False
# Weight of the distance between their features and the last stage's, which lies in 0..4.
_C.KD.FEATURE_LOSS_COEFFICIENT = setting(0.03, least=0)
# Weight of the last stage's softened scores in what an earlier one learns; the identities have the rest.
_C.KD.SELF_LOGITS = setting(0.3, least=0, most=1, text="is a weight, 0 to 1")
# Weights of a trained network that teaches this one; its settings are in the config.yml beside them. A
# resumed run must keep its teacher, which may have moved.
_C.KD.TEACHER = setting("", path=True, may_move=True)
# A teacher of any other kind, as its features of the training images: a .npz, .parquet or .csv file of names
# and vectors (docs/distillation.md).
_C.KD.TEACHER_FEATURES = setting("", path=True, may_move=True)
# Weights of what is learned from a teacher: its scores for the student's identities (a network's only if it
# was trained on them), its features through a linear layer, and how similar it finds the images of a batch.
# The last two losses lie in 0..4.
_C.KD.LOGITS = setting(0.3, least=0)
_C.KD.EMBEDDING = setting(5.0, least=0)
_C.KD.RELATION = setting(20.0, least=0)
# Temperature that softens scores.
_C.KD.TEMPERATURE = setting(4.0, above=0)

# ---------------------------------------------------------------------------------------------------- testing
_C.TEST = Section(may_change=True)
# Images in a test batch.
_C.TEST.IMS_PER_BATCH = setting(128, least=1)
# File of the weights to test.
_C.TEST.WEIGHT = setting("", path=True)
# Feature 'before' or 'after' the BNNeck.
_C.TEST.NECK_FEAT = setting("after", choices=("before", "after"))
# Rank by cosine (features scaled to length 1). 'no': by Euclidean distance.
_C.TEST.FEAT_NORM = True
# Which gallery images of the query's identity and camera count: 'drop' (none, as the benchmarks have it) or
# 'keep' (all, for data without camera ids).
_C.TEST.SAME_CAMERA = setting("drop", choices=("drop", "keep"))
# 'standard', or 'single_gallery_shot' (CUHK03): galleries of one image per identity, drawn REPEATS times.
_C.TEST.PROTOCOL = setting("standard", choices=("standard", "single_gallery_shot"))
_C.TEST.REPEATS = setting(10, least=1)

# The rest is for tools/test.py, which prints one row per way of ranking that is on; training ignores it.

# Mean of the features of an image and of its mirror image.
_C.TEST.FLIP = False
# Mean of the features of all query images of a person in a camera, and of those in Market-1501's gt_bbox.
_C.TEST.MULTI_QUERY = False
# Gallery images that join a query in query expansion; 0: none. QE_ALPHA 0 averages them, above 0 weights each
# by similarity^QE_ALPHA.
_C.TEST.QUERY_EXPANSION = setting(0, least=0)
_C.TEST.QE_ALPHA = setting(3.0, least=0)
# k-reciprocal re-ranking, and its constants.
_C.TEST.RE_RANKING = False
_C.TEST.K1 = setting(20, least=1)
_C.TEST.K2 = setting(6, least=1)
_C.TEST.LAMBDA = setting(0.3, least=0, most=1, text="is a weight, 0 to 1")
# Find the similarity above which two images show the same person, and write it beside the weights.
_C.TEST.CALIBRATE = False
# File for the result of each query, with its TOP_K nearest gallery images: .parquet, .csv or .json.
_C.TEST.SAVE_RESULTS = setting(
    "",
    path=True,
    check=lambda file: not file or file.endswith((".parquet", ".csv", ".json")),
    text="must end with .parquet, .csv or .json",
)
_C.TEST.TOP_K = setting(10, least=1)
# Page of all results, with the worst queries: one .html file that opens without a network.
_C.TEST.REPORT = setting(
    "", path=True, check=lambda file: not file or file.endswith(".html"), text="must end with .html"
)
# Number of the worst queries shown in the log.
_C.TEST.SHOW_WORST = setting(0, least=0)

# Dotted name -> declaration.
SETTINGS = dict(_C.settings())


def get_defaults() -> CfgNode:
    """A fresh copy of the default settings, not frozen."""
    return _C.tree()
