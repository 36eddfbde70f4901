import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.signatures import write_arrivals, write_articles
from warraq.schemas.arrow import file_schema
from warraq.transforms.dataset.index import parts, signatures
from warraq.transforms.deduplicate.deduplicate import identify


def stories(make_article, count=40):
    for number in range(count):
        article = make_article(
            f"خبر رقم {number} في الصحيفة",
            url=f"https://site.example/{number}",
            date=dt.date(2025, 1 + number % 3, 5),
            topic="sport",
        )
        yield identify(article)._replace(duplicate_of="another" if number % 4 == 0 else None)


def test_the_index_has_a_row_for_each_article_and_no_signature_of_a_copy(make_article, tmp_path):
    articles = [*stories(make_article)]
    rows = pa.concat_tables(map(signatures, write_articles(tmp_path, articles)))
    assert rows.schema.equals(file_schema("signatures"))
    expected = [
        (each.text_digest, each.article_id, each.date, None, None if each.duplicate_of else each.sketch)
        for each in articles
    ]
    assert sorted(map(tuple, (row.values() for row in rows.to_pylist())), key=str) == sorted(expected, key=str)


def test_a_compacted_index_has_each_row_by_digest_and_each_original_by_month(make_article, tmp_path):
    articles = [*stories(make_article)]
    arrivals = write_arrivals(tmp_path, write_articles(tmp_path, articles), "load")
    rows = pa.concat_tables(pq.ParquetFile(path).read() for path in arrivals)
    found = dict(parts(rows))
    by_digest = {name: part for name, part in found.items() if name.startswith("digest-")}
    months = {name: part for name, part in found.items() if name not in by_digest}
    assert sorted(months) == ["2025-01", "2025-02", "2025-03"]
    for name, part in by_digest.items():
        digests = part["text_digest"].to_pylist()
        assert digests == sorted(digests)
        assert {digest[:2] for digest in digests} == {name.removeprefix("digest-")}
        assert part["sketch"].null_count == len(part)
    assert sum(map(len, by_digest.values())) == len(articles)
    originals = {article.article_id for article in articles if not article.duplicate_of}
    assert {each for part in months.values() for each in part["article_id"].to_pylist()} == originals
    assert all(part["sketch"].null_count == 0 for part in months.values())


def test_parts_do_not_depend_on_the_order_of_the_rows(make_article, tmp_path):
    arrivals = write_arrivals(tmp_path, write_articles(tmp_path, stories(make_article)))
    tables = [pq.ParquetFile(path).read() for path in arrivals]
    one, other = (dict(parts(pa.concat_tables(order))) for order in (tables, tables[::-1]))
    assert one == other
