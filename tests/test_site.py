"""The site of the documentation: which pages there are, and where their links lead."""

import re

import pytest

from tests.commands import ROOT
from tests.test_imports import ALLOWED

hooks = pytest.importorskip("mkdocs_hooks", reason="needs mkdocs (requirements-docs.txt)")


@pytest.mark.parametrize("package", sorted({*ALLOWED} - {"tools"}))
def test_every_package_has_a_page_that_the_navigation_leads_to(package):
    modules = hooks.API[package]
    files = [ROOT.joinpath(*module.split(".")) for module in modules]
    assert all(file.with_suffix(".py").is_file() or (file / "__init__.py").is_file() for file in files)
    if "__all__" in (ROOT / package / "__init__.py").read_text(encoding="utf-8"):
        assert package in modules, "the names that it exports"
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert re.search(rf"^ +- {package}: api/{package}\.md$", navigation, re.M)


@pytest.mark.parametrize(
    "source, link, shown",
    [
        ("README.md", "[data](docs/data.md#cuhk03)", "[data](data.md#cuhk03)"),
        ("docs/data.md", "[start](../README.md)", "[start](index.md)"),
        ("README.md", "[the license](LICENSE)", "the license"),
        ("README.md", "[torch](https://pytorch.org/gone)", "[torch](https://pytorch.org/gone)"),
    ],
)
def test_links_lead_to_pages_or_become_their_labels(source, link, shown):
    assert hooks.with_links(link, source) == shown


@pytest.mark.parametrize("source, target", [("README.md", "docs/gone.md"), ("docs/data.md", "../LICENCE")])
def test_a_link_to_a_file_that_is_not_there_is_an_error(source, target):
    with pytest.raises(hooks.PluginError, match=f"{source} links to {target}, which is not there"):
        hooks.with_links(f"see [this]({target})", source)
