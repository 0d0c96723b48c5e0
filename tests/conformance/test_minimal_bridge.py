"""Tests of the verdict on a bridge in its first days, ``examples/minimal_bridge.py``, by all features."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.conformance.full_run import Judged, judge
from tests.conformance.project import ROOT
from tests.conformance.test_report_page import BROWSERS
from varbridge.conformance.clauses import CLAUSES
from varbridge.messages.traits import METHODS, traits_of

pytestmark = pytest.mark.xdist_group("minimal-bridge")  # the tests share runs

BRIDGE = ROOT / "examples" / "minimal_bridge.py"
IMPLEMENTED = ("Ping", "InitializeSession", "RegisterVariable", "GetVariable", "SetVariable")
LIMIT_S = 90.0
"""The maximum processor time of the run, in seconds; it is a third of that on a quiet machine."""

MAX_LINES = 150
MAX_SCREENS = 12
SCREEN = (1280, 800)


@pytest.fixture(scope="module")
def minimal(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return judge(tmp_path_factory.mktemp("minimal") / "run", str(BRIDGE))


@pytest.fixture(scope="module")
def profile(minimal: Judged) -> str:
    return f"profile={minimal.reports / 'profile.toml'}"


@pytest.mark.slow
def test_each_missing_method_is_named_with_its_count(minimal: Judged) -> None:
    assert minimal.code == 1
    for method in METHODS:
        if method not in IMPLEMENTED:
            clause = traits_of(method).clause
            (line,) = (
                line
                for line in minimal.out.splitlines()
                if f"{method} answered UNIMPLEMENTED (" in line and not line.startswith("does not conform")
            )
            assert f"({clause} {CLAUSES[clause]}): " in line
            assert "cannot be judged" in line


@pytest.mark.slow
def test_the_output_is_short_and_the_run_is_quick(minimal: Judged) -> None:
    assert len(minimal.out.splitlines()) <= MAX_LINES
    assert minimal.processor_s < LIMIT_S
    assert "Traceback" not in minimal.out


@pytest.mark.slow
def test_the_page_is_short(minimal: Judged) -> None:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert path, "no browser: install one with `apt-get install chromium`"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": SCREEN[0], "height": SCREEN[1]})
        page.goto((minimal.reports / "index.html").as_uri())
        height: int = page.evaluate("document.documentElement.scrollHeight")
        browser.close()
    assert height < MAX_SCREENS * SCREEN[1]


@pytest.mark.slow
def test_the_profile_has_what_is_missing_and_nothing_else(minimal: Judged) -> None:
    text = (minimal.reports / "profile.toml").read_text()
    missing = [method for method in METHODS if f'"{method}"' in text]
    assert {*METHODS} - {*IMPLEMENTED} <= {*missing}
    assert not {"Ping", "GetVariable"} & {*missing}
    assert '"--data-dir"' in text
    assert "known_failing" not in text


@pytest.mark.long
def test_with_its_profile_the_bridge_conforms_in_part(tmp_path: Path, profile: str) -> None:
    judged = judge(tmp_path / "run", str(BRIDGE), "-D", profile)
    verdict = judged.verdict["verdict"]
    assert (judged.code, verdict["word"]) == (0, "conforms in part")
    assert f"of {len(CLAUSES)} clauses of the contract" in verdict["sentence"]


@pytest.mark.long
def test_a_wrong_answer_is_red_in_spite_of_the_profile(tmp_path: Path, profile: str) -> None:
    wrong = tmp_path / "wrong_bridge.py"
    text = BRIDGE.read_text()
    assert text.count("variable.version += 1") == 1
    wrong.write_text(text.replace("variable.version += 1", "variable.version += 2"))
    judged = judge(tmp_path / "run", str(wrong), "-D", profile)
    assert (judged.code, judged.verdict["verdict"]["word"]) == (1, "does not conform")
