"""The pages in a real browser: each view without errors and outside requests, Arabic in its order, on a phone and a desk.

The browser is a Chromium of the system (`apt-get install chromium`); its path may be given as CHROMIUM.
"""

import os
import shutil

import pytest

from tests.pipelines.serve.test_command import served
from tests.support.pages import TEXT, add_run, articles
from warraq.pipelines.report.command import main
from warraq.transforms.dataset.dataset import Dataset

pytestmark = pytest.mark.slow

VIEWS = [
    "",
    "search",
    "search?q=المباراة",
    "names?letters=القاهره",
    "stories",
    "trends?names=محمد صلاح&topic=sport",
    "map",
    "sites",
    "ledger",
    "name?name=القاهرة",
]
ARTICLE = f"article/2025-06-01/{0:032x}"


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("no Chromium on this machine; install one: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def dataset(tmp_path, make_article):
    dataset = Dataset(str(tmp_path / "dataset"))
    add_run(dataset, "run1", articles(make_article))
    return dataset


@pytest.fixture
def tab(browser):
    """A function that opens a tab, and the list of what went wrong in it."""
    contexts = []

    def open_tab(url, **settings):
        context = browser.new_context(**settings)
        contexts.append(context)
        page, wrong = context.new_page(), []
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: None if request.url.startswith(url) else wrong.append(request.url))
        return page, wrong

    yield open_tab
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("language", "colours", "width"), [("ar", "dark", 390), ("en", "light", 1440)])
def test_every_view_opens(dataset, tab, language, colours, width):
    with served(dataset) as (_, url):
        page, wrong = tab(url, viewport={"width": width, "height": 800}, color_scheme=colours)
        page.goto(f"{url}?lang={language}")
        for view in [*VIEWS, ARTICLE, f"{ARTICLE}?beside={2:032x}"]:
            page.goto(url + view, wait_until="networkidle")
            assert wrong == [], view
            assert page.evaluate("document.documentElement.scrollWidth") == width, view
            assert page.evaluate("getComputedStyle(document.body).direction") == {"ar": "rtl", "en": "ltr"}[language]
            drawn = page.evaluate(
                "[...document.querySelectorAll('.canvas')].map(place => place.querySelectorAll('canvas').length)"
            )
            assert all(drawn), view
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (dark == "rgb(20, 25, 26)") == (colours == "dark")


@pytest.mark.parametrize("language", ["ar", "en"])
def test_arabic_stands_in_its_order_and_is_shaped(dataset, tab, language):
    """In both interfaces the first word stands at the right, and the letters of a word have other forms than alone."""
    measure = """() => {
        const paragraph = document.querySelector(".text p"), range = document.createRange();
        const walker = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT);
        const boxes = [];
        while (walker.nextNode()) {
            range.selectNodeContents(walker.currentNode);
            const box = range.getBoundingClientRect();
            boxes.push([walker.currentNode.data, box.left, box.right]);
        }
        const width = text => {
            const span = document.createElement("span");
            span.textContent = text;
            paragraph.append(span);
            const found = span.getBoundingClientRect().width;
            span.remove();
            return found;
        };
        return [getComputedStyle(paragraph).direction, boxes, width("محمد"), width("م\\u200cح\\u200cم\\u200cد")];
    }"""
    with served(dataset) as (_, url):
        page, wrong = tab(url, viewport={"width": 1440, "height": 800})
        page.goto(f"{url}{ARTICLE}?lang={language}")
        direction, boxes, joined, apart = page.evaluate(measure)
    assert direction == "rtl"
    assert "".join(text for text, _, _ in boxes) == TEXT.split("\n")[0]
    lefts = [left for _, left, _ in boxes]
    assert lefts == sorted(lefts, reverse=True)
    assert joined != apart
    assert wrong == []


def test_it_works_by_keyboard(dataset, tab):
    with served(dataset) as (_, url):
        page, wrong = tab(url)
        page.goto(url)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
        page.keyboard.press("Enter")
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "q"
        page.keyboard.type("المباراة")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?q=*")
        assert page.locator(".hit").count() == 3
        assert page.locator("mark").count() > 0
        page.locator(".hit a").first.focus()
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        page.wait_for_url("**/article/**")
        page.locator(".theme summary").press("Enter")
        page.locator(".theme a").nth(2).press("Enter")
        page.wait_for_url("**theme=dark**")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert wrong == []


@pytest.mark.parametrize("width", [390, 1440])
def test_the_report_opens_from_the_disk(dataset, tab, tmp_path, width):
    file = tmp_path / "report.html"
    assert main([dataset.root, "--html", str(file), "--language", "ar"]) == 0
    page, wrong = tab(file.as_uri(), viewport={"width": width, "height": 800})
    page.goto(file.as_uri())
    assert page.locator(".canvas canvas").count() == page.locator(".canvas").count() > 4
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert wrong == []
