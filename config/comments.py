"""What the comments of ``defaults.py`` say about the settings below them."""

import ast
import io
import re
import tokenize
from typing import NamedTuple


class Group(NamedTuple):
    """A comment, and the settings that stand below it without another comment or an empty line."""

    text: str
    keys: list[str]  # dotted names of settings and sections; none: a remark on what follows


class Part(NamedTuple):
    """What stands below a comment such as ``# ------- training``."""

    title: str  # of what comes before the first: ""
    groups: list[Group]


def read_comments(source: str, root: str = "_C") -> list[Part]:
    """The comments of settings, and the settings that each is about.

    Args:
        source: Python code that declares settings, ``root.SECTION.NAME = …``.
        root: name of the variable that holds all of them.
    """
    comments = _comments(source)
    declarations = _declarations(source, root)
    parts = [Part("", [])]
    lines = ["", *source.splitlines(), ""]  # the first line is line 1
    line = 1
    while line < len(lines):
        texts = []
        while line in comments:
            if heading := re.fullmatch(r"-{5,} (.+)", comments[line]):
                parts.append(Part(heading[1], []))
            else:
                texts.append(comments[line])
            line += 1
        keys = []
        while line in declarations:
            end, key = declarations[line]
            keys.append(key)
            line = end + 1
        if keys or texts and not lines[line].strip():  # else it is about other code, or there is none
            parts[-1].groups.append(Group(" ".join(texts), keys))
        line += not keys
    return parts


def _comments(source: str) -> dict[int, str]:
    """Texts of the comments that have a line to themselves, by its number."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("#").strip()
        for token in tokens
        if token.type == tokenize.COMMENT and token.start[1] == 0
    }


def _declarations(source: str, root: str) -> dict[int, tuple[int, str]]:
    """Last line and dotted name of each assignment to an attribute of ``root``, by its first line."""
    return {
        node.lineno: (node.end_lineno, key)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and (key := _key(node.targets[0], root))
    }


def _key(node: ast.expr, root: str) -> str:
    """``A.B`` of the expression ``root.A.B``; empty for any other."""
    names = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return ".".join(names) if isinstance(node, ast.Name) and node.id == root else ""
