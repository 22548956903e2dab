"""What the pages show is there: commands are run, word for word; links, files and messages are looked for."""

import ast
import os
import re
import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import yaml

from config import find_subcommand, load_cfg, read_options
from config.commands import COMMANDS as TABLE
from config.defaults import SETTINGS
from modeling import TIMM, build_model, timm_names
from search.demo import VideoSpec, draw_videos
from tests.commands import MAINS, ROOT, run_fresh
from tests.conftest import SMALL_NET
from tests.test_imports import sources
from tools.start import CHOICES
from utils.run_folder import COLUMNS

# Pages that are there in English and in Chinese.
BOTH = ["README.md", *(f"docs/{name}.md" for name in ("training", "evaluation", "troubleshooting"))]
PAGES = [
    *(
        "README.md",
        "README.zh-CN.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "weights/README.md",
        "logs/README.md",
    ),
    *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))),
]


def in_chinese(page: str) -> str:
    return page.replace(".md", ".zh-CN.md")


def fenced(page: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.S)


def shell_lines(page: str) -> list[str]:
    """The commands of the fenced shell blocks, without comments."""
    blocks = fenced(page, "shell")
    return [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]


# One machine's commands, each once; two machines need each other.
SHOWN = list(dict.fromkeys(line for page in BOTH for line in shell_lines(page)))
TRAINED = ("tools/train.py", "tools/test.py", "tools/validate_data.py")
COMMANDS = [line for line in SHOWN if any(f"{tool} " in line for tool in TRAINED) and "--nnodes" not in line]
USED = [line for line in SHOWN if line.startswith(("python tools/extract.py", "python tools/export.py"))]
SEARCHED = [line for line in SHOWN if line.startswith("python tools/search.py") and "serve" not in line]
LOOKED = [line for line in shell_lines("docs/looking.md") if line.startswith("python ")]
# But for what the README shows, too, and a minute of the ready network and real people.
EXPORTED = [
    line
    for line in shell_lines("docs/export.md")
    if line.startswith("python ") and line not in USED and "weights/market1501" not in line
]


@pytest.mark.parametrize("page", BOTH)
def test_both_languages_show_the_same_commands(page):
    assert shell_lines(page) == shell_lines(in_chinese(page))


def test_the_readme_shows_how_to_begin_and_every_kind_of_command():
    assert shell_lines("README.md")[:3] == ["make demo", "make search-demo", "make test"]
    assert len(COMMANDS) >= 6 and len(USED) == 2 and len(SEARCHED) == 3


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
    small += ["SOLVER.IMS_PER_BATCH", "8"]
    if "train.py" in line and "--model_path" not in line and "demo.yml" not in line:
        small += ["MODEL.PRETRAIN_CHOICE", "none"]  # ImageNet weights would be downloaded
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


def write_run(folder: Path, words: list[str], weights: str = "mAP75.1.pth") -> None:
    """A run's folder with an untrained network and its settings."""
    folder.mkdir(parents=True)
    cfg = load_cfg([*words, "INPUT.SIZE_TEST", "[64,32]", "MODEL.DEVICE", "cpu"])
    torch.save(build_model(cfg, 4).state_dict(), folder / weights)
    (folder / "config.yml").write_text(cfg.dump())


def write_people(*files: Path) -> None:
    """Images of nobody."""
    for number, file in enumerate(files):
        file.parent.mkdir(parents=True, exist_ok=True)
        image = np.random.default_rng(number).integers(0, 256, (80, 40, 3), np.uint8)
        cv2.imwrite(str(file), image)


@pytest.fixture
def tiny_words(tiniest) -> list[str]:
    """Settings of a network and a data set that are as small as can be."""
    return [*SMALL_NET, *tiniest, "--model_name", "tiny", "SOLVER.IMS_PER_BATCH", "8"]


@pytest.mark.parametrize("line", USED)
def test_a_trained_network_is_used_as_the_readme_shows(line, command, tmp_path):
    run = tmp_path / "logs" / "tiny-market1501"
    write_run(run, ["--model_name", "osnet_x0_25"])
    write_people(tmp_path / "photos" / "a.jpg")
    _, *words = shlex.split(line.replace("<run>", run.name))
    done = command(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "features.parquet").is_file() or (run / "mAP75.1.onnx").is_file()


def test_results_are_looked_at_as_their_page_shows(command, tiny_words, tmp_path):
    for package in ("sklearn", "onnx", "onnxruntime"):
        pytest.importorskip(package)
    from tests.engine.test_exported import FACTS, write_mean

    for name, weights in (("run", "mAP75.1.pth"), ("other", "mAP71.0.pth")):
        folder = tmp_path / "logs" / name
        write_run(folder, tiny_words, weights)
        row = ",".join(map(str, range(1, 1 + len(COLUMNS))))
        (folder / "results.csv").write_text(f"{','.join(COLUMNS)}\n{row}\n")
        (folder / "log.txt").touch()
    write_mean(tmp_path / "reid.onnx", ("n", 3, *FACTS.input_size), facts=FACTS)
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    for line in LOOKED:
        shown = re.sub("<(run|other)>", r"\1", line).replace("--people 20", "--people 4")
        _, *words = shlex.split(shown)
        done = command(*words, *(tiny_words if "--config_file" in words else ()))
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    pictures = [f"{name}.png" for name in ("ranks", "activations", "embedding", "batch", "curves")]
    assert all((tmp_path / name).is_file() for name in ("report.html", *pictures))


def test_networks_are_exported_and_used_as_the_pages_show(command, tiny_words, tmp_path):
    for package in ("onnx", "onnxscript", "onnxruntime", "openvino"):
        pytest.importorskip(package)
    run, train = tmp_path / "logs" / "run", tmp_path / "data" / "market1501" / "bounding_box_train"
    write_run(run, tiny_words)
    write_people(
        *(folder / name for folder in (tmp_path, tmp_path / "photos", train) for name in ("a.jpg", "b.jpg"))
    )
    for line in EXPORTED:
        _, *words = shlex.split(line.replace("<run>", run.name))
        done = command(*words)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        if "--fp16" in words:
            os.link(run / "mAP75.1.fp16.onnx", run / "mAP75.1.onnx")  # that of fp32 is the README's
    assert {"teacher.npz", "reid.xml", "features.parquet"} <= {path.name for path in tmp_path.iterdir()}

    os.link(run / "mAP75.1.onnx", tmp_path / "mAP75.1.onnx")
    write_run(tmp_path / "logs" / "known", ["--model_name", "osnet_x0_25"])  # a fresh Python knows it
    code = "\n".join([*fenced("README.md", "python"), *fenced("docs/export.md", "python")])
    for shown, here in (("/path/to/this/program", str(ROOT)), ("<run>", "known"), ("(128, 256)", "(32, 64)")):
        assert shown in code
        code = code.replace(shown, here)
    done = run_fresh("-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert -1 <= float(re.search(r"cosine similarity (\S+)", done.stdout)[1]) < 0.9999, "of two pictures"


def test_a_video_is_searched_as_the_readme_shows(command, tmp_path):
    draw_videos(tmp_path, VideoSpec(seconds=3, cameras=1, people=2, shared=0), progress=False)
    (tmp_path / "camera1.mp4").rename(tmp_path / "entrance.mp4")
    min((tmp_path / "queries").iterdir()).rename(tmp_path / "person.jpg")
    for line in SEARCHED:
        _, *words = shlex.split(line)
        done = command(*words)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "found.png").is_file() and (tmp_path / "people.png").is_file()


def test_the_page_for_python_runs_from_its_first_line_to_its_last(tmp_path, tiniest):
    write_people(*(tmp_path / f"{name}.jpg" for name in "abc"))
    draw_videos(tmp_path, VideoSpec(seconds=3, cameras=1, people=2, shared=0), progress=False)
    (tmp_path / "camera1.mp4").rename(tmp_path / "entrance.mp4")
    min((tmp_path / "queries").iterdir()).rename(tmp_path / "person.jpg")
    for folder in ("configs", "weights"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    code = "\n".join(fenced("docs/python.md", "python"))
    small = [*tiniest, "SOLVER.MAX_EPOCHS", "1", "SOLVER.IMS_PER_BATCH", "8", "INPUT.SIZE_TRAIN", "[64,32]"]
    for shown, here in (
        ("/path/to/this/program", str(ROOT)),
        ('"SOLVER.MAX_EPOCHS", "2"', str([*small, "INPUT.SIZE_TEST", "[64,32]"])[1:-1]),
    ):
        assert shown in code
        code = code.replace(shown, here)
    done = run_fresh("-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list((tmp_path / "logs" / "mine").glob("mAP*.pth"))
    assert "('entrance', " in done.stdout


@pytest.mark.parametrize(
    "line",
    dict.fromkeys(
        line
        for page in PAGES
        for line in shell_lines(page)
        if line.startswith("python tools/") and line not in COMMANDS and "doctor" not in line
    ),
)
def test_flags_and_settings_of_commands_that_are_shown(line):
    _, tool, *words = shlex.split(line)
    words = [str(ROOT / word) if word.startswith("configs/") else word for word in words]
    command = Path(tool).stem
    if any(name.startswith(f"{command} ") for name in TABLE):
        command, words = find_subcommand(words, command)
    if not TABLE[command].kind:
        read_options(words, command, CHOICES)
        return
    cfg = load_cfg(words, command, choices=CHOICES)
    if cfg.MODEL.NAME.startswith(TIMM):
        assert cfg.MODEL.NAME in timm_names()


@pytest.mark.parametrize("page", [page for page in PAGES if "zh-CN" in page])
def test_no_line_of_chinese_is_broken(page):
    """A browser shows the break as a space."""
    text = (ROOT / page).read_text(encoding="utf-8")
    chinese = r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"  # with its punctuation
    assert not re.findall(rf".*{chinese}\n *{chinese}.*", text)


@pytest.mark.parametrize("page", PAGES)
def test_settings_that_are_named_exist(page):
    """Each word of capitals behind a section's name is a setting or begins one."""
    text = (ROOT / page).read_text(encoding="utf-8")
    sections = "|".join({key.partition(".")[0] for key in SETTINGS if "." in key})
    for key in re.findall(rf"\b(?:{sections})\.[A-Z0-9_.]*[A-Z0-9_]", text):
        assert any(f"{setting}.".startswith(f"{key}.") for setting in SETTINGS), key


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_readme_speaks_of_what_is_there(readme):
    text = (ROOT / readme).read_text(encoding="utf-8")
    for target in re.findall(r"^make ([\w-]+)", text, re.M):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)
    for pair in ("MODEL.STEM_RELU no", "DATASETS.ON_BAD_IMAGE skip", "SOLVER.BASE_LR 1e-4"):
        assert pair in text
        load_cfg(pair.split())


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("https://"):
            continue
        path, _, part = target.partition("#")
        file = (ROOT / page).parent.joinpath(path) if path else ROOT / page
        assert file.exists(), target
        if part:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.M)
            assert part in [heading.lower().replace(" ", "-") for heading in headings], target


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


@pytest.mark.parametrize("language", ["", ".zh-CN"])
def test_messages_that_are_explained_are_the_programs(language):
    text = (ROOT / f"docs/troubleshooting{language}.md").read_text(encoding="utf-8")
    table = text[text.index("|---|---|") :].partition("\n\n")[0]
    quoted = re.findall(r"^\| `(.+?)` \|", table, re.M)
    assert len(quoted) >= 15
    program = messages()
    for message in quoted:
        pattern = re.sub(r"\b(\d+|nan|Market1501)\b|…", "*", message).strip("* ")
        assert pattern in program, message


def test_every_recipe_is_in_the_table_that_the_readme_links_to():
    for path in (ROOT / "configs").glob("*.yml"):
        assert yaml.safe_load(path.read_text())
        for page in ("docs/training.md", "docs/training.zh-CN.md"):
            assert f"| `configs/{path.name}` |" in (ROOT / page).read_text(encoding="utf-8")
