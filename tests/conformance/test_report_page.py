"""Tests of ``reports/index.html`` in a browser: contents, layout, phone and print."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from tests.conformance.project import MIXED, OTHER, PROFILE, Project, Run, report_of
from varbridge import __version__
from varbridge.conformance.clauses import CONTRACT_VERSION
from varbridge.conformance.invariants.trend import Series
from varbridge.conformance.report import page as report

pytestmark = pytest.mark.xdist_group("report-page")  # the tests share a browser and a run

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except Error as error:
            pytest.skip(
                f"no browser: install one with `apt-get install chromium`; {str(error).splitlines()[0]}"
            )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    project = Project(tmp_path_factory.mktemp("page") / "run", {"a.feature": MIXED, "b.feature": OTHER})
    project.write("ours.toml", PROFILE)
    return project.folder / "reports" / "index.html", project.run("-D", "profile=ours.toml")


@pytest.fixture(scope="module")
def long_page(run: tuple[Path, Run]) -> Path:
    """The page of the same run with very long texts and many failures."""
    path, ended = run
    word = "a_very_long_word_without_any_place_to_break_it" * 5
    failed = [
        {
            **scenario,
            "rule": f"{scenario['rule']} {word}",
            "scenario": f"{scenario['scenario']} {word}",
            "explanation": [*scenario["explanation"], word * 5],
            "log": [word * 5],
            "rerun": f"{scenario['rerun']} {word}",
        }
        for scenario in ended.data["scenarios"]
        if scenario["outcome"] == "failed"
    ]
    hour = [60.0 * number for number in range(1, 61)]
    figures = [
        Series(name, "MiB", hour, [60.0 + time / 600 for time in hour]).as_json(0.05)
        for name in ("memory", word)
    ]
    over_time = {**ended.data["scenarios"][0], "scenario": f"An hour {word}", "series": figures}
    measured = [
        {"name": word, "value": 3.0, "unit": "ms", "limit": 5.0, "at_most": True},
        {"name": "calls", "value": 1353.0, "unit": "", "limit": None, "at_most": True},
    ]
    others = [scenario for scenario in ended.data["scenarios"][1:] if scenario["outcome"] != "failed"]
    data = {**ended.data, "scenarios": [over_time, *failed, *others]}
    data["scenarios"][0]["figures"] = measured
    data["causes"] = [{**cause, "sentence": f"{cause['sentence']} {word}"} for cause in data["causes"]] * 40
    data["verdict"] = {**data["verdict"], "sentence": f"{data['verdict']['sentence']} {word}"}
    long = path.with_name("long.html")
    long.write_text(report.render(report_of(data)))
    return long


@pytest.fixture(params=["usual", "long"])
def path(request: pytest.FixtureRequest, run: tuple[Path, Run], long_page: Path) -> Path:
    return run[0] if request.param == "usual" else long_page


def opened(browser: Browser, path: Path, width: int = 1280, height: int = 800) -> Page:
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(path.as_uri())
    return page


def bottom(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box is not None, selector
    return box["y"] + box["height"]


def test_the_page_loads_nothing_else_and_logs_nothing(browser: Browser, path: Path) -> None:
    page = browser.new_page()
    requests: list[str] = []
    messages: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto(path.as_uri())
    assert requests == [path.as_uri()]
    assert messages == []
    assert page.locator("script[src], link, img, iframe").count() == 0
    page.close()


def test_every_link_has_a_target_on_the_page(browser: Browser, path: Path) -> None:
    page = opened(browser, path)
    links: list[str] = page.locator("a[href]").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    ids: list[str] = page.locator("[id]").evaluate_all("all => all.map(element => element.id)")
    assert links
    assert [link for link in links if not link.startswith("#") or link[1:] not in ids] == []
    assert len(ids) == len(set(ids))
    page.close()


def test_a_link_unfolds_what_it_points_to(browser: Browser, run: tuple[Path, Run]) -> None:
    page = opened(browser, run[0])
    page.locator("header .chip").first.click()
    clause = page.locator("#clause-A1")
    expect(clause).to_contain_text("RegisterVariable creates version 1", use_inner_text=True)
    clause.locator("li a").first.click()
    expect(page.locator(".feature[open] .scenario").first).to_be_visible()
    page.close()


def test_scenarios_are_filtered_by_words_and_outcome(browser: Browser, run: tuple[Path, Run]) -> None:
    page = opened(browser, run[0])
    visible = page.locator(".scenario:visible")
    page.locator("#filter input").fill("fourth PASSES")
    assert visible.count() == 1
    assert page.locator("#filter output").inner_text() == "1 shown"
    page.locator("#filter input").fill("")
    page.locator("#filter select").select_option("failed")
    assert visible.count() == run[1].data["counts"]["failed"]
    page.locator("#filter select").select_option("")
    assert page.locator(".feature:visible").count() == 2
    page.close()


def test_a_command_can_be_copied(browser: Browser, run: tuple[Path, Run]) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(run[0].as_uri())
    page.locator(".card .copy").first.click()
    page.get_by_text("copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "behave features/a.feature:17 -D profile=ours.toml"
    context.close()


def test_the_page_is_complete_without_its_script(browser: Browser, run: tuple[Path, Run]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(run[0].as_uri())
    assert page.locator(".card .rerun").first.inner_text() == (
        "behave features/a.feature:17 -D profile=ours.toml"
    )
    assert not page.locator("#filter").is_visible()
    context.close()


def test_the_verdict_and_a_failure_are_visible_without_scrolling(browser: Browser, path: Path) -> None:
    page = opened(browser, path)
    for selector in ("h1", ".verdict p", ".card > summary", ".card .rerun"):
        assert bottom(page, selector) <= 800, selector
    assert page.locator("h1").inner_text() == "✗ does not conform"
    assert "A variable is registered" in page.locator(".card > summary").first.inner_text()
    head = page.locator("header").inner_text()
    for text in (
        "passed",
        "failed",
        "UTC",
        f"contract {CONTRACT_VERSION}",
        f"suite {__version__}",
        "all features",
    ):
        assert text in head
    assert page.locator(".rerun").first.inner_text().startswith("behave features/a.feature:17")
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_never_scrolls_sideways(browser: Browser, path: Path, width: int) -> None:
    page = opened(browser, path, width, 844)
    page.locator("details").evaluate_all("all => all.forEach(element => element.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_folded_parts_are_printed(browser: Browser, run: tuple[Path, Run]) -> None:
    page = opened(browser, run[0])
    page.locator("details[open]").evaluate_all("all => all.forEach(element => element.open = false)")
    page.emulate_media(media="print")
    height: Any = page.locator(".feature .text").first.evaluate(
        "element => element.getBoundingClientRect().height"
    )
    assert height > 100
    page.close()


def test_each_cause_has_a_card_with_one_example(browser: Browser, run: tuple[Path, Run]) -> None:
    page = opened(browser, run[0])
    assert page.locator(".card").count() == len(run[1].data["causes"]) == 1
    card = page.locator(".card")
    assert card.locator("> .wide > svg").count() == 1
    assert card.locator("> .rerun").count() == 1
    others = card.locator("summary", has_text="1 more scenario")
    assert not card.locator("li a").first.is_visible()
    others.click()
    assert "A watch that misses its update" in card.locator("li a").first.inner_text()
    page.close()


def test_the_header_has_links_to_several_causes(browser: Browser, long_page: Path) -> None:
    page = opened(browser, long_page)
    links = page.locator("header ol a:not(.chip)")
    assert links.count() == 6
    assert links.last.inner_text() == "and 35 more causes"
    links.nth(4).click()
    expect(page.locator("#cause-5 > .rerun")).to_be_visible()
    page.close()


def test_a_failed_step_has_its_table_and_the_fault_is_marked(browser: Browser, run: tuple[Path, Run]) -> None:
    path, ended = run
    (cause,) = ended.data["causes"]
    watched = path.with_name("watched.html")
    causes = [{**cause, "example": next(place for place in cause["failed"] if place != cause["example"])}]
    watched.write_text(report.render(report_of({**ended.data, "causes": causes})))
    page = opened(browser, watched)
    card = page.locator(".card")
    assert card.locator("dl td").all_inner_texts() == ["value change", "x", "0.75", "7"]
    marked = card.locator("svg .marked")
    assert marked.count() == 1
    assert "value change of 'x' to 0.75" in str(marked.text_content())
    text = card.inner_text()
    assert "Ada" in text
    assert "Ben" in text
    page.close()


def test_long_texts_are_clipped_and_can_be_unfolded(browser: Browser, run: tuple[Path, Run]) -> None:
    path, ended = run
    failed = next(scenario for scenario in ended.data["scenarios"] if scenario["outcome"] == "failed")
    explanation = ["Then all is well", "Expected: <" + "x" * 5000 + ">", "but: was <None>"]
    long = path.with_name("clipped.html")
    scenario = {**failed, "explanation": explanation}
    cause = {**ended.data["causes"][0], "failed": [failed["location"]], "example": failed["location"]}
    long.write_text(report.render(report_of({**ended.data, "scenarios": [scenario], "causes": [cause]})))
    page = opened(browser, long)
    expected, actual = page.locator(".card dd").nth(1), page.locator(".card dd").nth(2)
    assert len(expected.inner_text()) < 400
    expected.locator("summary").click()
    assert "x" * 5000 in expected.inner_text()
    assert actual.inner_text() == "nothing"
    page.close()


def test_outcomes_do_not_depend_on_colours(browser: Browser, run: tuple[Path, Run]) -> None:
    page = opened(browser, run[0])
    clause = page.locator("#clause-A1 > summary")
    assert clause.inner_text().split()[:2] == ["✗", "A1"]
    assert clause.locator(".sign").get_attribute("aria-label") == "failed"
    assert page.locator(".sign:not([aria-label])").count() == 0
    page.close()


def test_plots_over_time_are_shown_if_there_are_any(
    browser: Browser, run: tuple[Path, Run], long_page: Path
) -> None:
    page = opened(browser, long_page)
    figures = page.locator("#over-time figure")
    assert figures.count() == 2
    assert figures.first.locator("svg").is_visible()
    assert figures.first.inner_text().startswith("memory, MiB: +7.")
    page.close()
    page = opened(browser, run[0])
    assert page.locator("#over-time").count() == 0
    assert page.locator("#figures").count() == 0
    page.close()


def test_measured_figures_are_shown_with_their_limits(browser: Browser, long_page: Path) -> None:
    page = opened(browser, long_page)
    row = page.locator("#figures tr")
    assert "3 ms" in row.inner_text()
    assert "at most 5" in row.inner_text()
    assert row.locator("svg.passed").is_visible()
    assert page.locator("#figures p").inner_text() == "calls: 1,353"
    page.close()


def test_the_time_of_the_run_is_shown_by_folder(browser: Browser, run: tuple[Path, Run]) -> None:
    page = opened(browser, run[0])
    assert page.locator("#durations tr").count() == 2
    assert page.locator("#durations .bar").first.is_visible()
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_the_background(browser: Browser, run: tuple[Path, Run], scheme: Any) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.goto(run[0].as_uri())
    colours = page.evaluate(
        """() => {
            const style = getComputedStyle(document.documentElement);
            const names = ['--paper', '--ink', '--good', '--bad', '--warn', '--dim'];
            return names.map(name => style.getPropertyValue(name));
        }"""
    )
    paper, *inks = (luminance(colour.strip()) for colour in colours)
    for ink in inks:
        brighter, darker = max(paper, ink), min(paper, ink)
        assert (brighter + 0.05) / (darker + 0.05) >= 4.5  # by WCAG 2, level AA
    page.close()


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour such as #15171a, as WCAG 2 defines it."""
    digits = colour.removeprefix("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
