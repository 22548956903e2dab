from pathlib import Path

import pytest
import yaml

from config import ConfigError, check_paths, load_cfg
from tests.commands import ROOT

# A file of reid-strong-baseline, with every way of writing that its files use.
FOREIGN = """
MODEL:
  PRETRAIN_CHOICE: 'imagenet'
  PRETRAIN_PATH: '/home/someone/.torch/models/resnet50-19c8e357.pth'
  METRIC_LOSS_TYPE: 'triplet_center'
  IF_LABELSMOOTH: 'off'
  IF_WITH_CENTER: 'yes'
  NECK: no
INPUT:
  SIZE_TRAIN: [256, 128]
DATASETS:
  NAMES: ('market1501')
  ROOT_DIR: ('./data')
SOLVER:
  CLUSTER_MARGIN: 0.3
  RANGE_K: 2
  RANGE_MARGIN: 0.3
  RANGE_ALPHA: 0
  RANGE_BETA: 1
  RANGE_LOSS_WEIGHT: 1
  CENTER_LR: 0.5
  BASE_LR: 1e-4
  WEIGHT_DECAY_BIAS: 0
  CHECKPOINT_PERIOD: 40
TEST:
  RE_RANKING: 'no'
  WEIGHT: "path"
  FEAT_NORM: 'yes'
"""


def write(tmp_path: Path, text: str) -> str:
    file = tmp_path / "settings.yml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_foreign_yaml_loads_and_names_obsolete_keys_once(tmp_path, caplog_loguru):
    cfg = load_cfg(["--config_file", write(tmp_path, FOREIGN)])
    assert (cfg.MODEL.IF_WITH_CENTER, cfg.MODEL.METRIC_LOSS_TYPE) == (True, "triplet")
    assert cfg.MODEL.IF_LABELSMOOTH is False and cfg.TEST.FEAT_NORM is True and cfg.TEST.RE_RANKING is False
    assert cfg.MODEL.NECK == "no"
    assert cfg.DATASETS.NAMES == ("market1501",) and cfg.DATASETS.ROOT_DIR == "./data"
    assert cfg.SOLVER.BASE_LR == 1e-4 and isinstance(cfg.SOLVER.WEIGHT_DECAY_BIAS, float)
    assert len(caplog_loguru) == 1
    for key in (
        "SOLVER.RANGE_K",
        "SOLVER.RANGE_LOSS_WEIGHT",
        "SOLVER.CLUSTER_MARGIN",
        "SOLVER.CHECKPOINT_PERIOD",
    ):
        assert caplog_loguru[0].count(key) == 1


def test_triplet_loss_on_shuffled_batches_is_warned_of(caplog_loguru):
    load_cfg(["DATALOADER.SAMPLER", "softmax", "MODEL.METRIC_LOSS_TYPE", "none"])
    assert not caplog_loguru
    load_cfg(["DATALOADER.SAMPLER", "softmax"])
    assert len(caplog_loguru) == 1 and "few pairs for the triplet loss" in caplog_loguru[0]
    load_cfg(["DATALOADER.SAMPLER", "softmax", "MODEL.METRIC_LOSS_TYPE", "circle"])
    assert len(caplog_loguru) == 2 and "few pairs for the circle loss" in caplog_loguru[1]


def test_foreign_command_line_quotes():
    cfg = load_cfg(
        [
            "DATASETS.NAMES",
            "('market1501')",
            "OUTPUT_DIR",
            "('logs/x')",
            "MODEL.DEVICE_ID",
            "('0')",
            "MODEL.PRETRAIN_CHOICE",
            "('self')",
        ]
    )
    assert (cfg.DATASETS.NAMES, cfg.OUTPUT_DIR, cfg.MODEL.DEVICE_ID) == (("market1501",), "logs/x", "0")
    assert cfg.MODEL.PRETRAIN_CHOICE == "self"


def test_later_sources_win(tmp_path):
    file = write(tmp_path, "SOLVER: {MAX_EPOCHS: 3, BASE_LR: 0.1, GAMMA: 0.5}")
    cfg = load_cfg(
        ["--config_file", file, "--MAX_EPOCHS", "4", "SOLVER.BASE_LR", "0.2", "SOLVER.MAX_EPOCHS", "5"]
    )
    assert (cfg.SOLVER.MAX_EPOCHS, cfg.SOLVER.BASE_LR, cfg.SOLVER.GAMMA) == (5, 0.2, 0.5)
    assert load_cfg(["--MAX_EPOCHS", "4", "--config_file", file]).SOLVER.MAX_EPOCHS == 4


def test_an_empty_list_can_be_filled_again():
    assert load_cfg(["SOLVER.STEPS", "[]", "SOLVER.STEPS", "[3]"]).SOLVER.STEPS == (3,)
    assert load_cfg(["SOLVER.STEPS", "40"]).SOLVER.STEPS == (40,)


def test_seed_command_line():
    cfg = load_cfg(
        "--model_name resnet50_ibn_a --model_path weights/ReID_resnet50_ibn_a.pth --IMS_PER_BATCH 8 "
        "--TEST_IMS_PER_BATCH 4 --MAX_EPOCHS 120".split()
    )
    assert (cfg.MODEL.NAME, cfg.MODEL.PRETRAIN_PATH) == ("resnet50_ibn_a", "weights/ReID_resnet50_ibn_a.pth")
    assert (cfg.SOLVER.IMS_PER_BATCH, cfg.TEST.IMS_PER_BATCH, cfg.SOLVER.MAX_EPOCHS) == (8, 4, 120)


def test_the_same_flag_names_the_weights_of_each_command():
    assert load_cfg(["--model_path", "a.pth"], "train").MODEL.PRETRAIN_PATH == "a.pth"
    for flag in ("--model_path", "--weights", "--Test_weight"):
        assert load_cfg([flag, "a.pth"], "test").TEST.WEIGHT == "a.pth"


@pytest.mark.parametrize(
    "flag, text, key, value",
    [
        ("--neck", "no", "MODEL.NECK", "no"),
        ("--test_neck", "before", "TEST.NECK_FEAT", "before"),
        ("--neck_feat", "before", "TEST.NECK_FEAT", "before"),
        ("--pretrain_choice", "none", "MODEL.PRETRAIN_CHOICE", "none"),
        ("--IF_WITH_CENTER", "yes", "MODEL.IF_WITH_CENTER", True),
        ("--IF_WITH_CENTER", "no", "MODEL.IF_WITH_CENTER", False),
        ("--weights", "w.pth", "MODEL.PRETRAIN_PATH", "w.pth"),
    ],
)
def test_flags(flag, text, key, value):
    section, name = key.split(".")
    assert load_cfg([flag, text])[section][name] == value


def test_a_name_that_ends_in_kd_distils_itself():
    cfg = load_cfg(["--model_name", "resnet50_ibn_a_kd", "--feature_loss_coefficient", "0.1"])
    assert (cfg.MODEL.NAME, cfg.KD.SELF, cfg.KD.FEATURE_LOSS_COEFFICIENT) == ("resnet50_ibn_a", True, 0.1)
    assert load_cfg(["--kd"]).KD.SELF and not load_cfg([]).KD.SELF
    assert load_cfg(["--model_name", "resnet18_kd"], "test").MODEL.NAME == "resnet18"


def test_test_reads_the_settings_beside_the_weights(tmp_path):
    (tmp_path / "config.yml").write_text("MODEL: {NAME: resnet18}\nSEED: 7\n")
    weights = str(tmp_path / "mAP75.1.pth")
    assert load_cfg(["--model_path", weights], "test").MODEL.NAME == "resnet18"
    cfg = load_cfg(["--model_path", weights, "--model_name", "resnet34"], "test")
    assert (cfg.MODEL.NAME, cfg.SEED) == ("resnet34", 7)
    other = write(tmp_path, "SEED: 3")
    assert load_cfg(["--model_path", weights, "--config_file", other], "test").MODEL.NAME == "resnet50"
    assert load_cfg(["--model_path", weights], "train").SEED == 0


def test_settings_of_one_file_come_before_those_of_the_folder(tmp_path):
    (tmp_path / "config.yml").write_text("MODEL: {NAME: resnet18}")
    (tmp_path / "shared.config.yml").write_text("MODEL: {NAME: resnet34}")
    assert load_cfg(["--model_path", str(tmp_path / "shared.pth")], "test").MODEL.NAME == "resnet34"
    assert load_cfg(["--model_path", str(tmp_path / "other.pth")], "test").MODEL.NAME == "resnet18"


def test_weights_named_in_quotes_find_the_settings_beside_them(tmp_path):
    (tmp_path / "config.yml").write_text("MODEL: {NAME: resnet18}")
    assert load_cfg(["TEST.WEIGHT", f"('{tmp_path}/mAP75.1.pth')"], "test").MODEL.NAME == "resnet18"


def test_center_loss_named_in_quotes():
    cfg = load_cfg(["MODEL.METRIC_LOSS_TYPE", "('triplet_center')"])
    assert (cfg.MODEL.METRIC_LOSS_TYPE, cfg.MODEL.IF_WITH_CENTER) == ("triplet", True)
    with pytest.raises(ConfigError, match="not text"):
        load_cfg(["MODEL.METRIC_LOSS_TYPE", "['triplet']"])


def test_the_tree_is_frozen_and_survives_its_own_yaml(tmp_path):
    cfg = load_cfg(["--model_name", "resnet34", "SOLVER.STEPS", "[3, 5]", "MODEL.IF_WITH_CENTER", "yes"])
    with pytest.raises(AttributeError):
        cfg.SEED = 1
    assert load_cfg(["--config_file", write(tmp_path, cfg.dump())]) == cfg


@pytest.mark.parametrize(
    "words, message",
    [
        (["SOLVER.MAX_EPOCH", "3"], "unknown setting SOLVER.MAX_EPOCH .did you mean SOLVER.MAX_EPOCHS"),
        (["solver.base_lr", "3"], "did you mean SOLVER.BASE_LR"),
        (["SOLVER", "3"], "SOLVER is a section"),
        (["SEED.X", "3"], "unknown setting SEED.X"),
        (["SOLVER.MAX_EPOCHS"], "SOLVER.MAX_EPOCHS has no value"),
        (["--model_nam", "x"], "unknown flag --model_nam .did you mean --model_name"),
        (["--MAX_EPOCHS"], "expected one argument"),
        (["--IMS_PER_BATCH", "many"], "SOLVER.IMS_PER_BATCH: 'many' is not a whole number"),
        (["--IMS_PER_BATCH", "0"], "SOLVER.IMS_PER_BATCH must be at least 1, not 0"),
        (["--IMS_PER_BATCH", "-8"], "SOLVER.IMS_PER_BATCH must be at least 1, not -8"),
        (["--IMS_PER_BATCH", "8.5"], "not a whole number"),
        (["--IMS_PER_BATCH", "10"], "10 is not divisible by DATALOADER.NUM_INSTANCE 4; take 8 or 12"),
        (["--IMS_PER_BATCH", "1", "DATALOADER.NUM_INSTANCE", "1"], "at least 2"),
        (["--TEST_IMS_PER_BATCH", "0"], "TEST.IMS_PER_BATCH must be at least 1"),
        (["SOLVER.BASE_LR", "nan"], "not a number"),
        (["SEED", "1e999"], "not a whole number"),
        (["SOLVER.BASE_LR", "9" * 400], "not a number"),
        (["SOLVER.BASE_LR", "0"], "SOLVER.BASE_LR must be above 0"),
        (["INPUT.SIZE_TRAIN", "[256]"], "INPUT.SIZE_TRAIN must be .height, width."),
        (["INPUT.SIZE_TEST", "[256, 0]"], "each at least 32"),
        (["INPUT.PROB", "1.5"], "INPUT.PROB is a probability"),
        (["MODEL.IF_LABELSMOOTH", "maybe"], "not a switch; write yes or no"),
        (["MODEL.NECK", "bnnek"], "MODEL.NECK: unknown 'bnnek' .did you mean bnneck"),
        (["SOLVER.STEPS", "[70, 40]"], "SOLVER.STEPS must rise"),
        (["DATASETS.NAMES", "[]"], "DATASETS.NAMES must name data sets"),
        (["DATASETS.NAMES", "veri,veri"], "each once"),
        (["MODEL.ID_LOSS_TYPE", "none", "MODEL.METRIC_LOSS_TYPE", "none"], "nothing to train with"),
        (["--kd", "MODEL.ID_LOSS_TYPE", "none"], "needs MODEL.ID_LOSS_TYPE softmax"),
        (["--kd", "KD.SELF_LOGITS", "1.5"], "KD.SELF_LOGITS is a weight, 0 to 1"),
        (["--kd", "KD.TEMPERATURE", "0"], "KD.TEMPERATURE must be above 0"),
        (["KD.TEACHER", "a.pth", "KD.TEACHER_FEATURES", "b.npz"], "are two teachers; name one"),
        (["--freeze", "MODEL.ID_LOSS_TYPE", "none"], "nothing to train while the backbone is frozen"),
        (["MODEL.DEVICE_ID", "0,1"], "number of one GPU"),
        (["INPUT.AUTOAUG_PROB", "-0.1"], "INPUT.AUTOAUG_PROB is a probability"),
        (["INPUT.COLOR_JITTER", "[0.1,0.1]"], "INPUT.COLOR_JITTER must be .brightness, contrast"),
        (["INPUT.COLOR_JITTER", "[0.1,0.1,0.1,0.6]"], "hue at most 0.5"),
        (["DATALOADER.CACHE", "rom"], "DATALOADER.CACHE: unknown 'rom' .did you mean ram"),
        (["DATALOADER.CACHE_GB", "-1"], "DATALOADER.CACHE_GB must not be negative"),
        (["SOLVER.GRAD_ACCUM", "0"], "SOLVER.GRAD_ACCUM must be at least 1"),
        (["SOLVER.LAYER_DECAY", "1.5"], "LAYER_DECAY is a factor, above 0 to 1"),
        (["SOLVER.SCHEDULE", "cosine", "SOLVER.MIN_LR", "1"], "MIN_LR 1.0 must not be above SOLVER.BASE_LR"),
        (["INPUT.FIRST_EPOCHS", "2", "INPUT.SIZE_TRAIN", "[128,64]"], "SIZE_FIRST .128, 64. must be smaller"),
        (["INPUT.FIRST_EPOCHS", "2", "INPUT.SIZE_FIRST", "[300,9]"], "must be smaller than INPUT.SIZE_TRAIN"),
        (["SOLVER.WARMUP_BY", "iterations"], "did you mean iteration"),
        (["SOLVER.ARCFACE.MARGIN", "4"], "SOLVER.ARCFACE.MARGIN is an angle, at most pi radians, not 4.0"),
        (["SOLVER.COSFACE.SCALE", "0"], "SOLVER.COSFACE.SCALE must be above 0"),
        (["SOLVER.CIRCLE.GAMA", "80"], "did you mean SOLVER.CIRCLE.GAMMA"),
        (["SOLVER.MULTI_SIMILARITY.EPSILON", "-1"], "EPSILON must not be negative"),
        (["SOLVER.CLIP_GRAD_NORM", "-1"], "SOLVER.CLIP_GRAD_NORM must not be negative"),
    ],
)
def test_bad_settings(words, message):
    with pytest.raises(ConfigError, match=message) as error:
        load_cfg(words)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "words, message",
    [
        (["TEST.K1", "5"], "TEST.K2 6 must not be above TEST.K1 5"),
        (["TEST.QUERY_EXPANSION", "5", "TEST.FEAT_NORM", "no"], "TEST.FEAT_NORM must be yes"),
        (["TEST.LAMBDA", "1.5"], "TEST.LAMBDA is a weight"),
        (["--save_results", "x.xls"], "must end with .parquet, .csv or .json"),
        (["TEST.SAME_CAMERA", "kep"], "did you mean keep"),
        (["TEST.QUERY_EXPANSION", "-1"], "TEST.QUERY_EXPANSION must not be negative"),
    ],
)
def test_bad_settings_of_a_test(words, message):
    with pytest.raises(ConfigError, match=message):
        load_cfg(words, "test")


def test_flags_of_a_test_alone():
    cfg = load_cfg(["--calibrate", "--save_results", "x.csv", "--show_worst", "3"], "test")
    assert (cfg.TEST.CALIBRATE, cfg.TEST.SAVE_RESULTS, cfg.TEST.SHOW_WORST) == (True, "x.csv", 3)
    with pytest.raises(ConfigError, match="unknown flag --calibrate"):
        load_cfg(["--calibrate"], "train")


def test_all_problems_in_one_message():
    with pytest.raises(ConfigError, match="IMS_PER_BATCH 10.*STEPS must rise"):
        load_cfg(["--IMS_PER_BATCH", "10", "SOLVER.STEPS", "[2,1]"])


@pytest.mark.parametrize(
    "text, message",
    [
        ("SOLVER: [", "line 1: not YAML"),
        ("just words", "SECTION:"),
        ("- 1", "SECTION:"),
        ("SOLVER: 3", "is a section"),
        ("MODEL: {X: 1}", "unknown setting MODEL.X"),
        ("SEED: {A: 1}", "unknown setting SEED.A"),
        ("a: !!python/object/apply:os.getcwd []", "not YAML"),
    ],
)
def test_bad_yaml(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        load_cfg(["--config_file", write(tmp_path, text)])


def test_yaml_that_cannot_be_read(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        load_cfg(["--config_file", str(tmp_path / "none.yml")])
    (tmp_path / "bytes.yml").write_bytes(b"\xff\xfe\x00SEED")
    for path in (tmp_path, tmp_path / "bytes.yml"):
        with pytest.raises(ConfigError, match="cannot be read"):
            load_cfg(["--config_file", str(path)])


def test_choices_and_paths(tmp_path):
    words = ["--model_name", "resnet50_ibn"]
    with pytest.raises(ConfigError, match="did you mean resnet50_ibn_a"):
        load_cfg(words, choices={"MODEL.NAME": ["resnet18", "resnet50_ibn_a"]})
    load_cfg(words, choices={"DATASETS.NAMES": ["market1501"]})
    with pytest.raises(ConfigError, match="DATASETS.NAMES: unknown 'market1501'.*valid: veri"):
        load_cfg(words, choices={"DATASETS.NAMES": ["veri"]})
    with pytest.raises(ConfigError, match="TEST.WEIGHT is empty"):
        check_paths(load_cfg([], "test"), "test")
    with pytest.raises(ConfigError, match="no such file"):
        check_paths(load_cfg(["--model_path", str(tmp_path / "x.pth")]), "train")
    with pytest.raises(ConfigError, match="MODEL.PRETRAIN_PATH is empty"):
        check_paths(load_cfg(["--pretrain_choice", "self"]), "train")
    check_paths(load_cfg(["--pretrain_choice", "none", "--model_path", "unused.pth"]), "train")


def test_a_network_with_ready_weights_starts_from_them():
    words = ["--model_name", "mobilenet_v2", "--pretrain_choice", "self"]
    assert load_cfg(words).MODEL.PRETRAIN_PATH == str(ROOT / "weights" / "market1501_mobilenet_v2.pth")
    assert load_cfg([*words, "--model_path", "own.pth"]).MODEL.PRETRAIN_PATH == "own.pth"
    assert not load_cfg(["--model_name", "mobilenet_v2"]).MODEL.PRETRAIN_PATH


def test_defaults_are_the_recipe_that_is_used_when_no_file_is_named():
    recipe = Path(__file__).parents[2] / "configs" / "softmax_triplet.yml"
    assert yaml.safe_load(recipe.read_text())["SOLVER"]["STEPS"] == [40, 70]
    assert load_cfg([]) == load_cfg(["--config_file", str(recipe)])
