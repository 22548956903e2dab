"""Every setting: its meaning, unit and default. The names are those of reid-strong-baseline.

A setting's type is the type of its default. The defaults are the recipe of "Bag of Tricks and a Strong
Baseline for Deep Person Re-identification" (Luo et al., CVPRW 2019) on Market-1501.
"""

from yacs.config import CfgNode as CN

_C = CN()

# Seed of every random number: weights, order of the images, augmentation.
_C.SEED = 0
# On a GPU too, choose algorithms that give the same result each time; slower. A CPU always does, with the
# same number of threads.
_C.DETERMINISTIC = False

# Folder of the run's log, settings and weights. Empty: logs/<model>-<dataset>-<time>. If the folder already
# holds a run, the new one goes to <folder>-2, -3, …
_C.OUTPUT_DIR = ""

# Run to go on with: its folder, or a file of it; 'newest': the newest under OUTPUT_DIR, or under logs/. Its
# settings hold, but for those of the command line; which may change, config/resume.py says.
_C.RESUME = ""

# ---------------------------------------------------------------------------------------------------- network
_C.MODEL = CN()
# 'cuda' or 'cpu'. cuda falls back to the cpu, with a warning, where there is none.
_C.MODEL.DEVICE = "cuda"
# Number of the GPU, as in "nvidia-smi".
_C.MODEL.DEVICE_ID = "0"
# Backbone: resnet18, resnet34, resnet50, resnet101, resnet152, resnet18_ibn_a, resnet34_ibn_a,
# resnet50_ibn_a, resnet101_ibn_a, resnet50_ibn_b, se_resnet50, se_resnet101, se_resnet50_ibn_a,
# se_resnet101_ibn_a, mobilenet_v2, osnet_x1_0, osnet_x0_25, or timm/<name> for any network of timm.
_C.MODEL.NAME = "resnet50"
# Stride of the backbone's last stage: 1 keeps the feature map twice as large as ImageNet's 2.
_C.MODEL.LAST_STRIDE = 1
# ReLU after the first batch norm, as ImageNet weights want it. Checkpoints of reid-strong-baseline's plain
# ResNets (not its IBN ones) were trained without: False for them.
_C.MODEL.STEM_RELU = True
# What the weights start from: 'imagenet', 'self' (a whole ReID checkpoint) or 'none' (random numbers).
_C.MODEL.PRETRAIN_CHOICE = "imagenet"
# File of those weights. Empty with 'imagenet': downloaded from torchvision, IBN-Net or timm.
_C.MODEL.PRETRAIN_PATH = ""
# Non-local blocks in a ResNet, where AGW has them. They start as the identity.
_C.MODEL.NON_LOCAL = False
# From the feature map to the feature: 'avg' (mean) or 'gem' (generalised mean, whose exponent is learned).
_C.MODEL.POOLING = "avg"
# Width to which a linear layer reduces the feature, before the neck [values]; 0: the backbone's own.
_C.MODEL.EMBEDDING_DIM = 0
# 'global': one feature of the whole image; 'parts': besides it, one of its maximum and ones of its halves and
# thirds, each with a neck and a classifier. Their features stand in a row in testing.
_C.MODEL.HEAD = "global"
# 'bnneck': a batch norm between the feature and the classifier; 'no': none.
_C.MODEL.NECK = "bnneck"
# With several processes (torchrun), batch norms take their statistics over all of them.
_C.MODEL.SYNC_BN = False
# Loss on the class scores: 'softmax' (cross-entropy), 'arcface', 'cosface', 'circle_softmax' (cross-entropy
# of cosines with a margin: the classifier then compares directions alone) or 'none'.
_C.MODEL.ID_LOSS_TYPE = "softmax"
# Smooth the labels of the cross-entropy by 0.1.
_C.MODEL.IF_LABELSMOOTH = True
# Loss on the features: 'triplet' (batch-hard), 'weighted_triplet' (AGW's, without a margin), 'circle',
# 'multi_similarity' or 'none'. 'triplet_center' and 'center', as reid-strong-baseline has them, are read as
# 'triplet' and 'none' with IF_WITH_CENTER on.
_C.MODEL.METRIC_LOSS_TYPE = "triplet"
# Add the center loss.
_C.MODEL.IF_WITH_CENTER = False

# ------------------------------------------------------------------------------------------------------ input
_C.INPUT = CN()
# Height and width of the images in training and in testing [pixels].
_C.INPUT.SIZE_TRAIN = [256, 128]
_C.INPUT.SIZE_TEST = [256, 128]
# Probability of a horizontal flip.
_C.INPUT.PROB = 0.5
# Probability of random erasing.
_C.INPUT.RE_PROB = 0.5
# Black border added on each side before a crop back to SIZE_TRAIN is taken [pixels].
_C.INPUT.PADDING = 10
# Probability of a colour jitter, and how much it changes brightness, contrast, saturation (a factor of 1 - x
# to 1 + x each) and hue (- x to + x of the colour circle).
_C.INPUT.COLOR_JITTER_PROB = 0.0
_C.INPUT.COLOR_JITTER = [0.15, 0.15, 0.1, 0.1]
# Probability of a random policy, and which: autoaugment (ImageNet's), randaugment, trivialaugment.
_C.INPUT.AUTOAUG_PROB = 0.0
_C.INPUT.AUTOAUG = "autoaugment"
# Mean and standard deviation of the pixels, red, green, blue, in 0..1.
_C.INPUT.PIXEL_MEAN = [0.485, 0.456, 0.406]
_C.INPUT.PIXEL_STD = [0.229, 0.224, 0.225]

# --------------------------------------------------------------------------------------------------- data set
_C.DATASETS = CN()
# Data sets to train on, all together: market1501, dukemtmc, msmt17, cuhk03, occluded_duke, veri (vehicles),
# synthetic (people drawn by this program, made once), or the path of a folder or table of your own
# (docs/data.md). A path is absolute, from the working directory, or below ROOT_DIR.
_C.DATASETS.NAMES = ("market1501",)
# Data set whose query and gallery are tested, named in the same way. Empty: the first of NAMES.
_C.DATASETS.TEST_NAME = ""
# Folder that holds the data sets' folders.
_C.DATASETS.ROOT_DIR = "./data"
# cuhk03: the boxes that people drew instead of those that a detector found.
_C.DATASETS.CUHK03_LABELED = False
# A file that cannot be read as an image: 'stop' ends with its name, 'skip' goes on without it and warns.
_C.DATASETS.ON_BAD_IMAGE = "stop"
# Size of the synthetic data set: identities for training and for testing, pictures of each in each camera
# that sees it (one of them is the query), and the seed of the drawing.
_C.DATASETS.SYNTHETIC = CN()
_C.DATASETS.SYNTHETIC.TRAIN_IDS = 100
_C.DATASETS.SYNTHETIC.TEST_IDS = 60
_C.DATASETS.SYNTHETIC.IMAGES_PER_CAMERA = 4
_C.DATASETS.SYNTHETIC.SEED = 0

# ---------------------------------------------------------------------------------------------------- loading
_C.DATALOADER = CN()
# Decoded and resized images are kept in files under <DATASETS.ROOT_DIR>/.cache: 'ram' maps them into memory,
# 'device' copies them to the GPU's memory, 'none' makes none and reads the image files in every epoch. Where
# the pixels do not fit, a warning says so, and 'none' (or, for the GPU, 'ram') takes over.
_C.DATALOADER.CACHE = "ram"
# Most that those files may take together [GB].
_C.DATALOADER.CACHE_GB = 50.0
# Processes that read images without a cache. -1: one per core that this process has, at most 8. 0: the main
# process reads.
_C.DATALOADER.NUM_WORKERS = -1
# How batches are drawn: 'softmax_triplet' or 'triplet' (P identities x NUM_INSTANCE images),
# 'camera_balanced' (the same, an identity's images from as many cameras as possible), 'identity_balanced'
# (the same, every identity equally often, however many images it has), 'softmax' (shuffled).
_C.DATALOADER.SAMPLER = "softmax_triplet"
# Images of each identity in a batch (K of PK sampling).
_C.DATALOADER.NUM_INSTANCE = 4

# --------------------------------------------------------------------------------------------------- training
_C.SOLVER = CN()
_C.SOLVER.MAX_EPOCHS = 120
# Images in a training batch; with several processes (torchrun), in the batch of all together.
_C.SOLVER.IMS_PER_BATCH = 64
# Batches whose gradients are averaged for one step of the optimizer; an epoch always ends with a step.
_C.SOLVER.GRAD_ACCUM = 1
# Largest norm of the gradient of all parameters, to which a larger one is scaled down; 0: any.
_C.SOLVER.CLIP_GRAD_NORM = 0.0
# 'Adam', 'AdamW' or 'SGD'.
_C.SOLVER.OPTIMIZER_NAME = "Adam"
# Learning rate after the warm-up.
_C.SOLVER.BASE_LR = 3.5e-4
# Learning rate of the biases = BASE_LR x this.
_C.SOLVER.BIAS_LR_FACTOR = 1.0
# Momentum of SGD.
_C.SOLVER.MOMENTUM = 0.9
# Weight decay of the weights and of the biases.
_C.SOLVER.WEIGHT_DECAY = 0.0005
_C.SOLVER.WEIGHT_DECAY_BIAS = 0.0005
# Learning rate by layer: the head's = BASE_LR, that of each layer of the backbone (a ViT's blocks, a ResNet's
# stages) = the next one's x LAYER_DECAY; 1: BASE_LR for all.
_C.SOLVER.LAYER_DECAY = 1.0
# What follows the warm-up: 'multistep' (STEPS and GAMMA), or 'cosine' (FLAT_EPOCHS at BASE_LR, then half a
# cosine that reaches MIN_LR in the last epoch).
_C.SOLVER.SCHEDULE = "multistep"
_C.SOLVER.FLAT_EPOCHS = 0
_C.SOLVER.MIN_LR = 7e-7
# Epochs at which the learning rate is multiplied by GAMMA.
_C.SOLVER.STEPS = (40, 70)
_C.SOLVER.GAMMA = 0.1
# Warm-up: the first WARMUP_ITERS epochs (WARMUP_BY 'iteration': batches) go from BASE_LR x WARMUP_FACTOR to
# BASE_LR, 'linear'ly, or stay at BASE_LR x WARMUP_FACTOR ('constant').
_C.SOLVER.WARMUP_FACTOR = 0.01
_C.SOLVER.WARMUP_ITERS = 10
_C.SOLVER.WARMUP_METHOD = "linear"
_C.SOLVER.WARMUP_BY = "epoch"
# Margin of the triplet loss [distance between features].
_C.SOLVER.MARGIN = 0.3
# Triplet loss with the soft margin log(1 + exp(positive - negative)) instead of MARGIN.
_C.SOLVER.SOFT_MARGIN = False
# Margin heads: scale of the cosines, and margin of the right class: an angle [radians] for arcface, a cosine
# for the others. ArcFace and CosFace as published, circle_softmax as fast-reid's SBS has it.
_C.SOLVER.ARCFACE = CN()
_C.SOLVER.ARCFACE.SCALE = 64.0
_C.SOLVER.ARCFACE.MARGIN = 0.5
_C.SOLVER.COSFACE = CN()
_C.SOLVER.COSFACE.SCALE = 64.0
_C.SOLVER.COSFACE.MARGIN = 0.35
_C.SOLVER.CIRCLE_SOFTMAX = CN()
_C.SOLVER.CIRCLE_SOFTMAX.SCALE = 64.0
_C.SOLVER.CIRCLE_SOFTMAX.MARGIN = 0.35
# Circle loss on pairs: margin and scale of the cosine similarities, as published for re-identification.
_C.SOLVER.CIRCLE = CN()
_C.SOLVER.CIRCLE.MARGIN = 0.25
_C.SOLVER.CIRCLE.GAMMA = 128.0
# Multi-similarity loss: scale of the positives and of the negatives, the cosine similarity at which a pair
# counts half, and the margin within which pairs are hard enough to count.
_C.SOLVER.MULTI_SIMILARITY = CN()
_C.SOLVER.MULTI_SIMILARITY.ALPHA = 2.0
_C.SOLVER.MULTI_SIMILARITY.BETA = 50.0
_C.SOLVER.MULTI_SIMILARITY.BASE = 0.5
_C.SOLVER.MULTI_SIMILARITY.EPSILON = 0.1
# Weights of the loss on the class scores, of that on the features and of the center loss. The circle loss is
# about half its GAMMA: beside a loss on the scores, 0.02 suits it.
_C.SOLVER.ID_LOSS_WEIGHT = 1.0
_C.SOLVER.METRIC_LOSS_WEIGHT = 1.0
_C.SOLVER.CENTER_LOSS_WEIGHT = 0.0005
# Center loss: learning rate of the centers.
_C.SOLVER.CENTER_LR = 0.5
# With several processes, the loss on the features (the triplet loss and its like) is over the images of all
# of them.
_C.SOLVER.GATHER_TRIPLET = True
# Convolutions in bfloat16 where the processor computes it, in float16 with scaled gradients on other GPUs, in
# float32 elsewhere. False: float32 everywhere.
_C.SOLVER.AMP = True
# Compile the network with torch.compile: minutes at the start, faster steps. Needs a C++ compiler.
_C.SOLVER.COMPILE = False
# Leave the backbone as it is, the statistics of its batch norms included, for the first FREEZE_EPOCHS epochs.
_C.SOLVER.FREEZE = False
_C.SOLVER.FREEZE_EPOCHS = 20
# Test and save the exponential moving average of the weights, of this decay (0.999, say); 0: the weights.
_C.SOLVER.EMA = 0.0
# Steps with a loss that is not finite that may be left out in a run; at the next, it ends.
_C.SOLVER.SKIP_BAD_STEPS = 0
# End the training after so many evaluations without a better mAP; 0: never.
_C.SOLVER.EARLY_STOP = 0
# last.pth, from which a run can go on, is saved after each epoch and every SAVE_EVERY_MINUTES; 0: after each
# epoch only.
_C.SOLVER.SAVE_EVERY_MINUTES = 30.0
# A line in the log every LOG_PERIOD batches.
_C.SOLVER.LOG_PERIOD = 20
# An evaluation, and its mAPxx.pth, every EVAL_PERIOD epochs, and after the last.
_C.SOLVER.EVAL_PERIOD = 1
# Weights kept: the best KEEP_BEST by mAP, and always the newest. 0: all.
_C.SOLVER.KEEP_BEST = 3

# ----------------------------------------------------------------------------------------------- distillation
_C.KD = CN()
# Self-distillation: the last stage of a ResNet teaches the earlier ones. MODEL.NAME resnet18_kd, … switches
# it on as well.
_C.KD.SELF = False
# Weight of the distance between their features and the last stage's, which lies in 0..4.
_C.KD.FEATURE_LOSS_COEFFICIENT = 0.03
# Part of the softened scores of the last stage in what an earlier one learns; the identities are the rest.
_C.KD.SELF_LOGITS = 0.3
# Weights of a trained network that teaches this one; its settings are in the config.yml beside them.
_C.KD.TEACHER = ""
# A teacher of any other kind, as its features of the training images: a .npz, .parquet or .csv file of names
# and vectors (docs/distillation.md).
_C.KD.TEACHER_FEATURES = ""
# Weights of what is learnt from a teacher: its scores of the student's people (a network's only if it was
# trained on them), its features through a linear layer, and how alike it finds the images of a batch. The
# last two losses lie in 0..4.
_C.KD.LOGITS = 0.3
_C.KD.EMBEDDING = 5.0
_C.KD.RELATION = 20.0
# Temperature that softens scores; above 0.
_C.KD.TEMPERATURE = 4.0

# ---------------------------------------------------------------------------------------------------- testing
_C.TEST = CN()
# Images in a test batch.
_C.TEST.IMS_PER_BATCH = 128
# File of the weights to test.
_C.TEST.WEIGHT = ""
# Feature 'before' or 'after' the BNNeck.
_C.TEST.NECK_FEAT = "after"
# Rank by cosine (features scaled to length 1). False: by Euclidean distance.
_C.TEST.FEAT_NORM = True
# Which gallery images of the query's identity and camera count: 'drop' (none, as the benchmarks have it) or
# 'keep' (all, for data without camera ids).
_C.TEST.SAME_CAMERA = "drop"
# 'standard', or 'single_gallery_shot' (CUHK03): galleries of one image per identity, drawn REPEATS times.
_C.TEST.PROTOCOL = "standard"
_C.TEST.REPEATS = 10

# The rest is for tools/test.py, which prints a row for each way of ranking that is on; training goes without.
# Mean of the features of an image and of its mirror image.
_C.TEST.FLIP = False
# Mean of the features of all query images of a person in a camera, and of those in Market-1501's gt_bbox.
_C.TEST.MULTI_QUERY = False
# Gallery images that join a query in query expansion; 0: none. QE_ALPHA 0 averages them, above 0 weighs each
# by similarity^QE_ALPHA.
_C.TEST.QUERY_EXPANSION = 0
_C.TEST.QE_ALPHA = 3.0
# k-reciprocal re-ranking, and its constants.
_C.TEST.RE_RANKING = False
_C.TEST.K1 = 20
_C.TEST.K2 = 6
_C.TEST.LAMBDA = 0.3
# Find the similarity at which two images show the same person, and write it beside the weights.
_C.TEST.CALIBRATE = False
# File for the result of each query, with its TOP_K nearest gallery images: .parquet, .csv or .json.
_C.TEST.SAVE_RESULTS = ""
_C.TEST.TOP_K = 10
# Number of the worst queries shown in the log.
_C.TEST.SHOW_WORST = 0


def get_defaults() -> CN:
    """A fresh copy of the default settings, not frozen."""
    return _C.clone()
