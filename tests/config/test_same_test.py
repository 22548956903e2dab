"""Several networks, tested in the same way."""

import pytest

from config import ConfigError, load_cfg, same_test


def test_the_network_is_its_own_and_the_test_the_same(tmp_path):
    (tmp_path / "config.yml").write_text(
        "MODEL: {NAME: resnet18}\nINPUT: {SIZE_TEST: [128, 64]}\nTEST: {NECK_FEAT: before, FLIP: no}\n"
        "DATASETS: {NAMES: msmt17, ROOT_DIR: /elsewhere}"
    )
    words = "TEST.FLIP yes DATASETS.NAMES dukemtmc DATASETS.ROOT_DIR /data MODEL.DEVICE cpu SEED 3"
    cfg = load_cfg([*words.split(), "TEST.WEIGHT", "first.pth", "MODEL.NAME", "resnet50"], "test")
    other = same_test(cfg, str(tmp_path / "x.pth"))
    assert (other.MODEL.NAME, other.INPUT.SIZE_TEST, other.TEST.NECK_FEAT) == (
        "resnet18",
        [128, 64],
        "before",
    )
    assert other.DATASETS == cfg.DATASETS and other.TEST.FLIP and other.SEED == 3
    assert other.MODEL.DEVICE == "cpu" and other.TEST.WEIGHT == str(tmp_path / "x.pth") and other.is_frozen()
    alone = same_test(cfg, "nowhere/y.pth")
    assert alone.MODEL.NAME == "resnet50" and alone.TEST.WEIGHT == "nowhere/y.pth"
    (tmp_path / "config.yml").write_text("MODEL: {NAM: resnet18}")
    with pytest.raises(ConfigError, match="unknown setting MODEL.NAM"):
        same_test(cfg, str(tmp_path / "x.pth"))
