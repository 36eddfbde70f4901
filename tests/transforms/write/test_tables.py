import datetime as dt
import sys

import pytest

from warraq.schemas.records import Entity, Rejected, Source
from warraq.transforms.dataset.data_files import DumpPages
from warraq.transforms.write.tables import Size, article_order, data_file, file_key, record_bytes, row_groups

START = dt.datetime(2025, 6, 1, tzinfo=dt.timezone.utc)


@pytest.mark.parametrize(
    ("size", "shards"),
    [
        (Size(20_000, 1), 1),
        (Size(50_000, 1), 3),
        (Size(20, 5000), 1),
        (Size(20, 5001), 2),
        (Size(50_000, 15_000), 3),
        (Size(20_001, 15_000), 3),
    ],
)
def test_large_partitions_are_cut_into_shards_by_rows_and_bytes(make_article, size, shards):
    articles = [make_article(dump="a.warc", dump_offset=n) for n in range(20)]
    groups = [
        file_key("2025-05-01/sport", article, {"2025-05-01/sport": size}, Size(20_000, 5000)) for article in articles
    ]
    assert {group.shard for group in groups} == set(range(shards))


def test_the_estimated_bytes_of_a_record_are_about_its_memory(make_article):
    """So that bounds in bytes bound the memory: less than half as heavy as it is, and few pages could fill it."""
    text = "".join(chr(0x627 + n % 30) for n in range(75_000))
    entities = [Entity(f"كيان {n}", "place", n, n + 5, f"الكيان {n}", 0.5) for n in range(3000)]
    tags = [f"وسم {n}" for n in range(2000)]
    refused = Rejected(Source("https://a.example/" + "a" * 100_000, START, "d", 0, 1), "clean", "too_short", "x" * 300)
    for record in (make_article(text), make_article(text, entities=entities), make_article(tags=tags), refused):
        assert 0.5 < record_bytes(record) / memory(record) < 2, record[0]


def memory(value):
    """Bytes of a value and of all that it holds, but for what Python shares."""
    inner = sum(map(memory, value)) if isinstance(value, (tuple, list)) else 0
    return inner + (0 if value is None or isinstance(value, (int, float)) else sys.getsizeof(value))


def test_row_groups_are_bounded_by_bytes(make_article):
    records = [make_article("خ" * length) for length in (10, 5000, 10, 10, 10, 20_000, 10)]
    pieces = list(row_groups(records, 12_000))
    assert [record for piece in pieces for record in piece] == records
    assert [len(piece) for piece in pieces] == [2, 4, 1]
    assert list(row_groups([], 1)) == []


def test_a_file_is_described_by_its_records(make_article):
    articles = [make_article(dump="d"), make_article(dump="c"), make_article(dump="d", date_source="fetched")]
    file = data_file("articles", "2025-05-01/sport", articles)
    assert file.path == "date=2025-05-01/topic=sport/part"
    assert file.partition == ["2025-05-01", "sport"]
    assert (file.rows, file.dumps) == (3, [DumpPages("c", 1, undated=0), DumpPages("d", 2, undated=1)])


def test_an_article_without_a_time_follows_those_with_one(make_article):
    timed = [make_article(published_at=START.replace(hour=hour)) for hour in (1, 2)]
    assert sorted([make_article(), *timed[::-1]], key=article_order) == [*timed, make_article()]
