"""``reports/index.html`` in a browser, opened from the file: what is seen first, on a phone, and in print."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, sync_playwright

from tests.conformance.project import GREEN, MIXED, PROFILE, Project, Run, report_of
from varbridge.conformance.invariants.trend import Series
from varbridge.conformance.report import page as report

pytestmark = pytest.mark.xdist_group("report-page")  # they share a browser, and the run that it shows

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except Error as error:
            pytest.skip(
                f"no browser: install one with `apt-get install chromium`; {str(error).splitlines()[0]}"
            )
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    project = Project(tmp_path_factory.mktemp("page") / "run", {"a.feature": MIXED, "b.feature": GREEN})
    project.write("ours.toml", PROFILE)
    done = project.run("-D", "profile=ours.toml")
    return project.folder / "reports" / "index.html", done


@pytest.fixture(scope="module")
def long_page(run: tuple[Path, Run]) -> Path:
    """The same with everything much longer than usual, and with many failures."""
    path, done = run
    word = "a_very_long_word_without_any_place_to_break_it" * 5
    failed = [
        {
            **one,
            "rule": f"{one['rule']} {word}",
            "scenario": f"{one['scenario']} {word}",
            "explanation": [*one["explanation"], word * 5],
            "log": [word * 5],
            "rerun": f"{one['rerun']} {word}",
        }
        for one in done.data["scenarios"]
        if one["outcome"] == "failed"
    ]
    hour = [60.0 * number for number in range(1, 61)]
    figures = [
        Series(name, "MiB", hour, [60.0 + one / 600 for one in hour]).as_json(0.05)
        for name in ("memory", word)
    ]
    over_time = {**done.data["scenarios"][0], "scenario": f"An hour {word}", "series": figures}
    data = {**done.data, "scenarios": [*failed * 40, over_time, *done.data["scenarios"]]}
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


def test_nothing_is_loaded_and_nothing_is_said_on_the_console(browser: Browser, path: Path) -> None:
    page = browser.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    assert asked == [path.as_uri()]
    assert said == []
    assert page.locator("script, link, img, iframe").count() == 0
    page.close()


def test_every_link_leads_somewhere_on_the_page(browser: Browser, path: Path) -> None:
    page = opened(browser, path)
    links: list[str] = page.locator("a[href]").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    ids: list[str] = page.locator("[id]").evaluate_all("all => all.map(one => one.id)")
    assert links
    assert [link for link in links if not link.startswith("#") or link[1:] not in ids] == []
    assert len(ids) == len(set(ids))
    page.close()


def test_a_clause_leads_to_its_rule_also_where_that_is_folded(
    browser: Browser, run: tuple[Path, Run]
) -> None:
    page = opened(browser, run[0])
    page.locator("details[open]").evaluate_all("all => all.forEach(one => one.open = false)")
    page.locator(".clauses a").first.click()
    assert page.locator(".feature[open] .text").first.is_visible()
    page.close()


def test_what_counts_is_seen_without_scrolling(browser: Browser, path: Path) -> None:
    page = opened(browser, path)
    for selector in ("h1", ".verdict p", ".card > summary", ".card .rerun"):
        assert bottom(page, selector) <= 800, selector
    assert page.locator("h1").inner_text() == "✗ does not conform"
    assert "A variable is registered" in page.locator(".card > summary").first.inner_text()
    assert page.locator(".rerun").first.inner_text().startswith("behave features/a.feature:17")
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_it_never_scrolls_sideways(browser: Browser, path: Path, width: int) -> None:
    page = opened(browser, path, width, 844)
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_print_has_what_the_screen_folds(browser: Browser, run: tuple[Path, Run]) -> None:
    page = opened(browser, run[0])
    page.locator("details[open]").evaluate_all("all => all.forEach(one => one.open = false)")
    page.emulate_media(media="print")
    height: Any = page.locator(".feature .text").first.evaluate("one => one.getBoundingClientRect().height")
    assert height > 100
    page.close()


def test_failures_come_first_and_unfolded(browser: Browser, run: tuple[Path, Run]) -> None:
    page = opened(browser, run[0])
    assert page.locator(".card[open]").count() == run[1].data["counts"]["failed"]
    assert page.locator(".card > .wide > svg").count() == run[1].data["counts"]["failed"]
    folded: list[bool] = page.locator(".feature").evaluate_all("all => all.map(one => !one.open)")
    assert folded == [False, True]
    words = page.locator(".card").nth(1).inner_text()
    assert "Ada" in words
    assert "Ben" in words
    page.close()


def test_several_failures_are_named_with_links_before_they_are_told(
    browser: Browser, path: Path, run: tuple[Path, Run]
) -> None:
    page = opened(browser, path)
    links = page.locator("header a")
    assert links.first.inner_text() == "@A1 This one fails (Small)" or "long" in path.name
    assert links.count() == (run[1].data["counts"]["failed"] if "long" not in path.name else 5)
    links.nth(1).click()
    assert page.locator("#failure-1").is_visible()
    page.close()


def test_a_broken_step_has_its_table_and_the_fault_is_marked(browser: Browser, run: tuple[Path, Run]) -> None:
    page = opened(browser, run[0])
    card = page.locator(".card").nth(1)
    assert card.locator("dl td").all_inner_texts() == ["value change", "x", "0.75", "7"]
    marked = card.locator("svg .marked")
    assert marked.count() == 1
    assert "value change of 'x' to 0.75" in str(marked.text_content())
    page.close()


def test_long_texts_are_clipped_and_there(browser: Browser, run: tuple[Path, Run]) -> None:
    path, done = run
    failed = next(one for one in done.data["scenarios"] if one["outcome"] == "failed")
    told = ["Then all is well", "Expected: <" + "x" * 5000 + ">", "but: was <None>"]
    long = path.with_name("clipped.html")
    long.write_text(report.render(report_of({**done.data, "scenarios": [{**failed, "explanation": told}]})))
    page = opened(browser, long)
    expected, actual = page.locator(".card dd").nth(1), page.locator(".card dd").nth(2)
    assert len(expected.inner_text()) < 400
    expected.locator("summary").click()
    assert "x" * 5000 in expected.inner_text()
    assert actual.inner_text() == "nothing"
    page.close()


def test_outcomes_are_told_without_colours(browser: Browser, run: tuple[Path, Run]) -> None:
    page = opened(browser, run[0])
    assert page.locator(".clauses li").first.inner_text().split() == ["A1", "✗", "failed"]
    assert page.locator(".sign:not([aria-label])").count() == 0
    page.close()


def test_figures_over_time_are_drawn_where_there_are_some(
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
