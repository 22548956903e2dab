r"""Paths as people write them: ~ is the home folder, and backslashes are kept."""

from pathlib import Path

import pytest

from config import ConfigError, load_cfg, read_options
from config.command_line import read_command_line
from config.commands import COMMANDS
from config.defaults import SETTINGS
from config.flags import FLAGS
from config.load import _read
from config.setting import Setting
from tests.config.needed import NEEDED

PATHS = [key for key, setting in SETTINGS.items() if setting.path]
PLACES = ("FILE", "RUN", "VIDEO", "IMAGE", "WHERE", "DETECTOR", "FOLDER")  # metavars of flags that are paths
WINDOWS = r"E:\new\test\users"
QUOTINGS = ["{}", "'{}'", '"{}"', "('{}')", '("{}")', "['{}']", "('{}',)"]


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


def file_of(setting: Setting) -> str:
    """A name that the setting takes."""
    names = ("x.csv", "x.html", "x.png")
    several = isinstance(setting.value, tuple)
    return next(name for name in names if not setting.bounds.problem((name,) if several else name))


def test_the_settings_that_are_paths():
    assert set(PATHS) == {
        *("OUTPUT_DIR", "RESUME", "MODEL.PRETRAIN_PATH", "TEST.WEIGHT", "TEST.SAVE_RESULTS"),
        "TEST.REPORT",
        *("DATASETS.NAMES", "DATASETS.TEST_NAME", "DATASETS.ROOT_DIR", "KD.TEACHER", "KD.TEACHER_FEATURES"),
    }


def value_of(key: str, text: str, in_file: Path | None = None):
    """A setting, from the command line or a file."""
    words = [key, text]
    if in_file:
        *section, name = key.split(".")
        line = f"{name}: {text}\n"
        in_file.write_text(f"{section[0]}:\n  {line}" if section else line)
        words = ["--config_file", str(in_file)]
    cfg = load_cfg(words, "test")  # which does not follow RESUME
    for name in key.split("."):
        cfg = cfg[name]
    return cfg


@pytest.mark.parametrize("key", [key for key in PATHS if key != "RESUME"])
def test_home_in_a_setting(home, key):
    file = file_of(SETTINGS[key])
    expected = f"{home}/a/{file}"
    found = [value_of(key, quoting.format(f"~/a/{file}")) for quoting in ("{}", "'{}'", "('{}')")]
    found += [value_of(key, quoting.format(f"~/a/{file}"), home / "s.yml") for quoting in ("{}", "('{}')")]
    assert found == [(expected,) if key == "DATASETS.NAMES" else expected] * 5


def test_home_among_names_of_data_sets(home):
    for text in ("market1501,~/shop", "['market1501', '~/shop']", "[market1501, ~/shop]"):
        assert load_cfg(["DATASETS.NAMES", text]).DATASETS.NAMES == ("market1501", f"{home}/shop")
    assert load_cfg(["DATASETS.NAMES", "market1501~"]).DATASETS.NAMES == ("market1501~",)


def test_home_in_what_is_read_before_the_settings(home):
    """RESUME, OUTPUT_DIR of the newest run, --config_file, and the weights beside which a config.yml is."""
    run = home / "logs" / "run"
    run.mkdir(parents=True)
    (run / "config.yml").write_text("SEED: 7")
    (run / "last.pth").touch()
    for words in (
        ["--resume=~/logs/run"],
        ["RESUME", "~/logs/run/last.pth"],
        ["RESUME", "('~/logs/run')"],
        ["--resume", "OUTPUT_DIR", "~/logs"],
    ):
        cfg = load_cfg(words)
        assert (cfg.SEED, cfg.OUTPUT_DIR) == (7, str(run)) and "~" not in cfg.RESUME
    assert load_cfg(["--config_file=~/logs/run/config.yml"]).SEED == 7
    assert load_cfg(["--model_path=~/logs/run/mAP1.0.pth"], "test").SEED == 7


@pytest.mark.parametrize(
    "command, flag",
    [
        (command, flag)
        for command, row in COMMANDS.items()
        for flag in FLAGS
        if {command, row.kind and row.kind.name} & set(flag.commands)
        and (flag.fills if isinstance(flag.fills, Setting) else SETTINGS[flag.fills]).path
        and flag.fills != "RESUME"
    ],
)
def test_home_in_every_flag(home, command, flag):
    is_option = isinstance(flag.fills, Setting)
    file = file_of(flag.fills if is_option else SETTINGS[flag.fills])
    words = [*NEEDED.get(command, []), flag.names[0], f"~/{file}"]
    words = words if flag.names[0][0] == "-" else [f"~/{file}"]
    options, pairs = read_command_line(words, command, {})
    value = getattr(options, flag.dest) if is_option else _read(*pairs[0])
    several = is_option and isinstance(flag.fills.value, tuple)
    assert (value[0] if several else value) == f"{home}/{file}"


def test_the_flags_that_are_paths_are_marked():
    for flag in FLAGS:
        setting = flag.fills if isinstance(flag.fills, Setting) else SETTINGS[flag.fills]
        assert setting.path == (flag.metavar in PLACES), flag.names


@pytest.mark.parametrize("key", [key for key in PATHS if key != "RESUME"])
@pytest.mark.parametrize("quoting", QUOTINGS)
def test_backslashes_are_kept(tmp_path, key, quoting):
    if quoting == "['{}']" or quoting == "('{}',)":
        if key != "DATASETS.NAMES":  # a list is not a text
            return
    path = rf"{WINDOWS}\{file_of(SETTINGS[key])}"
    text = quoting.format(path)
    expected = (path,) if key == "DATASETS.NAMES" else path
    assert value_of(key, text) == expected
    if quoting != '"{}"':  # YAML's own escapes: below
        assert value_of(key, text, tmp_path / "s.yml") == expected


def test_backslashes_are_kept_at_the_end_and_among_names():
    assert load_cfg(["DATASETS.ROOT_DIR", r"('\\server\share\')"]).DATASETS.ROOT_DIR == "\\\\server\\share\\"
    for text in (r"['E:\new', 'market1501']", r"('E:\new', 'market1501')", r"E:\new,market1501"):
        assert load_cfg(["DATASETS.NAMES", text]).DATASETS.NAMES == ("E:\\new", "market1501")


def test_yaml_that_makes_an_escape_of_a_backslash(tmp_path):
    file = tmp_path / "settings.yml"
    for text, message in (
        (r'TEST: {WEIGHT: "E:\new\test.pth"}', "TEST.WEIGHT: .* holds a control character; in YAML"),
        (r'TEST: {WEIGHT: "E:\data\x.pth"}', "not YAML.*backslashes are kept in single quotes"),
    ):
        file.write_text(text)
        with pytest.raises(ConfigError, match=message):
            load_cfg(["--config_file", str(file)], "test")


def test_options_are_paths_with_quotes_too():
    assert read_options(["--json", r"'E:\new\r.json'"], "validate_data").json == r"E:\new\r.json"
