"""The hook of mkdocs that makes the site of the repository's own pages, at the paths that they have there.

Links therefore work on the site as they do on GitHub. A feature, and every other file that a page links to,
gets a page with its text.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]

PAGES = {
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "deploy/README.md")
    for path in ROOT.glob(pattern)
}

LINK = re.compile(r"(?<=\]\()([^)\s#:]+)(?=[)#])")
"""The pattern of the path in a link of Markdown that stays in this repository."""

BOOSTS = {"docs/contract.md": 4.0, "docs/mutants.md": 0.2, "docs/traceability.md": 0.2}
"""The factors of the rank of a page among the results of a search; 1 for the others."""

LANGUAGES = {".exs": "elixir", ".feature": "gherkin", ".js": "javascript", ".service": "ini"}
"""The names of languages that are not those of the suffix, for the colours of the text."""


def on_config(config: MkDocsConfig) -> None:
    """Add the features to the navigation, in a section for each folder."""
    folders = sorted(path for path in (ROOT / "features").iterdir() if path.is_dir())
    for section in config.nav or []:
        if "Features" in section:
            section["Features"] += [
                {
                    folder.name: [
                        f"features/{folder.name}/{path.name}.md" for path in sorted(folder.glob("*.feature"))
                    ]
                }
                for folder in folders
            ]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Return the files of the site: those of the theme, the pages, and what the pages link to."""
    site = Files([file for file in files if file.src_uri.startswith("assets/")])
    for path in sorted(PAGES):
        site.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    targets = {
        _target(page, link) for page in PAGES for link in LINK.findall((ROOT / page).read_text("utf-8"))
    }
    targets |= {path.relative_to(ROOT).as_posix() for path in ROOT.glob("features/*/*.feature")}
    for path in sorted(targets):
        if path.endswith(".png"):
            site.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
        elif _is_source(path):
            text = File.generated(
                config, f"{path}.md", content=_page_of(path), inclusion=InclusionLevel.NOT_IN_NAV
            )
            site.append(text)
    return site


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Direct links to files that are not pages to the pages with their text."""

    def redirect(link: re.Match[str]) -> str:
        return f"{link[1]}.md" if _is_source(_target(page.file.src_uri, link[1])) else link[1]

    page.meta["search"] = {"boost": BOOSTS.get(page.file.src_uri, 1.0)}
    return LINK.sub(redirect, markdown) if page.file.src_uri in PAGES else markdown


def _target(page: str, link: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), link))


def _is_source(path: str) -> bool:
    return path not in PAGES and not path.endswith(".png") and (ROOT / path).is_file()


def _page_of(path: str) -> str:
    text = (ROOT / path).read_text("utf-8")
    name = re.search(r"(?m)^Feature: (.+)", text) if path.endswith(".feature") else None
    suffix = Path(path).suffix
    language = LANGUAGES.get(suffix, suffix.removeprefix("."))
    return f"# {name[1] if name else path}\n\n`{path}`\n\n````{language}\n{text}````\n"
