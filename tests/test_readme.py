"""What the pages show is there: commands are run, word for word; links, files and messages are looked for."""

import ast
import os
import re
import shlex
from pathlib import Path

import pytest
import torch
import yaml

from config import find_subcommand, load_cfg
from config.commands import COMMANDS as TABLE
from config.defaults import SETTINGS
from modeling import TIMM, build_model, timm_names
from tests.commands import MAINS, ROOT, run_fresh
from tests.test_imports import sources
from tools.start import CHOICES

READMES = ["README.md", "README.zh-CN.md"]
PAGES = [*READMES, "CONTRIBUTING.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]


def shell_lines(readme: str) -> list[str]:
    """The commands of the fenced shell blocks, without comments."""
    blocks = re.findall(r"```shell\n(.*?)```", (ROOT / readme).read_text(encoding="utf-8"), re.S)
    return [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]


# One machine's commands; two machines need each other.
COMMANDS = [
    line
    for line in shell_lines("README.md")
    if line.startswith(("python tools/", "torchrun ")) and "--nnodes" not in line
]


def test_both_readmes_show_the_same_commands():
    assert shell_lines("README.md") == shell_lines("README.zh-CN.md")
    assert len(COMMANDS) >= 4 and shell_lines("README.md")[:2] == ["make demo", "make test"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """The weights that the commands name: 100 MB, which each command's folder links to."""
    file = tmp_path_factory.mktemp("weights") / "weights.pth"
    torch.save(build_model(load_cfg(["--model_name", "resnet50_ibn_a"]), 751).state_dict(), file)
    return file


@pytest.mark.parametrize("line", COMMANDS)
def test_readme_command(line, command, weights, tmp_path, tiniest):
    run = tmp_path / "logs" / "resnet50_ibn_a-market1501"
    (tmp_path / "weights").mkdir()
    run.mkdir(parents=True)
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    for file in ("weights/ReID_resnet50_ibn_a.pth", "weights/mAP75.1.pth", run / "mAP75.1.pth"):
        os.link(weights, tmp_path / file)
    (run / "config.yml").write_text(load_cfg(["--model_name", "resnet50_ibn_a"]).dump())

    program, *words = shlex.split(line.replace("<run>", run.name))
    small = [
        *(*tiniest, "DATASETS.TEST_NAME", "", "MODEL.DEVICE", "cpu", "SOLVER.MAX_EPOCHS", "1"),
        *("INPUT.SIZE_TRAIN", "[64,32]", "INPUT.SIZE_TEST", "[64,32]"),
    ]
    if "demo.yml" in line or program == "torchrun" or "validate_data.py" in line:
        small += ["SOLVER.IMS_PER_BATCH", "8"]
    if program == "torchrun":
        words = ["-m", "torch.distributed.run", "--standalone", *words]
        words = [ROOT / word if word in MAINS else word for word in words]
        done = run_fresh(*words, *small, cwd=tmp_path)
    else:
        done = command(*words, *small)
    assert done.returncode == 0, done.stdout + done.stderr
    if "validate_data.py" in line:
        assert "nothing found" in done.stdout
        return
    assert re.search(r"mAP:\d+\.\d%", done.stdout)
    if "train.py" in line:
        assert int(re.search(r"Iteration\[\d+/(\d+)\]", done.stdout)[1]) >= 2


SHOWN = [
    line for page in ("data", "pretrained", "export", "looking") for line in shell_lines(f"docs/{page}.md")
]


@pytest.mark.parametrize(
    "line", [line for line in SHOWN if line.startswith("python") and "validate" not in line]
)
def test_settings_of_pages_that_show_commands(line):
    _, tool, *words = shlex.split(line)
    words = [str(ROOT / word) if word.startswith("configs/") else word for word in words]
    command = Path(tool).stem
    if not TABLE[command].kind:
        command, words = find_subcommand(words, command)
    cfg = load_cfg(words, command, choices=CHOICES)
    if cfg.MODEL.NAME.startswith(TIMM):
        assert cfg.MODEL.NAME in timm_names()


@pytest.mark.parametrize("page", PAGES)
def test_settings_that_are_named_exist(page):
    """Each word of capitals behind a section's name is a setting or begins one."""
    text = (ROOT / page).read_text(encoding="utf-8")
    sections = "|".join({key.partition(".")[0] for key in SETTINGS if "." in key})
    for key in re.findall(rf"\b(?:{sections})\.[A-Z0-9_.]*[A-Z0-9_]", text):
        assert any(f"{setting}.".startswith(f"{key}.") for setting in SETTINGS), key


@pytest.mark.parametrize("readme", READMES)
def test_readme_speaks_of_what_is_there(readme):
    text = (ROOT / readme).read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", text, re.M):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)
    for pair in ("MODEL.STEM_RELU no", "DATASETS.ON_BAD_IMAGE skip", "DATASETS.NAMES synthetic"):
        assert pair in text
        load_cfg(pair.split())


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in [heading.lower().replace(" ", "-") for heading in headings], target
        elif not target.startswith("https://"):
            assert (ROOT / page).parent.joinpath(target).exists(), target


@pytest.mark.parametrize("page", PAGES)
def test_files_of_the_program_that_are_named_exist(page):
    """But for those that a recipe tells to write, such as ``layers/my_loss.py``."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for path in re.findall(r"`([a-z]+/[\w/]+\.(?:py|yml|md))`", text):
        assert (ROOT / path).is_file() or Path(path).stem.startswith("my_"), path


def messages() -> str:
    """The program's strings, one per line, with a * for each value that is put in."""
    strings = []
    for _, path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "*" for part in node.values]
                strings.append("".join(parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                strings.append(re.sub(r"\{.*?\}", "*", node.value))
    return "\n".join(strings)


@pytest.mark.parametrize("readme", READMES)
def test_messages_that_are_explained_are_the_programs(readme):
    text = (ROOT / readme).read_text(encoding="utf-8")
    table = text[text.rindex("|---|---|") :]
    quoted = re.findall(r"^\| `(.+?)` \|", table, re.M)
    assert len(quoted) >= 15
    program = messages()
    for message in quoted:
        pattern = re.sub(r"\b(\d+|nan|Market1501)\b|…", "*", message).strip("* ")
        assert pattern in program, message


def test_every_yaml_is_found_by_the_readme():
    for path in (ROOT / "configs").glob("*.yml"):
        assert yaml.safe_load(path.read_text())
        for readme in READMES:
            assert f"configs/{path.name}" in (ROOT / readme).read_text(encoding="utf-8")
