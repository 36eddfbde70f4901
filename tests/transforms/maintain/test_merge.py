"""Order and cut: they depend on the rows alone, and no row is lost."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.maintain.merge import cut, row_bytes, sorted_rows

SCHEMA = pa.schema(
    [
        pa.field("site", pa.string(), nullable=False),
        pa.field("time", pa.int64()),
        pa.field("tags", pa.list_(pa.struct([("name", pa.string()), ("score", pa.float32())]))),
        pa.field("number", pa.int64(), nullable=False),
    ]
)
ORDER = ("site", "time", "number")

tags = st.lists(st.fixed_dictionaries({"name": st.text("اب", max_size=3), "score": st.just(0.5)}), max_size=2)
row = st.fixed_dictionaries(
    {
        "site": st.text("abcé", max_size=2),
        "time": st.none() | st.integers(0, 3),
        "tags": st.none() | tags,
        "number": st.integers(0, 2**40),
    }
)
rows = st.lists(row, max_size=30, unique_by=lambda one: one["number"])


def key(one):
    return one["site"], one["time"] is None, one["time"], one["number"]


def table(some):
    return pa.Table.from_pylist(some, schema=SCHEMA)


def pieces(data, some, most=7):
    """The rows cut into tables at random places."""
    ends = sorted({*data.draw(st.lists(st.integers(0, len(some)), max_size=most)), len(some)})
    return [table(some[start:end]) for start, end in zip([0, *ends], ends, strict=False)]


def reader(groups):
    return lambda wanted: iter(groups if wanted is None else [groups[number] for number in wanted])


def plain(tables):
    return [one for each in tables for one in each.to_pylist()]


@given(rows, st.data(), st.sampled_from([1, 200, 10**6]))
def test_rows_come_sorted_whatever_files_they_lie_in(some, data, most):
    shuffled = data.draw(st.permutations(some))
    groups = pieces(data, shuffled)
    files = [groups[start : start + 3] for start in range(0, len(groups), 3)]
    assert plain(sorted_rows([reader(file) for file in files], ORDER, most)) == sorted(some, key=key)


@given(rows, st.data(), st.integers(1, 400))
def test_row_groups_depend_on_the_rows_and_not_on_how_they_come(some, data, least):
    groups = [*cut(pieces(data, some), least)]
    assert groups == [*cut([table(some)], least)]
    assert plain(groups) == some
    assert all(int(row_bytes(group).sum()) >= least for group in groups[:-1])
    assert all(int(row_bytes(group.slice(0, group.num_rows - 1)).sum()) < least for group in groups)


def test_a_row_group_is_not_read_where_none_of_its_rows_is_needed():
    """Once for its size, once for its keys, and once for each part that has rows of it."""
    some = [{"site": "s", "time": number, "tags": None, "number": number} for number in range(100)]
    groups = [table(some[start : start + 10]) for start in range(0, 100, 10)]
    asked = []

    def read(wanted):
        asked.extend(range(len(groups)) if wanted is None else wanted)
        return reader(groups)(wanted)

    parts = [*sorted_rows([read], ORDER, 500)]
    assert plain(parts) == some
    assert len(parts) > 5
    assert len(asked) < 3 * len(groups) + len(parts)


@given(rows)
def test_the_bytes_of_a_row_are_those_of_its_values(some):
    whole = table(some)
    expected = [
        8 + len(one["site"].encode()) + 8 + 8 + sum(8 + len(tag["name"].encode()) + 8 for tag in one["tags"] or []) + 8
        for one in some
    ]
    assert row_bytes(whole).tolist() == expected
    assert row_bytes(pa.concat_tables([whole, whole]).slice(len(some))).tolist() == expected
