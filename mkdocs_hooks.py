"""Pages of the documentation's site that do not lie in docs/: READMEs, changelog, and one per package."""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent
# File of the program -> its page.
PAGES = {
    "README.md": "index.md",
    "README.zh-CN.md": "zh.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "weights/README.md": "weights.md",
}
# Package -> the modules whose public names it is used by.
API = {
    "hubconf": ["hubconf"],
    "config": ["config"],
    "data": ["data", "data.datasets", "data.samplers", "data.transforms"],
    "modeling": ["modeling"],
    "layers": ["layers"],
    "solver": ["solver"],
    "distillation": ["distillation"],
    "evaluation": ["evaluation"],
    "engine": ["engine"],
    "export": ["export"],
    "search": [
        *("search.embedder", "search.query", "search.gallery", "search.people"),
        *("search.detectors", "search.tracker", "search.footage", "search.indexing"),
    ],
    "benchmarks": [
        *("benchmarks.training", "benchmarks.evaluation", "benchmarks.search", "benchmarks.gallery"),
        *(
            "benchmarks.people",
            "benchmarks.networks",
            "benchmarks.plain_evaluation",
            "benchmarks.plain_search",
        ),
        "benchmarks.per_image_pipeline",
    ],
    "utils": ["utils.errors", "utils.random_state", "utils.run_folder"],
}
# What is of a module whose name is a title.
BELOW = "\n    options:\n      heading_level: 3"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages, before any is read."""
    for source, page in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=with_links(text, source)))
    for package, modules in API.items():
        parts = [f"# {package}", *(f"## `{module}`\n\n::: {module}{BELOW}" for module in modules)]
        if len(modules) == 1:
            parts = [f"# {package}", f"::: {package}"]
        files.append(File.generated(config, f"api/{package}.md", content="\n\n".join(parts) + "\n"))
    return files


def on_page_markdown(markdown: str, page, **_) -> str:
    """Links of the pages in docs/ to files that have a page of their own, or none."""
    if page.file.generated_by:
        return markdown
    return with_links(markdown, f"docs/{page.file.src_uri}")


def with_links(text: str, source: str) -> str:
    """A page whose links lead to pages of the site; a link to any other file of the program is its label.

    Args:
        text: Markdown.
        source: the file that holds it, relative to the program's folder.

    Raises:
        PluginError: a link leads to no file of the program.
    """

    def replaced(found: re.Match) -> str:
        label, target, anchor = found["label"], found["target"], found["anchor"] or ""
        if not target or re.match(r"\w+:", target):
            return found[0]
        file = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        if not (ROOT / file).exists():
            raise PluginError(f"{source} links to {target}, which is not there")
        if page := PAGES.get(file, file.removeprefix("docs/") if file.startswith("docs/") else ""):
            return f"{label}({page}{anchor})"
        return label.lstrip("!")[1:-1]

    pattern = r"(?P<label>!?\[[^\]]*\])\((?P<target>[^)#\s]*)(?P<anchor>#[^)\s]*)?\)"
    text = re.sub(pattern, replaced, text)
    return re.sub(r'\b(src|href)="docs/', r'\1="', text) if "/" not in source else text
