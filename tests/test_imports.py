"""How the folders hang together, read from the source: imports, parameters of functions, lengths of files."""

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

from tests.commands import ROOT

# Folder -> the folders of ours that it may import, beside itself.
ALLOWED = {
    "utils": set(),
    "layers": set(),
    "solver": set(),
    "config": {"utils"},
    "data": {"utils"},
    "evaluation": {"utils"},
    "modeling": {"layers", "utils"},
    "distillation": {"modeling", "layers", "utils"},
}
ALLOWED["engine"] = {*ALLOWED}
ALLOWED["export"] = {"config", "data", "engine", "modeling", "utils"}
ALLOWED["search"] = {"data", "engine", "evaluation", "utils"}
ALLOWED["benchmarks"] = {*ALLOWED}
ALLOWED["tools"] = {*ALLOWED}
MOST_PARAMETERS = 7
MOST_LINES = 250
LONGER = "config/defaults.py"  # a page of settings


def sources() -> Iterator[tuple[str, Path]]:
    """Folder and path of every Python file of the program."""
    for folder in ALLOWED:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield folder, path


def modules(path: Path) -> Iterator[str]:
    """Full names of the modules that a file imports, wherever in it, as ``data.images``."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else ()
            module = ".".join([*above, *filter(None, [node.module])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_every_folder_has_its_place():
    assert {path.parent.name for path in ROOT.glob("*/*.py")} == {*ALLOWED, "tests"}


def test_folders_import_only_those_below_them():
    ours = {*ALLOWED, "tests"}
    wrong = {
        f"{name(path)} imports {module}"
        for folder, path in sources()
        for module in modules(path)
        if module.partition(".")[0] in ours - {folder, *ALLOWED.get(folder, ())}
    }
    assert not wrong, "\n".join(sorted(wrong))


def test_no_file_imports_itself_by_way_of_others():
    """Importing a package takes what its ``__init__.py`` imports, but not from within the package."""
    files = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for _, path in sources()}
    files |= {module.removesuffix(".__init__"): path for module, path in files.items()}
    graph = {path: {files[module] for module in modules(path) if module in files} for path in files.values()}
    for path, imported in graph.items():
        imported.discard(path.with_name("__init__.py"))
        imported.discard(path)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        raise AssertionError(" -> ".join(map(name, error.args[1]))) from None


def test_folders_do_not_import_one_another():
    graph = {folder: set() for folder in ALLOWED}
    for folder, path in sources():
        imported = {module.partition(".")[0] for module in modules(path)}
        graph[folder] |= imported & {*ALLOWED} - {folder}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        raise AssertionError(" -> ".join(error.args[1])) from None


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> int:
    """How many parameters a function takes, ``self`` and ``cls`` not counted."""
    taken = function.args
    names = [arg.arg for arg in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs)]
    more = sum(arg is not None for arg in (taken.vararg, taken.kwarg))
    return len(names) + more - (names[:1] in (["self"], ["cls"]))


def test_no_function_takes_too_many_parameters():
    wrong = [
        f"{name(path)}:{node.lineno} {getattr(node, 'name', 'lambda')} takes {parameters(node)}"
        for path in [*(path for _, path in sources()), *(ROOT / "tests").rglob("*.py")]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        and parameters(node) > MOST_PARAMETERS
    ]
    assert not wrong, "\n".join(wrong)


def test_no_file_is_too_long():
    lines = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for _, path in sources()}
    assert not {file: count for file, count in lines.items() if count > MOST_LINES and file != LONGER}
