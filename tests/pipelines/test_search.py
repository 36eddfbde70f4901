"""`warraq search` and the search in SQL, and every example of docs/search.md."""

import datetime as dt
import json
import re

import duckdb
import pytest

from tests.support.datasets import publish_run, stage_run
from tests.support.paths import ROOT
from warraq.pipelines import search
from warraq.pipelines.query import connect
from warraq.pipelines.search import LIMIT, Search
from warraq.pipelines.views import Views
from warraq.schemas.records import Entity
from warraq.transforms.dataset.dataset import Dataset

DOCUMENT = (ROOT / "docs" / "search.md").read_text(encoding="utf-8")
ARTICLES = {  # id → day, site, topic, title, text
    "oil": (
        "2024-05-30",
        "a.example",
        "economy_business_and_finance",
        "أسعار النفط ترتفع",
        "ارتفعت أسعار النفط في الإمارات.",
    ),
    "gas": (
        "2024-05-31",
        "b.example",
        "economy_business_and_finance",
        "قمة الغاز في جدة",
        "بحث وزراء الغاز أسعاره في جدة.",
    ),
    "cup": ("2024-06-01", "a.example", "sport", "كأس العالم", "فاز المنتخب الإماراتي في كأس العالم على\nلبنان."),
    "war": (
        "2023-01-15",
        "b.example",
        "politics_and_government",
        "مجلس الأمن",
        "اجتمع مجلس الأمن. وقال محمد بن سلمان إن…",
    ),
    "law": (
        "2023-02-01",
        "a.example",
        "politics_and_government",
        "قانون",
        "أقر المجلس قانونا للأمن في الرياض، بعد خطاب عبد الله.",
    ),
}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    from tests.conftest import FETCHED  # noqa: PLC0415
    from warraq.schemas.records import Article, Source  # noqa: PLC0415

    dataset = Dataset(str(tmp_path_factory.mktemp("search") / "out"))
    articles = []
    for number, (name, (day, site, topic, title, text)) in enumerate(ARTICLES.items()):
        source = Source(f"https://{site}/{name}", FETCHED, "d.warc", number, 1000)
        start = text.find("محمد بن سلمان")
        entities = [Entity("محمد بن سلمان", "person", start, start + 13, "محمد بن سلمان", 1.0)] if start >= 0 else []
        date = dt.date.fromisoformat(day)
        articles.append(
            Article(
                text=text, source=source, canonical_url=source.url, site=site, title=title, published_at=None, date=date,
                date_source="byline", article_id=name, text_digest=name, topic=topic, entities=entities,
            )
        )  # fmt: skip
    publish_run(dataset, "r1", stage_run(dataset, "r1", articles, dumps=["d.warc"]))
    return dataset


QUERIES = [
    ("الامارات", "oil"),
    ("~الإمارات", "cup oil"),
    ('"مجلس الأمن"', "war"),
    ("مجلس الأمن", "law war"),
    ("النفط OR الغاز", "gas oil"),
    ("اسعار -جدة", "oil"),
    ("النفط | (قمة الغاز)", "gas oil"),
    ("title:العالم", "cup"),
    ("text:العالم", "cup"),
    ("text:قمة", ""),
    ('name:"محمد بن سلمان"', "war"),
    ("name:سلمان", "war"),
    ("name:العالم", ""),
    ("site:a.example", "cup law oil"),
    ("topic:sport", "cup"),
    ("topic:سياسة", "law war"),
    ("since:2024-05-31", "cup gas"),
    ("until:2023", "law war"),
    ("لبنان", "cup"),
    ("عبدالله", "law"),
    ("", "cup gas law oil war"),
    ("-النفط", "cup gas law war"),
    ("الغزال", ""),
]


@pytest.mark.parametrize(("query", "expected"), QUERIES, ids=[row[0] for row in QUERIES])
def test_each_query_finds_what_is_meant(dataset, query, expected):
    found = Search(dataset).find(query)
    assert sorted(hit.article_id for hit in found.hits) == expected.split()
    assert found.total == len(found.hits)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"since": dt.date(2024, 6, 1)}, "cup"),
        ({"until": "2023-01"}, "war"),
        ({"site": "b.example"}, "gas war"),
        ({"topic": "sport"}, "cup"),
        ({"name": "بن سلمان"}, "war"),
        ({"site": "a.example", "topic": "sport", "since": "2024"}, "cup"),
    ],
)
def test_filters(dataset, filters, expected):
    assert sorted(hit.article_id for hit in Search(dataset).find("", **filters).hits) == expected.split()


def test_hits_are_of_the_dataset_with_the_places_of_the_words(dataset):
    [hit] = Search(dataset).find("كأس العالم لبنان").hits
    text = ARTICLES["cup"][4]
    assert (hit.url, hit.site, hit.date, hit.topic) == (
        "https://a.example/cup",
        "a.example",
        dt.date(2024, 6, 1),
        "sport",
    )
    assert text[hit.offset : hit.offset + len(hit.snippet)] == hit.snippet
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["كأس", "العالم", "لبنان"]
    assert [hit.title[start:end] for start, end in hit.title_marks] == ["كأس", "العالم"]
    [named] = Search(dataset).find("name:سلمان").hits
    assert [named.snippet[start:end] for start, end in named.marks] == ["محمد بن سلمان"]


def test_better_matches_come_first(dataset):
    assert [hit.article_id for hit in Search(dataset).find("~أسعار").hits] == ["oil", "gas"]
    assert [hit.article_id for hit in Search(dataset).find("~أسعار", by_date=True).hits] == ["gas", "oil"]


def run(capsys, *arguments):
    try:
        code = search.main(arguments)
    except SystemExit as end:
        code = end.code
    output = capsys.readouterr()
    return code, output.out, output.err


def test_the_command_prints_a_line_for_each_article(dataset, capsys):
    code, out, err = run(capsys, dataset.root, "النفط OR الغاز", "--format", "json", "--limit", "1")
    assert code == 0
    [line] = map(json.loads, out.splitlines())
    assert {"article_id", "score", "title", "snippet", "marks", "offset"} <= {*line}
    assert err.splitlines()[-1] == "warraq: 2 articles found, 1 of them shown"


def test_the_command_prints_text_in_one_line_each(dataset, capsys):
    code, out, _ = run(capsys, dataset.root, "لبنان")
    assert (code, out.splitlines()[0]) == (0, "كأس العالم")
    assert "على لبنان" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (['"x'], 'warraq: the query has a quote that is not closed; add " after the phrase'),
        (["titel:x"], "warraq: no field 'titel'"),
        (["x", "--since", "may"], "warraq: 'may' is no date"),
        (["x", "--topic", "spor"], None),
        (["x", "--limit", "0"], "warraq search: argument --limit: 0: not a number from 1 to 10,000"),
        (["x", "--sine", "2024"], "warraq search: unknown flag --sine; did you mean --since?"),
    ],
)
def test_a_mistake_costs_one_line(dataset, capsys, arguments, message):
    code, out, err = run(capsys, dataset.root, *arguments)
    assert out == ""
    if message is None:
        assert code == 0
    else:
        assert (code, len(err.splitlines())) == (2, 1)
        assert err.startswith(message)


def test_without_a_dataset_it_says_how_to_make_one(tmp_path, capsys):
    code, _, err = run(capsys, str(tmp_path / "none"), "x")
    assert (code, err.count("\n")) == (2, 1)
    assert "warraq ingest INPUT" in err
    assert not (tmp_path / "none").exists()


def test_a_dataset_without_articles_has_none(tmp_path, capsys):
    dataset = Dataset(str(tmp_path / "empty"))
    publish_run(dataset, "r1", stage_run(dataset, "r1", [], dumps=["d.warc"]))
    assert run(capsys, dataset.root, "x") == (0, "", "warraq: 0 articles found\n")


def test_search_in_sql(dataset):
    sql = """
        SELECT article_id, rank, snippet(text, 'النفط الغاز', length := 40)
        FROM search('النفط OR الغاز') JOIN articles USING (article_id) ORDER BY rank"""
    assert connect(dataset).sql(sql).fetchall() == [
        ("oil", 1, "ارتفعت أسعار [النفط] في الإمارات."),
        ("gas", 2, "بحث وزراء [الغاز] أسعاره في جدة."),
    ]
    assert connect(dataset).sql("SELECT count(*) FROM search('', most := 3)").fetchall() == [(3,)]


def test_a_mistake_in_sql_is_the_same_line(dataset):
    with pytest.raises(duckdb.BinderException, match="the query has a quote that is not closed"):
        Views(dataset).run("FROM search('\"x')", lambda _, relation: relation.fetchall())


@pytest.mark.parametrize("query", re.findall(r"^\| `([^`]+)` \|", DOCUMENT, re.MULTILINE))
def test_every_query_of_the_document_is_right(dataset, query):
    found = Search(dataset).find(query.replace("\\|", "|"))
    assert len(found.hits) == min(found.total, LIMIT)


@pytest.mark.parametrize("sql", re.findall(r"```sql\n(.*?)```", DOCUMENT, re.DOTALL))
def test_every_statement_of_the_document_is_right(dataset, sql):
    answer = connect(dataset).sql(sql)
    answer.fetchall()
    assert answer.columns
