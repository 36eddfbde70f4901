"""Fields that look like facts about articles and can't be used are found before the work starts."""

import datetime as dt
import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from warraq.transforms.extract.dates.stamps import read_stamp
from warraq.transforms.read.dump import Dump
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.tables.names import names_of
from warraq.transforms.read.tables.survey import UnusedField, find_unused, unused_fields

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)


def is_date(text):
    return read_stamp(text) is not None


def unused(*records, **rules):
    return [
        (field.name, field.like, field.is_known)
        for field in find_unused(records, names_of(ReadRules(**rules)), is_date)
    ]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"text": "نص", "news_pub_date_str": "12/05/2024"}, [("news_pub_date_str", "published_at", False)]),
        ({"text": "نص", "تاريخ النشر": "12 مايو 2024"}, [("تاريخ النشر", "published_at", False)]),
        ({"text": "نص", "story_author": "سلمى أحمد"}, [("story_author", "authors", False)]),
        ({"text": "نص", "story_author": "سلمى أحمد", "author": "منى علي"}, []),  # ours is given
        ({"text": "نص", "published_at": "قريبا"}, [("published_at", "published_at", True)]),
        ({"text": "نص", "date": "n/a"}, [("date", "published_at", True)]),
        ({"text": "نص", "author": 17}, [("author", "authors", True)]),
        ({"text": "نص", "author": None, "published_at": ""}, []),  # empty, not wrong
        ({"text": "نص", "author_id": 17, "last_crawl_date": "2024-05-12", "read_time": "3 دقائق"}, []),
        ({"text": "نص", "published_at": "2024-05-12", "author": "سلمى أحمد", "title": "خبر"}, []),
    ],
)
def test_unused_fields(record, expected):
    assert unused(record) == expected


def test_one_usable_value_is_enough():
    assert unused({"date": "?"}, {"date": "2024-05-12"}) == []


def test_a_field_that_the_user_states_is_used():
    record = {"text": "نص", "day_of_publication": "2024-05-12"}
    assert unused(record) == [("day_of_publication", "published_at", False)]
    assert unused(record, fields="published_at=day_of_publication") == []


RECORD = {"text": "نص", "my_author": "سلمى أحمد"}
LINE = json.dumps(RECORD).encode()


def parquet():
    stream = io.BytesIO()
    pq.write_table(pa.table({name: [value] for name, value in RECORD.items()}), stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("jsonl", LINE + b"\n" + LINE, 1),
        ("jsonl", b'{"cut": \n' + LINE, 1),
        ("jsonl", b"[" + LINE + b"," + LINE + b"]", 1),
        ("jsonl", json.dumps([RECORD], indent=1).encode(), 1),
        ("jsonl.gz", gzip.compress(LINE, mtime=0), 1),
        ("parquet", parquet(), 1),
        ("parquet", parquet()[:-9], 0),
        ("html", b"<p>", 0),
    ],
)
def test_the_beginning_of_any_table_is_read(tmp_path, name, content, found):
    path = tmp_path / "dump"
    path.write_bytes(content)
    fields = unused_fields(Dump(str(path), len(content), name, "", NOW), ReadRules(), is_date)
    assert fields == [UnusedField("my_author", "authors", "سلمى أحمد", is_known=False)] * found
