import os

import pytest

from config import ConfigError, compare_settings, get_defaults, load_cfg
from config.defaults import SETTINGS
from config.resume import check_changes


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Two runs under logs/, the second newer."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("first", "second")):
        run = tmp_path / "logs" / name
        run.mkdir(parents=True)
        cfg = get_defaults()
        cfg.MODEL.NAME, cfg.SOLVER.BASE_LR, cfg.RESUME = "resnet18", 0.01 * (number + 1), "an earlier one"
        (run / "config.yml").write_text(cfg.dump())
        (run / "last.pth").touch()
        os.utime(run / "last.pth", (number, number))
    return tmp_path


def test_a_run_is_named_by_its_folder_a_file_or_as_the_newest(runs):
    for words, name, resume in (
        (["--resume", "logs/first"], "first", "logs/first"),
        (["--resume", "logs/first/last.pth"], "first", "logs/first/last.pth"),
        (["RESUME", "logs/first"], "first", "logs/first"),
        (["--resume"], "second", "logs/second"),
        (["--resume", "SOLVER.MAX_EPOCHS", "7"], "second", "logs/second"),
        (["--resume", "--MAX_EPOCHS", "7", "SEED", "0"], "second", "logs/second"),
        (["--resume", "OUTPUT_DIR", "logs/first"], "first", "logs/first"),
    ):
        cfg = load_cfg(words)
        assert (cfg.OUTPUT_DIR, cfg.RESUME) == (f"logs/{name}", resume), words
        assert (cfg.MODEL.NAME, cfg.SOLVER.BASE_LR) == ("resnet18", 0.01 if name == "first" else 0.02)
        assert cfg.SOLVER.MAX_EPOCHS == (7 if "7" in words else 120)


def test_the_runs_settings_then_a_file_then_the_command_line(runs):
    (runs / "more.yml").write_text("SOLVER: {MAX_EPOCHS: 9, EVAL_PERIOD: 3}")
    cfg = load_cfg(["--resume", "logs/first", "--config_file", "more.yml", "SOLVER.EVAL_PERIOD", "4"])
    assert (cfg.MODEL.NAME, cfg.SOLVER.MAX_EPOCHS, cfg.SOLVER.EVAL_PERIOD) == ("resnet18", 9, 4)


def test_a_runs_settings_alone_resume_nothing(runs):
    assert load_cfg(["--config_file", "logs/first/config.yml"]).RESUME == ""


def test_no_run_there(runs):
    for words in (["--resume", "logs"], ["--resume", "logs/third"], ["--resume", "OUTPUT_DIR", "elsewhere"]):
        with pytest.raises(ConfigError, match="--resume.*: no run"):
            load_cfg(words)


def test_what_may_change_and_what_may_not():
    cfg = get_defaults()
    run = cfg.dump()
    cfg.SOLVER.MAX_EPOCHS, cfg.TEST.FEAT_NORM, cfg.SOLVER.STEPS = 160, False, (40, 70, 130)
    assert compare_settings(cfg, run) == [
        "SOLVER.MAX_EPOCHS 160 (120 in the run)",
        "SOLVER.STEPS [40, 70, 130] ([40, 70] in the run)",
        "TEST.FEAT_NORM False (True in the run)",
    ]
    cfg.SEED, cfg.MODEL.NAME = 5, "resnet18"
    with pytest.raises(
        ConfigError, match=r"MODEL.NAME resnet18 \(resnet50 in the run\); SEED 5 \(0 in the run\)"
    ):
        compare_settings(cfg, run)


def test_a_cosine_takes_no_other_number_of_epochs():
    cfg = get_defaults()
    cfg.SOLVER.SCHEDULE = "cosine"
    run = cfg.dump()
    cfg.SOLVER.MAX_EPOCHS = 160
    with pytest.raises(ConfigError, match=r"SOLVER.MAX_EPOCHS 160 \(120 in the run\); leave them"):
        compare_settings(cfg, run)
    cfg.SOLVER.MAX_EPOCHS, cfg.SOLVER.EVAL_PERIOD = 120, 5
    assert compare_settings(cfg, run) == ["SOLVER.EVAL_PERIOD 5 (1 in the run)"]


@pytest.mark.parametrize("key", ["KD.TEACHER", "KD.TEACHER_FEATURES"])
def test_a_teacher_may_lie_elsewhere_but_not_come_or_go(key):
    assert check_changes({key: "b/x.pth"}, {key: "a/x.pth"}) == [f"{key} b/x.pth (a/x.pth in the run)"]
    for now, run in (("", "a"), ("a", "")):
        with pytest.raises(ConfigError, match=f"these settings differ from the run that is resumed: {key}"):
            check_changes({key: now}, {key: run})


def test_a_setting_that_the_run_did_not_have_yet_is_not_a_change():
    assert check_changes({"SEED": 0, "NEW.KEY": 1}, {"SEED": 0, "OLD.KEY": 2}) == []


@pytest.mark.parametrize("key", SETTINGS)
def test_a_setting_changes_as_its_declaration_says(key):
    changed = {key: "another"}, {key: "one"}
    if SETTINGS[key].may_change or SETTINGS[key].may_move:
        check_changes(*changed)
    else:
        with pytest.raises(ConfigError, match=f"{key} another .one in the run.; leave them"):
            check_changes(*changed)


def test_what_decides_the_weights_may_not_change():
    fixed = {key for key, setting in SETTINGS.items() if not (setting.may_change or setting.may_move)}
    assert fixed > {"SEED", "DETERMINISTIC", "MODEL.NAME", "DATASETS.NAMES", "SOLVER.BASE_LR", "SOLVER.AMP"}
    assert {key.split(".")[0] for key in fixed} == {
        *("SEED", "DETERMINISTIC", "MODEL", "INPUT", "DATASETS", "DATALOADER", "SOLVER", "KD")
    }
