"""Tests of ``reports/index.html`` in a browser: contents, layout, phone and print."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, sync_playwright

from tests.conformance.project import MIXED, OTHER, PROFILE, Project, Run, report_of
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
    data = {**ended.data, "scenarios": [*failed * 40, over_time, *ended.data["scenarios"]]}
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
    assert page.locator("script, link, img, iframe").count() == 0
    page.close()


def test_every_link_has_a_target_on_the_page(browser: Browser, path: Path) -> None:
    page = opened(browser, path)
    links: list[str] = page.locator("a[href]").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    ids: list[str] = page.locator("[id]").evaluate_all("all => all.map(element => element.id)")
    assert links
    assert [link for link in links if not link.startswith("#") or link[1:] not in ids] == []
    assert len(ids) == len(set(ids))
    page.close()


def test_a_clause_links_to_its_rule_even_if_it_is_folded(browser: Browser, run: tuple[Path, Run]) -> None:
    page = opened(browser, run[0])
    page.locator("details[open]").evaluate_all("all => all.forEach(element => element.open = false)")
    page.locator(".clauses a").first.click()
    assert page.locator(".feature[open] .text").first.is_visible()
    page.close()


def test_the_verdict_and_a_failure_are_visible_without_scrolling(browser: Browser, path: Path) -> None:
    page = opened(browser, path)
    for selector in ("h1", ".verdict p", ".card > summary", ".card .rerun"):
        assert bottom(page, selector) <= 800, selector
    assert page.locator("h1").inner_text() == "✗ does not conform"
    assert "A variable is registered" in page.locator(".card > summary").first.inner_text()
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


def test_failures_are_first_and_not_folded(browser: Browser, run: tuple[Path, Run]) -> None:
    page = opened(browser, run[0])
    assert page.locator(".card[open]").count() == run[1].data["counts"]["failed"]
    assert page.locator(".card > .wide > svg").count() == run[1].data["counts"]["failed"]
    folded: list[bool] = page.locator(".feature").evaluate_all("all => all.map(element => !element.open)")
    assert folded == [False, True]
    text = page.locator(".card").nth(1).inner_text()
    assert "Ada" in text
    assert "Ben" in text
    page.close()


def test_the_header_has_links_to_several_failures(
    browser: Browser, path: Path, run: tuple[Path, Run]
) -> None:
    page = opened(browser, path)
    links = page.locator("header a")
    assert links.first.inner_text() == "@A1 This one fails (Small)" or "long" in path.name
    assert links.count() == (run[1].data["counts"]["failed"] if "long" not in path.name else 5)
    links.nth(1).click()
    assert page.locator("#failure-1").is_visible()
    page.close()


def test_a_failed_step_has_its_table_and_the_fault_is_marked(browser: Browser, run: tuple[Path, Run]) -> None:
    page = opened(browser, run[0])
    card = page.locator(".card").nth(1)
    assert card.locator("dl td").all_inner_texts() == ["value change", "x", "0.75", "7"]
    marked = card.locator("svg .marked")
    assert marked.count() == 1
    assert "value change of 'x' to 0.75" in str(marked.text_content())
    page.close()


def test_long_texts_are_clipped_and_can_be_unfolded(browser: Browser, run: tuple[Path, Run]) -> None:
    path, ended = run
    failed = next(scenario for scenario in ended.data["scenarios"] if scenario["outcome"] == "failed")
    explanation = ["Then all is well", "Expected: <" + "x" * 5000 + ">", "but: was <None>"]
    long = path.with_name("clipped.html")
    long.write_text(
        report.render(report_of({**ended.data, "scenarios": [{**failed, "explanation": explanation}]}))
    )
    page = opened(browser, long)
    expected, actual = page.locator(".card dd").nth(1), page.locator(".card dd").nth(2)
    assert len(expected.inner_text()) < 400
    expected.locator("summary").click()
    assert "x" * 5000 in expected.inner_text()
    assert actual.inner_text() == "nothing"
    page.close()


def test_outcomes_do_not_depend_on_colours(browser: Browser, run: tuple[Path, Run]) -> None:
    page = opened(browser, run[0])
    assert page.locator(".clauses li").first.inner_text().split() == ["A1", "✗", "failed"]
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
    page.close()
