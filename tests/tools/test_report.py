"""tools/test.py --report and --compare: the page as a browser shows it."""

import re
import shutil
from pathlib import Path

import pytest
import torch

from config import load_cfg
from modeling import build_model
from tests.conftest import assert_refused
from tests.data.custom_data import write_image

NASTY = "<img src=x onerror=alert(1)><script>alert(2)"


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    """A data set of a user's own, with names that are HTML."""
    folder = tmp_path_factory.mktemp("shop")
    rows = ["path,person_id,camera_id,split"]
    for person in range(4):
        for camera in ("<b>gate", "yard", "hall"):
            for split in ("query", "gallery"):
                name = f"{person}{camera}{split}{NASTY if person == 1 else ''}.png"
                write_image(folder / name, seed=len(rows))
                rows.append(f'"{name}",p{person},{camera},{split}')
    (folder / "shop.csv").write_text("\n".join(rows))
    return folder / "shop.csv"


@pytest.fixture(scope="module")
def weights(quick, shop, tmp_path_factory) -> list[Path]:
    """Of two untrained networks, each in its run's folder."""
    files = []
    for number, words in enumerate(([], ["MODEL.EMBEDDING_DIM", "8"])):
        cfg = load_cfg([*quick, "DATASETS.NAMES", str(shop), "DATALOADER.CACHE", "none", *words])
        folder = tmp_path_factory.mktemp("run")
        torch.manual_seed(number)
        torch.save(build_model(cfg, 4).state_dict(), folder / f"mAP{number}.0.pth")
        (folder / "config.yml").write_text(cfg.dump())
        files.append(folder / f"mAP{number}.0.pth")
    return files


@pytest.fixture(scope="module")
def report(start_in, weights, tmp_path_factory) -> tuple[str, Path]:
    """The output of a command and its page of two networks."""
    folder = tmp_path_factory.mktemp("report")
    words = [
        "--model_path",
        weights[0],
        "--compare",
        weights[1],
        "TEST.FLIP",
        "yes",
        "--report",
        "out/r.html",
    ]
    done = start_in(folder, "tools/test.py", *words).finish()
    assert done.returncode == 0, done.stderr
    return done.stdout, folder / "out" / "r.html"


def test_both_networks_are_tested(report):
    out, file = report
    assert len(re.findall(r"mAP:\d+\.\d%", out)) == 2 and "Saved out/r.html" in out
    plain = re.findall(r"^  plain +\| +(\d+\.\d)% \|", out, re.M)
    flip = re.findall(r"^  flip +\| +(\d+\.\d)% \|", out, re.M)
    html = file.read_text(encoding="utf-8")
    assert re.findall(r"<td>plain</td><td>([\d.]+)", html) == plain
    assert re.findall(r"<td>flip</td><td>([\d.]+)", html) == flip and len(flip) == 2


def test_the_page_in_a_browser_without_a_network(report, page):
    _, file = report
    page.context.set_offline(True)
    requests: list[str] = []
    dialogs: list[str] = []
    messages: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("dialog", lambda dialog: dialogs.append(dialog.message) or dialog.dismiss())
    page.on("console", lambda message: messages.append(message.text))
    page.goto(file.as_uri())
    assert page.title().startswith("tiny on shop: mAP ")
    assert [url for url in requests if not url.startswith("data:image/jpeg;")] == [file.as_uri()]
    assert not dialogs and not messages, "nothing is run, and nothing is refused"
    shown = "images => images.map(image => image.complete && image.naturalWidth > 0)"
    images = page.eval_on_selector_all("img", shown)
    assert len(images) >= 2 * 12 * 2 and all(images)
    assert page.locator("script").count() == 0
    assert page.get_by_text(NASTY).count() >= 1, "a name is shown as text"
    assert page.get_by_text("cam. <b>gate").count() >= 1
    assert page.locator("svg").count() == 5 and page.get_by_text("false positive rate").count() >= 1
    widths = page.eval_on_selector_all("svg", "charts => charts.map(chart => chart.clientWidth)")
    assert min(widths) > 300
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390, "a phone shows it without scrolling"


def test_light_and_dark(report, page):
    _, file = report
    page.goto(file.as_uri())
    colours = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        body = "getComputedStyle(document.body).backgroundColor"
        label = "getComputedStyle(document.querySelector('svg text')).fill"
        colours.append((page.evaluate(body), page.evaluate(label)))
    (light, ink), (dark, chalk) = colours
    assert light == "rgb(255, 255, 255)" and light != dark and ink != chalk


def test_refusals(command, weights, tmp_path):
    (tmp_path / "file").write_text("in the way")

    def run(*words):
        return command("tools/test.py", "--model_path", weights[0], *words)

    assert_refused(run("--report", "file/r.html"), "cannot write file/r.html")
    assert_refused(run("--report", "r.pdf"), "TEST.REPORT must end with .html")
    protocol = ("TEST.PROTOCOL", "single_gallery_shot")
    assert_refused(run("--report", "r.html", *protocol), "REPORT) need TEST.PROTOCOL standard")
    assert_refused(run("--compare", "gone.pth"), "TEST.WEIGHT gone.pth: no such file")
    assert_refused(run("--compare", weights[1], "--save_results", "r.csv"), "leave it or --compare out")
    shutil.copy(weights[1], tmp_path / "other.pth")
    (tmp_path / "config.yml").write_text((weights[0].parent / "config.yml").read_text())
    assert_refused(run("--compare", "other.pth"), "other.pth", "does not fit this network")
    assert {path.name for path in tmp_path.iterdir()} == {"file", "other.pth", "config.yml"}
