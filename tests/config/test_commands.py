"""Commands and flags are rows of a table."""

import re
import shlex

import pytest

from benchmarks.evaluation import SIZES
from config import ConfigError, commands, find_subcommand, flags, get_defaults, load_cfg, read_options
from config.commands import COMMANDS, TESTING, Command
from config.defaults import SETTINGS
from config.flags import FLAGS, Flag
from config.setting import setting
from tests.config.needed import NEEDED
from tests.conftest import ROOT
from tools.start import CHOICES, read_settings
from tools.start import read_options as read_options_of

RUNNABLE = [name for name in COMMANDS if not any(other.startswith(f"{name} ") for other in COMMANDS)]


def help_of(command: str, capsys) -> str:
    with pytest.raises(SystemExit) as end:
        read_options_of(command, ["--help"])
    assert end.value.code == 0
    return capsys.readouterr().out


def test_every_command_is_a_file_and_every_file_a_command():
    files = {path.stem for path in (ROOT / "tools").glob("*.py") if "run_command(main)" in path.read_text()}
    # The doctor works without packages, which the table needs.
    assert {*(name.split()[0] for name in COMMANDS), "doctor"} == files


def test_every_flag_fills_an_existing_setting_and_is_for_an_existing_command():
    names = {*COMMANDS, *(row.kind.name for row in COMMANDS.values() if row.kind)}
    for flag in FLAGS:
        assert isinstance(flag.fills, str) <= (flag.fills in SETTINGS), flag
        assert set(flag.commands) <= names and flag.help


def test_no_command_is_named_outside_the_table():
    for path in (ROOT / "config").glob("*.py"):
        assert not re.search(r"command (==|!=) ", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("command", RUNNABLE)
def test_help_shows_every_flag(command, capsys):
    shown = help_of(command, capsys)
    row = COMMANDS[command]
    for flag in FLAGS:
        if {command, row.kind and row.kind.name} & set(flag.commands):
            option = flag.names[0].startswith("-")
            assert all(n in shown for n in flag.names) if option else flag.metavar in shown
    tool, *part = command.split()
    assert shown.startswith(f"usage: {' '.join([f'tools/{tool}.py', *part])} ")
    for example in row.examples:
        assert f"  python {' '.join([f'tools/{tool}.py', *part])} {example}\n" in shown


@pytest.mark.parametrize("command", RUNNABLE)
def test_an_unknown_flag_is_one_line(command):
    needed = NEEDED.get(command, [])
    for read in (read_options, load_cfg) if COMMANDS[command].kind else (read_options,):
        with pytest.raises(ConfigError, match="^unknown flag --qqq; --help lists them$"):
            read([*needed, "--qqq"], command)
    near = "--model_nam" if COMMANDS[command].kind else "--hel"
    with pytest.raises(ConfigError, match=f"^unknown flag {near} .did you mean {near}."):
        read_options([*needed, near], command)


@pytest.mark.parametrize("command", [name for name in RUNNABLE if COMMANDS[name].kind])
def test_examples_are_read(command, monkeypatch, tmp_path):
    (tmp_path / "logs" / "<run>").mkdir(parents=True)
    (tmp_path / "logs" / "<run>" / "config.yml").write_text("SEED: 1")
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    monkeypatch.chdir(tmp_path)
    for example in COMMANDS[command].examples:
        load_cfg(shlex.split(example), command, CHOICES)


def test_a_new_command_is_a_row_and_its_flags_are_rows(monkeypatch, capsys, tmp_path):
    row = Command("search add", "Put pictures into a gallery.", ("people/ --top 3",), TESTING)
    monkeypatch.setitem(commands.COMMANDS, "search", Command("search", "Find people."))
    monkeypatch.setitem(commands.COMMANDS, row.name, row)
    own = (
        Flag(("--top",), setting(5, least=1), "N", "answers", (row.name,)),
        Flag(("--into",), setting("", path=True), "DIR", "gallery", (row.name,)),
        Flag(("--quick",), setting(False), "", "do less", (row.name,)),
    )
    monkeypatch.setattr("config.command_line.FLAGS", (*flags.FLAGS, *own))
    (tmp_path / "config.yml").write_text("SEED: 7")
    words = ["add", "--top", "3", "--quick", "--model_path", str(tmp_path / "mAP1.0.pth"), "SEED", "8"]
    command, rest = find_subcommand(words, "search")
    assert (command, rest) == ("search add", words[1:])
    options = read_options(rest, command)
    assert (options.top, options.into, options.quick) == (3, "", True)
    cfg = load_cfg(rest[:-2], command)
    assert cfg.SEED == 7 and load_cfg(rest, command).SEED == 8, "config.yml beside the weights, as a test"
    with pytest.raises(ConfigError, match="^--top must be at least 1, not 0$"):
        load_cfg(["--top", "0"], command)
    with pytest.raises(ConfigError, match="^--top: 'x' is not a whole number$"):
        load_cfg(["--top", "x"], command)
    with pytest.raises(ConfigError, match="TEST.K2 6 must not be above TEST.K1 5"):
        load_cfg(["TEST.K1", "5"], command)
    with pytest.raises(ConfigError, match="unknown flag --kd"):
        load_cfg(["--kd"], command)
    with pytest.raises(ConfigError, match="COMMAND"):
        find_subcommand(["ad"], "search")
    with pytest.raises(SystemExit):
        find_subcommand(["--help"], "search")
    assert "  add         Put pictures into a gallery" in capsys.readouterr().out


def test_benchmarks_sub_commands():
    assert find_subcommand(["train", "--steps", "3"], "benchmark") == ("benchmark train", ["--steps", "3"])
    for words in ([], ["evaluate"]):
        with pytest.raises(ConfigError, match="COMMAND"):
            find_subcommand(words, "benchmark")
    options = read_options([], "benchmark eval")
    assert (options.re_ranking, options.plain) == (("market1501", "msmt17"), ("market1501",))
    options = read_options(["--sizes", "1x2x3", "msmt17", "--plain", "--re_ranking"], "benchmark eval")
    assert (options.sizes, options.plain, options.re_ranking) == (("1x2x3", "msmt17"), (), ())


@pytest.mark.parametrize("words", [["--steps", "0"], ["--rounds", "0"]])
def test_options_have_bounds(words):
    with pytest.raises(ConfigError, match=f"^{words[0]} must be at least 1, not 0$"):
        read_options(words, "benchmark train")


def test_validate_data_takes_settings_and_its_own_flags(tmp_path):
    words = ["--picture", "p.png", "--model_name", "resnet18", "SEED", "3", "--json", "r.json"]
    options = read_options(words, "validate_data")
    assert (options.picture, options.json) == ("p.png", "r.json")
    cfg = load_cfg(words, "validate_data")
    assert (cfg.MODEL.NAME, cfg.SEED) == ("resnet18", 3)
    with pytest.raises(ConfigError, match="unknown flag --picture"):
        load_cfg(words, "train")


# ------------------------------------------------------------------------------------------------ registries


@pytest.mark.parametrize("command", [name for name in RUNNABLE if COMMANDS[name].kind])
def test_help_lists_every_name_of_every_registry(command, capsys):
    words = re.split(r"[\s,]+", help_of(command, capsys))
    for key, names in CHOICES.items():
        assert key in SETTINGS and set(names) <= set(words), key


@pytest.mark.parametrize("key", CHOICES)
def test_names_of_a_registry_are_checked(key):
    default = get_defaults()
    for name in key.split("."):
        default = default[name]
    load_cfg([], choices=CHOICES)
    assert all(name in CHOICES[key] for name in ([default] if isinstance(default, str) else default))
    if "<path>" in CHOICES[key]:
        return
    for word in ("nonsense", "timm/"):
        with pytest.raises(ConfigError, match=f"{key}: unknown '{word}'.*valid: {list(CHOICES[key])[0]}, "):
            load_cfg([key, word], choices=CHOICES)


def test_a_family_of_names_is_open():
    assert load_cfg(["--model_name", "timm/anything"], choices=CHOICES).MODEL.NAME == "timm/anything"
    with pytest.raises(ConfigError, match="did you mean timm/resnet50"):
        read_settings("train", ["--model_name", "timm/resnet5"])


def row_of(page: str, beginning: str) -> str:
    (row,) = re.findall(rf"^\| `{beginning}`.*\|$", (ROOT / page).read_text(encoding="utf-8"), re.M)
    return row


@pytest.mark.parametrize("language", ["", ".zh-CN"])
def test_the_names_that_the_pages_list_are_those_of_the_registries(language):
    page = f"docs/training{language}.md"
    networks = re.findall(r"\b(?:se_)?(?:resnet|mobilenet|osnet)\w+", row_of(page, "--model_name"))
    assert len(networks) >= 5 and set(networks) <= set(CHOICES["MODEL.NAME"])
    assert "--help" in row_of(page, "--model_name")
    for key in ("MODEL.ID_LOSS_TYPE", "MODEL.METRIC_LOSS_TYPE", "DATALOADER.SAMPLER", "SOLVER.SCHEDULE"):
        assert all(name in row_of(page, key) for name in CHOICES[key]), key
    for key, place in (("INPUT.AUTOAUG", page), ("DATASETS.NAMES", f"README{language}.md")):
        text = (ROOT / place).read_text(encoding="utf-8")
        assert all(name in text for name in CHOICES[key] if name != "<path>"), key


def test_benchmarks_sizes_are_named_in_its_help(capsys):
    shown = " ".join(help_of("benchmark eval", capsys).split())
    assert f"A SIZE is {', '.join(SIZES)}, or QUERIESxGALLERYxDIMENSIONS" in shown


def test_settings_may_follow_a_list():
    options = read_options("--images a b SEED 3 --random 2".split(), "visualize activations")
    assert (options.images, options.random) == (("a", "b"), 2)
    for words in (["SEED", "3", "--images", "a"], ["--images", "a", "SEED", "3"]):
        assert load_cfg(words, "visualize activations").SEED == 3
    assert read_options(["SEED", "3"], "visualize activations").images == ()
