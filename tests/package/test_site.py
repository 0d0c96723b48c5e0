"""Tests of the site that mkdocs makes of the pages, and of the check of their links."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.all import CHECKS
from tests.package.documented import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what the site is made of."""
    for name in ("deploy", "docs", "examples", "features", "proto", "varbridge/conformance"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [*ROOT.glob("*.md"), ROOT / "mkdocs.yml"]:
        shutil.copy(path, tmp_path)
    return tmp_path


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the check of the site in a folder."""
    command = [sys.executable, "-m", *CHECKS["site"]]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_site_loads_nothing_from_elsewhere_and_finds_clauses(copy: Path) -> None:
    run = build(copy)
    assert run.returncode == 0, run.stderr
    site = copy / "build" / "site"
    pages = {path.relative_to(site).as_posix(): path.read_text("utf-8") for path in site.rglob("*.html")}
    tags = {
        tag for text in pages.values() for tag in re.findall(r"<(?:script|link|img|iframe)\b[^>]*>", text)
    }
    assert tags
    assert [tag for tag in tags if re.search(r"""(src|href)=["']?(https?:)?//""", tag)] == []
    # mkdocs-material would load a library for diagrams.
    assert [name for name, text in pages.items() if 'class="mermaid"' in text] == []
    assert 'id="w3.1"' in pages["docs/contract.html"]
    assert 'href="docs/contract.html"' in pages["index.html"]
    assert "A temperature of" in pages["features/constraints/numeric_bounds.feature.html"]
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    assert "docs/contract.html#w10-heartbeats" in {place["location"] for place in index["docs"]}


def test_a_link_to_what_does_not_exist_fails(copy: Path) -> None:
    links = ("contract.md#w99.1", "nothing.md", "../features/none.feature", "../SECURITY.md#nowhere")
    with (copy / "docs" / "glossary.md").open("a", encoding="utf-8") as page:
        page.write("".join(f"\n[link]({link})\n" for link in links))
    run = build(copy)
    assert run.returncode == 1
    assert [link for link in links if f"'{link}'" not in run.stderr] == []
