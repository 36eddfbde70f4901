import datetime as dt
import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.support.signatures import write_arrivals, write_articles, write_parts
from warraq.transforms.dataset.errors import DamagedDatasetError
from warraq.transforms.deduplicate.deduplicate import identify
from warraq.transforms.deduplicate.known import REPLACED, Search, find
from warraq.transforms.deduplicate.wanted import joined, wanted
from warraq.transforms.sketch import anchor_keys

LAYOUTS = ("articles", "arrivals", "parts")
START = dt.date(2025, 1, 1)


@pytest.fixture
def history(make_article):
    """Sixty stories, one a day; every tenth is a near copy of another."""

    def story(number):
        words = random.Random(number).sample(range(10_000), 80)
        article = make_article(
            " ".join(f"كلمة{word}" for word in words),
            url=f"https://site.example/{number}",
            date=START + dt.timedelta(days=number),
            topic="sport",
        )
        return identify(article)._replace(duplicate_of="another" if number % 10 == 9 else None)

    return [story(number) for number in range(60)]


@pytest.fixture(params=LAYOUTS)
def files(request, history, tmp_path):
    """The files of the dataset in each of its layouts."""
    files = write_articles(tmp_path, history)
    if request.param != "articles":
        files = write_arrivals(tmp_path, files, load_id="old")
    return write_parts(tmp_path, files) if request.param == "parts" else files


def search(articles, horizon_days=30):
    keys = joined(wanted(each.text_digest, each.sketch, each.date.toordinal()) for each in articles)
    return Search(keys, horizon_days)


def found(files, searched, ignored_loads=()):
    """The ids found by digest, and those found by anchor."""
    results = [*find(files, searched, ignored_loads)]
    exact = {row.article_id for result in results for _, row in result.exact}
    return exact, {row.article_id for result in results for _, row in result.near}


def test_each_article_is_found_by_its_digest_and_an_original_by_all_of_its_anchors(files, history):
    for article in (history[20], history[29]):
        results = [*find(files, search([article]))]
        exact = [(key, row) for result in results for key, row in result.exact if row.article_id == article.article_id]
        near = [(key, row) for result in results for key, row in result.near if row.article_id == article.article_id]
        assert [(key, row.precedence.day) for key, row in exact] == [(article.text_digest, article.date.isoformat())]
        assert sorted(key for key, _ in near) == ([] if article.duplicate_of else anchor_keys(article.sketch))
        assert {row.sketch for _, row in near} <= {article.sketch}
        assert {row.record_id for _, row in exact + near} == {""}


@pytest.mark.parametrize(("horizon_days", "days", "is_found"), [(30, 30, True), (30, 31, False), (0, 900, True)])
@pytest.mark.parametrize("direction", [1, -1])
def test_near_copies_have_a_horizon_and_exact_ones_have_none(files, history, horizon_days, days, is_found, direction):
    article = history[20]
    new = article._replace(date=article.date + direction * dt.timedelta(days=days))
    exact, near = found(files, search([new], horizon_days))
    assert article.article_id in exact
    assert (article.article_id in near) == is_found


def test_what_shares_nothing_with_a_new_article_is_left_in_the_dataset(files, make_article):
    new = identify(make_article("نص لا يشبه غيره في شيء", date=START))
    exact, near = found(files, search([new]))
    assert len(exact | near) <= 1  # a key may be taken for another


def test_nothing_is_read_if_nothing_is_looked_for():
    assert found(["/no/articles/date=2025-01-01/topic=sport/x.parquet"], Search(joined([]), 30)) == (set(), set())


def test_rows_of_ignored_loads_do_not_count(history, tmp_path):
    articles = write_articles(tmp_path, history)
    old, new = write_arrivals(tmp_path, articles[:30], "old"), write_arrivals(tmp_path / "b", articles[30:], "new")
    exact, near = found([*old, *new], search(history, 0), {"old"})
    assert exact == {article.article_id for article in history[30:]}
    assert near == {article.article_id for article in history[30:] if not article.duplicate_of}
    assert len(found(articles, search(history, 0), {"old"})[0]) == len(history)  # older files name no load


def test_a_compacted_index_is_opened_where_keys_and_days_touch_it(history, tmp_path, monkeypatch):
    files = write_parts(tmp_path, write_arrivals(tmp_path, write_articles(tmp_path, history)))
    opened = []
    monkeypatch.setattr(
        pq, "ParquetFile", lambda source, real=pq.ParquetFile, **options: (opened.append(1), real(source, **options))[1]
    )
    found(files, search([history[5]], 3))
    assert len(opened) == 2  # the digest's part, and January
    assert len(files) > 40


def test_a_file_that_a_compaction_has_moved_is_found(files, history, tmp_path):
    for path in files:
        moved = tmp_path / REPLACED / Path(path).relative_to(tmp_path)
        moved.parent.mkdir(parents=True, exist_ok=True)
        Path(path).rename(moved)
    assert history[20].article_id in found(files, search([history[20]]))[0]


@pytest.mark.parametrize("fault", ["missing", "broken"])
def test_a_lost_file_ends_the_search(files, history, fault):
    for path in files:
        Path(path).unlink() if fault == "missing" else Path(path).write_bytes(b"no Parquet")
    with pytest.raises(DamagedDatasetError, match=fault):
        found(files, search([history[20]]))
