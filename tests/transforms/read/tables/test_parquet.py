"""Parquet files give one page a row, for any types, splits and damage."""

import datetime as dt
import io
import itertools

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.schemas.records import Page, Rejected, Source
from warraq.transforms.read.dump import Dump, InputError
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.tables.parquet import read_parquet_range

UTC = dt.timezone.utc
FILE_TIME = dt.datetime(2026, 1, 2, tzinfo=UTC)
HTML = "<!DOCTYPE html><html><body><p>نص</p></body></html>"


def parquet(columns, **options):
    target = io.BytesIO()
    pq.write_table(pa.table(columns), target, **options)
    return target.getvalue()


def read(content, start=0, stop=None, claim=lambda _: True, **rules):
    dump = Dump("a.parquet", len(content), "parquet", "", FILE_TIME)
    return list(read_parquet_range(io.BytesIO(content), start, stop, dump, ReadRules(**rules), claim))


ROWS = 50
TABLE = parquet({"url": [f"u{n}" for n in range(ROWS)], "text": [f"نص رقم {n}" for n in range(ROWS)]}, row_group_size=7)
NUMBERS = list(range(ROWS))


def test_rows_are_pages_with_their_number_for_an_offset():
    items = read(TABLE)
    assert [item.source.dump_offset for item in items] == NUMBERS
    assert items[8] == Page(
        Source("u8", FILE_TIME, "a.parquet", 8, len("نص رقم 8".encode())), "نص رقم 8".encode(), True, "utf-8", None
    )


@given(st.lists(st.integers(1, len(TABLE)), max_size=6))
def test_every_row_is_read_once_however_the_file_is_split(cuts):
    ends = [0, *sorted(set(cuts)), None]
    parts = [item for start, stop in itertools.pairwise(ends) for item in read(TABLE, start, stop)]
    assert parts == read(TABLE)


def test_row_groups_are_claimed_in_order():
    claims = []
    read(TABLE, claim=lambda offset: claims.append(offset) is None)
    metadata = pq.ParquetFile(io.BytesIO(TABLE)).metadata
    assert claims == sorted(claims)
    assert len(claims) == metadata.num_row_groups == 8
    assert claims[0] == 0
    assert claims[-1] < len(TABLE)
    items = read(TABLE, claim=lambda offset: offset < claims[2])
    assert [item.source.dump_offset for item in items] == NUMBERS[:14]


@pytest.mark.parametrize(
    "fetched",
    [
        pa.array([dt.datetime(2024, 5, 1, 10)], pa.timestamp("ns")),  # noqa: DTZ001
        pa.array([dt.datetime(2024, 5, 1, 10)], pa.timestamp("s")),  # noqa: DTZ001
        pa.array([dt.datetime(2024, 5, 1, 10, tzinfo=UTC)], pa.timestamp("us", "Asia/Riyadh")),
        ["2024-05-01T10:00:00Z"],
        ["Wed, 01 May 2024 10:00:00 GMT"],
        [1714557600],
        [1714557600.0],
        [1714557600000],
    ],
    ids=range(8),
)
def test_fetch_times_of_any_type(fetched):
    assert read(parquet({"text": ["x"], "fetch_time": fetched}))[0].source.fetched_at == dt.datetime(
        2024, 5, 1, 10, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("columns", "content", "is_text", "charset"),
    [
        ({"html": [HTML.encode("cp1256")], "content_charset": ["windows-1256"]}, HTML.encode("cp1256"), False, "windows-1256"),
        ({"content": [HTML.encode("cp1256")]}, HTML.encode("cp1256"), False, None),
        ({"content": ["نص".encode()]}, "نص".encode(), True, None),
        ({"content": [HTML]}, HTML.encode(), False, "utf-8"),
        ({"text": pa.array(["نص"]).dictionary_encode()}, "نص".encode(), True, "utf-8"),
        ({"text": pa.array(["نص"], pa.large_string())}, "نص".encode(), True, "utf-8"),
        ({"text": [["فقرة", "أخرى"]]}, "فقرة\nأخرى".encode(), True, "utf-8"),
    ],
)  # fmt: skip
def test_bytes_are_as_crawled_and_strings_are_text(columns, content, is_text, charset):
    (page,) = read(parquet(columns))
    assert (page.content, page.is_text, page.charset) == (content, is_text, charset)


def test_strings_that_are_no_utf_8_are_bytes():
    data = "نص قديم".encode("cp1256")
    ends = pa.py_buffer(b"\0\0\0\0" + len(data).to_bytes(4, "little"))
    (page,) = read(parquet({"text": pa.Array.from_buffers(pa.string(), 1, [None, ends, pa.py_buffer(data)])}))
    assert (page.content, page.is_text, page.charset) == (data, True, None)


def test_fields_of_structs_and_stated_columns():
    metadata = [{"url": "u", "date": "2024-05-01", "other": [1, 2]}]
    (page,) = read(parquet({"text": ["x"], "id": ["1"], "metadata": metadata}))
    assert (page.source.url, page.source.fetched_at.year) == ("u", 2024)
    table = parquet({"id": ["u"], "item": [{"deep": {"body": "<p>نص</p>"}}], "text": ["x"]})
    (page,) = read(table, fields="url=id,html=item.deep.body")
    assert (page.source.url, page.content, page.is_text) == ("u", "<p>نص</p>".encode(), False)


def test_a_missing_stated_column_is_an_error_in_one_line():
    with pytest.raises(InputError, match=r"^a.parquet: no column 'body' for text; .*--read_fields, it has url, text$"):
        read(TABLE, fields="text=body")


def test_rows_and_files_without_content_are_refused():
    items = read(parquet({"text": ["x", None, " "], "content": [None, b"\x89PNG\0", None]}))
    assert [item.detail for item in items[1:]] == ["binary", "no html or text; it has text, content"]
    (row,) = read(parquet({"a": [1], "b": [2]}))
    assert (row.reason, row.detail) == (
        "not_html",
        "no column of html or text, name one with --read_fields; it has a, b",
    )
    assert read(parquet({"a": [1], "b": [2]}), 1) == []
    assert read(parquet({"text": pa.array([], pa.string())})) == []
    (row,) = read(parquet({"text": ["a" * 99]}), max_bytes=50)
    assert row.reason == "too_large"


def test_a_damaged_file_is_one_row():
    for content in (TABLE[:-20], b"PAR1" + bytes(99) + b"PAR1", TABLE[:-8] + b"\xff\xff\xff\x7fPAR1", b"PAR1"):
        (row,) = read(content)
        assert (row.reason, row.source.dump_offset) == ("corrupt_record", 0)
        assert read(content, 1) == []


def test_a_damaged_row_group_costs_its_rows():
    metadata = pq.ParquetFile(io.BytesIO(TABLE)).metadata
    begin = metadata.row_group(2).column(1).data_page_offset
    items = read(TABLE[:begin] + b"\xff" * 30 + TABLE[begin + 30 :])
    rows = [item for item in items if isinstance(item, Rejected)]
    assert [(row.reason, row.source.dump_offset) for row in rows] == [("corrupt_record", 14)]
    assert rows[0].detail.startswith("7 rows of row group 2: ")
    assert [item.source.dump_offset for item in items if isinstance(item, Page)] == NUMBERS[:14] + NUMBERS[21:]


def test_trouble_with_the_storage_is_raised():
    class Broken(io.BytesIO):
        def read(self, size=-1):
            if self.tell() < 1000:
                raise OSError(5, "Input/output error")
            return super().read(size)

    dump = Dump("a", len(TABLE), "parquet", "", FILE_TIME)
    with pytest.raises(OSError, match="Input/output"):
        list(read_parquet_range(Broken(TABLE), 0, None, dump, ReadRules()))


@given(st.integers(0, len(TABLE)), st.binary(min_size=1, max_size=20), st.booleans())
def test_damage_gives_rows_never_an_exception(place, splice, is_insertion):
    content = TABLE[:place] + splice + TABLE[place + (0 if is_insertion else len(splice)) :]
    assert all(isinstance(item, (Page, Rejected)) for item in read(content))


def test_a_dictionary_value_of_many_rows_is_not_decoded_for_all_of_them():
    large = pa.array(["<html>" + "a" * 2_000_000])
    bomb = parquet(
        {"html": pa.DictionaryArray.from_arrays(pa.array([0] * 200, pa.int32()), large)},
        compression="zstd", dictionary_pagesize_limit=2**30, store_schema=False,
    )  # fmt: skip
    before = pa.total_allocated_bytes()
    dump = Dump("a", len(bomb), "parquet", "", FILE_TIME)
    most = 0
    for item in read_parquet_range(io.BytesIO(bomb), 0, None, dump, ReadRules(max_bytes=1000)):
        assert item.reason == "too_large"
        most = max(most, pa.total_allocated_bytes() - before)
    assert len(bomb) < 10_000
    assert most < 20_000_000
