"""The lock file: it names what the project says that it needs, in versions that do, each with its hashes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
WANTED = [
    Requirement(one)
    for part in (PROJECT["dependencies"], PROJECT["optional-dependencies"]["observe"])
    for one in part
]
PINNED = dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", LOCK, re.MULTILINE))


@pytest.mark.parametrize("wanted", WANTED, ids=str)
def test_what_is_needed_is_locked_in_a_version_that_does(wanted: Requirement) -> None:
    assert PINNED[canonicalize_name(wanted.name)] in wanted.specifier


def test_each_has_its_hashes_and_none_a_place_to_come_from() -> None:
    entries = re.split(r"^(?=[A-Za-z0-9])", LOCK, flags=re.MULTILINE)[1:]
    assert len(entries) == len(PINNED)
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in LOCK
    assert "index-url" not in LOCK.replace("--no-emit-index-url", "")
