import itertools
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.export import shards
from warraq.transforms.export.columns import ALL_COLUMNS, FINEWEB2_COLUMNS, schema_of
from warraq.transforms.export.shards import JsonFile, ParquetFile, RowGroups, Shards, checksums, sha256_of

SCHEMA = pa.schema([("article_id", pa.string()), ("text", pa.string())])


def rows(start, stop):
    return pa.table({"article_id": map(str, range(start, stop)), "text": ["نص"] * (stop - start)}, SCHEMA)


@pytest.fixture
def small(monkeypatch):
    """Files of a few hundred bytes."""
    monkeypatch.setattr(shards, "_GROUP_ROWS", 10)
    monkeypatch.setattr(shards, "TARGET", 400)
    monkeypatch.setattr(shards, "LEAST", 350)


def write(folder, kind, *cuts):
    written = Shards(folder, SCHEMA, kind)
    for start, stop in itertools.pairwise(cuts):
        written.write(rows(start, stop))
    return written.close()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("kind", [ParquetFile, JsonFile])
def test_the_same_rows_give_the_same_bytes_however_they_arrive(tmp_path, kind):
    one = write(tmp_path / "one", kind, 0, 95)
    two = write(tmp_path / "two", kind, 0, 1, 40, 41, 95)
    assert one == two
    assert sum(shard.rows for shard in one) == 95
    assert [shard.path for shard in one] == [
        f"data/train-{number:05}-of-{len(one):05}.{kind.ending}" for number in range(len(one))
    ]
    read = [table for shard in one for table in kind.read(tmp_path / "one" / shard.path, SCHEMA)]
    assert pa.concat_tables(read) == rows(0, 95)


@pytest.mark.usefixtures("small")
def test_a_small_last_file_joins_the_one_before(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "LEAST", 0)
    before = [shard.rows for shard in write(tmp_path / "before", ParquetFile, 0, 95)]
    assert len(before) > 2
    monkeypatch.setattr(shards, "LEAST", 1 << 20)
    after = [shard.rows for shard in write(tmp_path / "after", ParquetFile, 0, 95)]
    assert after == [*before[:-2], before[-2] + before[-1]]


def test_without_rows_there_is_one_file_with_the_columns(tmp_path):
    [shard] = Shards(tmp_path, schema_of(ALL_COLUMNS), ParquetFile).close()
    assert pq.read_schema(tmp_path / shard.path).names == [column.name for column in ALL_COLUMNS]


def test_pages_have_an_index(tmp_path):
    [shard] = write(tmp_path, ParquetFile, 0, 5)
    column = pq.ParquetFile(tmp_path / shard.path).metadata.row_group(0).column(0)
    assert column.has_offset_index
    assert column.has_column_index
    assert column.compression == "ZSTD"


@given(st.lists(st.integers(0, 30), max_size=6))
def test_row_groups_depend_on_the_rows_only(sizes):
    groups, found, start = RowGroups(SCHEMA), [], 0
    for size in sizes:
        found += groups.add(rows(start, start + size))
        start += size
    found += groups.rest()
    assert [group.num_rows for group in found] == ([start] if start else [])
    assert not found or pa.concat_tables(found) == rows(0, start)


def test_every_file_has_its_digest(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a").write_bytes(b"abc")
    assert checksums(tmp_path) == f"{sha256_of(tmp_path / 'data' / 'a')}  data/a\n"
    assert sha256_of(tmp_path / "data" / "a").startswith("ba7816bf8f01cfea")


def test_the_columns_are_those_of_fineweb_2():
    """Names, types and order of the hub's HuggingFaceFW/fineweb-2, so that both load as one dataset."""
    assert [(column.name, str(column.type)) for column in FINEWEB2_COLUMNS] == [
        ("text", "string"),
        ("id", "string"),
        ("dump", "string"),
        ("url", "string"),
        ("date", "string"),
        ("file_path", "string"),
        ("language", "string"),
        ("language_score", "double"),
        ("language_script", "string"),
        ("minhash_cluster_size", "int64"),
        ("top_langs", "string"),
    ]


def test_every_column_has_a_meaning():
    assert [column.name for column in ALL_COLUMNS if not column.meaning] == []


def test_a_row_more_leaves_most_bytes_as_they_were(tmp_path):
    """A hub that stores equal chunks once takes few bytes of the next export."""
    texts = ["".join(random.Random(number).choices("ابتثجحخدذر ", k=3000)) for number in range(1_500)]
    files = []
    for name, chosen in (("one", texts), ("two", [texts[700][::-1], *texts])):
        written = Shards(tmp_path / name, SCHEMA, ParquetFile)
        written.write(pa.table({"article_id": [text[:32] for text in chosen], "text": chosen}, SCHEMA))
        [shard] = written.close()
        files.append((tmp_path / name / shard.path).read_bytes())
    one, two = files
    blocks = [one[start : start + 4096] for start in range(0, len(one), 4096)]
    assert len(blocks) > 400
    assert sum(block in two for block in blocks) > 0.5 * len(blocks)
