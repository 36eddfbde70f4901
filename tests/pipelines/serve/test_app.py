import html
import re

import pytest

from tests.support.loads import article, load, refusal
from tests.support.pages import LEDGER, OVERRIDE, SCRIPT, add_run, articles
from warraq.pipelines.query import connect
from warraq.pipelines.serve.app import application
from warraq.pipelines.serve.asker import Lake
from warraq.transforms.dataset.dataset import Dataset

HOST = {"Host": "127.0.0.1:8750"}
VIEWS = [
    "/",
    "/search",
    "/search?topic=sport&since=2025-06-01",
    "/search?name=محمد صلاح&kind=person",
    "/search?run=run1",
    "/search?q=المباراة",
    "/names",
    "/names?kind=person&topic=sport",
    "/names?letters=القاهره",
    "/stories",
    "/stories?topic=sport&since=2025-06-01",
    "/search?date_source=fetched&credit=رويترز",
    "/trends?names=محمد صلاح، القاهرة",
    "/trends?names=محمد صلاح&unit=quarter",
    "/trends?topic=sport",
    "/map",
    "/sites",
    "/ledger",
    "/ledger?stage=language&reason=not_arabic&text=x&run=run1",
    "/name?name=محمد صلاح",
    f"/article/2025-06-01/{0:032x}",
    f"/article/2025-06-01/{0:032x}?beside={2:032x}",
]


@pytest.fixture
def dataset(tmp_path, make_article):
    dataset = Dataset(str(tmp_path / "dataset"))
    add_run(dataset, "run1", articles(make_article))
    return dataset


@pytest.fixture
def client(dataset):
    return application(Lake(dataset)).test_client()


def body(answer):
    return answer.get_data(as_text=True)


def test_every_view_is_shown_safely_and_its_sql_runs(client, dataset):
    connection = connect(dataset)
    for path in VIEWS:
        for language in ("en", "ar"):
            answer = client.get(path, query_string=None, headers={**HOST, "Accept-Language": language})
            text = body(answer)
            assert answer.status_code == 200, (path, text[-600:])
            assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in text
            assert SCRIPT not in text
            assert "<i>site" not in text
            assert OVERRIDE not in text
            assert not re.search(r"(href|src)=\"(?!/|#|\?|https://akhbar\.example/)", text), path
            assert not re.search(r"<script(?! src=\"/assets| type=\"application/json\")", text)
            assert not re.search(r"\son\w+=|style=", text)
        statements = re.findall(r'<pre dir="ltr" tabindex="0">((?:SELECT|FROM|WITH).*?)</pre>', text, re.DOTALL)
        assert statements, path
        for statement in statements:
            connection.execute(html.unescape(statement)).fetchall()


def test_an_article_has_its_names_in_colour_and_its_copies(client):
    text = body(client.get(f"/article/2025-06-01/{0:032x}", headers=HOST))
    assert re.search(r'<a class="entity person"[^>]*>محمد صلاح</a>', text)
    assert re.search(r'<a class="entity place"[^>]*>القاهرة</a>', text)
    assert "&lt;b&gt;انتهت&lt;/b&gt;" in text
    assert f"beside={2:032x}" in text


def test_a_name_that_no_article_spells_so_leads_to_those_like_it(client):
    answer = client.get("/name?name=القاهره", headers=HOST)
    assert answer.status_code == 302
    assert re.search(
        r'<a class="entity place"[^>]*><bdi>القاهرة</bdi>', body(client.get(answer.location, headers=HOST))
    )


def test_names_are_compared_however_they_are_spelled(client):
    text = body(client.get("/trends?names=القاهره، محمد صلاح", headers=HOST))
    assert 'value="القاهرة، محمد صلاح"' in text
    assert "القاهره" not in text.split("</form>", 2)[2].split('<details class="sql">')[0]


def test_the_ledger_leads_to_the_original_of_a_copy(tmp_path):
    dataset, original = Dataset(str(tmp_path / "copies")), "a" * 32
    copy = refusal("a", 1, "duplicate", "deduplicate")._replace(detail=original)
    load(dataset, "r1", [article("a", 0, original), copy])
    client = application(Lake(dataset)).test_client()
    page = body(client.get("/ledger", headers={**HOST, "Accept-Language": "en"}))
    [link] = re.findall(r'href="(/article/[^"]*)"', page)
    shown = body(client.get(link, headers={**HOST, "Accept-Language": "en"}))
    assert "exact copy" in shown
    assert "https://s.example/a/1" in shown


def test_an_article_has_the_versions_of_its_address(tmp_path):
    dataset = Dataset(str(tmp_path / "versions"))
    again = {"canonical_url": "https://s.example/a/0", "day": 2, "title": "عنوان جديد"}
    load(dataset, "r1", [article("a", 0, "a" * 32), article("a", 1, "b" * 32, **again)])
    page = body(application(Lake(dataset)).test_client().get(f"/article/-/{'a' * 32}", headers=HOST))
    assert f'href="/article/2025-05-02/{"b" * 32}">عنوان جديد</a>' in page


def test_a_page_shows_what_the_last_run_left(client, dataset, make_article):
    assert "<dd>3</dd>" in body(client.get("/", headers=HOST))
    add_run(dataset, "run2", articles(make_article, 5)[3:])
    assert "<dd>5</dd>" in body(client.get("/", headers=HOST))


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/article/2025-06-01/abc",
        f"/article/2025-06-01/{9:032x}",
        f"/article/nonsense/{9:032x}",
        "/assets/../app.py",
        "/assets/%2e%2e%2fapp.py",
        "/assets/.hidden",
    ],
)
def test_what_is_not_there_is_told_in_a_page(client, path):
    answer = client.get(path, headers=HOST)
    assert answer.status_code == 404
    assert "<h1>" in body(answer)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8750", "", "[::2]"])
def test_a_foreign_name_of_this_machine_is_refused(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost:8750", "127.0.0.1", "[::1]:8750"])
def test_its_own_names_are_answered(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(client, method):
    answer = client.open("/search", method=method, headers=HOST)
    assert answer.status_code == 405
    assert "POST" not in answer.headers["Allow"]


def test_the_headers_keep_a_page_to_itself(client):
    headers = client.get("/", headers={**HOST, "Origin": "https://evil.example"}).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self'; object-src 'none'")
    assert headers["Referrer-Policy"] == "no-referrer"
    assert not [name for name in headers if name[0].startswith("Access-Control")]


def test_language_and_colours_are_remembered(client):
    client.get("/?lang=ar&theme=dark", headers=HOST)
    assert '<html lang="ar" dir="rtl" data-theme="dark">' in body(client.get("/", headers=HOST))
    client.get("/?lang=xx&theme=xx", headers=HOST)
    assert '<html lang="ar" dir="rtl" data-theme="dark">' in body(client.get("/", headers=HOST))


def test_a_wrong_query_is_told_in_the_page(client):
    answer = client.get("/search?q=(", headers=HOST)
    assert answer.status_code == 200
    assert "(" in body(answer)


def test_a_dataset_without_articles_has_pages_too(tmp_path):
    dataset = Dataset(str(tmp_path / "empty"))
    add_run(dataset, "run1", [])
    client = application(Lake(dataset)).test_client()
    for path in ("/", "/search", "/names", "/trends", "/map", "/sites", "/ledger"):
        assert client.get(path, headers=HOST).status_code == 200, path


def test_the_ledger_counts_pages(client):
    text = body(client.get("/ledger", headers=HOST))
    assert all(f"<dd>{line['pages']}</dd>" in text for line in LEDGER)
