"""A dump that grew: its new records only, each in one load, whatever was cut at its former end."""

import gzip
import itertools
import json
import zipfile
from collections import Counter

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.sdf_utils import RestrictionTrackerView, ThreadsafeRestrictionTracker
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.damage import ARC_HEAD, arc_record, damages, lines, page, parquet, record, tarred, zipped, zstd
from warraq.schemas.records import Rejected
from warraq.transforms.ledger import READ, CountPages, Entry, rejected_entry, total
from warraq.transforms.read.discover import beginning_of, find_dumps, fingerprint
from warraq.transforms.read.dump import Earlier, InputError
from warraq.transforms.read.formats import bytes_to_read, read_range, seam_of
from warraq.transforms.read.growth import Copy, first_bytes, sort_out
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.stage import PROGRESS, TAKEN_BACK, ReadPages, _ReadFn, parts
from warraq.transforms.step import KEPT, REJECTED

RULES = ReadRules(max_bytes=50_000, fetched_at="2024-05-01")
PAGES = [
    f"<!DOCTYPE html><html><p>خبر {number} {number * 7919:x}{number * 104729:b}</p>".encode() for number in range(4)
]
WARCS = [record(body, n) for n, body in enumerate(PAGES)]
ARCS = [ARC_HEAD, *(arc_record(body, n) for n, body in enumerate(PAGES))]
LINES = lines(PAGES)
TAR = tarred([(f"{n}.html", body) for n, body in enumerate(PAGES)])[: 1024 * 4]  # without zeros at its end


def gz(content):
    return gzip.compress(content, mtime=0)


SKIPPED = b"\x50\x2a\x4d\x18\x04\0\0\0skip"  # a skippable frame
GROWING = {
    "warc": b"".join(WARCS),
    "warc.gz": b"".join(map(gz, WARCS)),
    "warc.gz, records in several members": b"".join(gz(part) for one in WARCS for part in (one[:200], one[200:])),
    "warc.gz, several records in a member": gz(WARCS[0]) + gz(b"".join(WARCS[1:3])) + gz(WARCS[3]),
    "warc.gz, solid": gz(b"".join(WARCS[:2])) + gz(b"".join(WARCS[2:])),
    "warc.zst": b"".join(SKIPPED + zstd(one) for one in WARCS),
    "warc.zst, solid": zstd(b"".join(WARCS[:2])) + zstd(b"".join(WARCS[2:])),
    "arc": b"".join(ARCS),
    "arc.gz": b"".join(map(gz, ARCS)),
    "jsonl": b"".join(LINES),
    "jsonl.gz": gz(b"".join(LINES[:2])) + gz(b"".join(LINES[2:])),
    "jsonl.zst": zstd(b"".join(LINES[:2])) + zstd(b"".join(LINES[2:])),
    "json array, an object a line": b"[\n" + b",\n".join(map(bytes.strip, LINES)) + b"\n]",
    "json array in one line": json.dumps([json.loads(line) for line in LINES]).encode(),
    "json objects over many lines": b"\n".join(json.dumps(json.loads(line), indent=1).encode() for line in LINES),
    "tar": TAR,
    "tar.gz": gz(TAR[:2048] + bytes(1024)) + gz(TAR[2048:] + bytes(1024)),
}


def write(folder, content, name="dump"):
    path = folder / name
    path.write_bytes(content)
    return path


def find(path):
    return find_dumps([str(path)]).dumps[0]


def earlier(dump, **more):
    load = Earlier(dump.path, dump.size, dump.format, dump.fingerprint, dump.beginning)
    return load._replace(after=dump.after.fingerprint if dump.after else "", **more)


def key(item):
    """The content of a row on an item, without the dump's name."""
    source = item.source._replace(dump="")
    return (source, item.reason, item.detail) if isinstance(item, Rejected) else (source, item.content)


def read(dump, split=None):
    """The items of a dump and the rows that it takes back, in ranges of `split` bytes."""
    taken_back, items = [], []
    for part, start, stop in parts(dump, ReadRules(split_bytes=split or dump.size)):
        items += read_range(part, start, stop, RULES, take_back=taken_back.append)
    return items, taken_back


def cancelled(_dump, row):
    """The entries of the ledger that a row that is taken back cancels."""
    return [(Entry(row.source.dump, READ), -1), (rejected_entry(row), -1)]


def grow(folder, states, split=None):
    """The rows that all loads of the growing states of a file gave, less what they took back, and the last dump that was read.

    A state that is no dump yet, or that is known, is passed over, as the launcher does.
    """
    loads, found, last = [], Counter(), None
    for state in states:
        try:
            dumps = [find(write(folder, state))]
        except InputError:
            continue
        for dump in sort_out(dumps, loads).to_read:
            items, taken_back = read(dump, split)
            assert found >= Counter(map(key, taken_back)), "only what was given is taken back"
            assert all(isinstance(row, Rejected) for row in taken_back)
            found += Counter(map(key, items))
            found -= Counter(map(key, taken_back))
            loads.append(earlier(dump))
            last = dump
    return found, last


@pytest.mark.parametrize("name", GROWING)
def test_a_file_cut_anywhere_gives_each_record_once(tmp_path, name):
    content, grown = GROWING[name], 0
    whole = Counter(map(key, read(find(write(tmp_path, content)))[0]))
    assert sum(whole.values()) == len(PAGES)
    every = 1 if name in ("warc.gz", "jsonl") else 11
    for cut in range(1, len(content), every):
        found, dump = grow(tmp_path, [content[:cut], content], split=[None, 333][cut % 2])
        if dump.after:
            grown += 1
            assert found == whole, cut
        else:
            assert cut < 0.75 * len(content), "only a beginning may have another format"
    assert grown > len(content) / every / 8


@pytest.mark.parametrize("name", GROWING)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_a_file_may_grow_many_times(tmp_path_factory, name, data):
    folder, content = tmp_path_factory.getbasetemp(), GROWING[name]
    cuts = sorted(data.draw(st.sets(st.integers(len(content) * 3 // 4, len(content) - 1), max_size=4)))
    split = data.draw(st.sampled_from([None, 100, 1000]))
    whole = Counter(map(key, read(find(write(folder, content)))[0]))
    found, dump = grow(folder, [*(content[:cut] for cut in cuts), content], split)
    assert found == whole
    assert (dump.after is None) == (not cuts)


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_a_damaged_file_that_grows_gives_no_place_twice(tmp_path_factory, data):
    folder, sound = tmp_path_factory.getbasetemp(), GROWING[data.draw(st.sampled_from(sorted(GROWING)))]
    content = data.draw(damages(sound)).applied(sound)
    cut = data.draw(st.integers(len(content) // 2, len(content)))
    split = data.draw(st.sampled_from([None, 100]))
    try:
        whole = Counter(map(key, read(find(write(folder, content)))[0]))
    except InputError:
        return  # the damage hides its format
    found, last = grow(folder, [content[:cut], content], split)
    if last.after:
        given, missing = found - whole, whole - found
        assert all(len(row) == 2 for row in given), "only a page, read before the damage showed, stays"
        assert {row[0].dump_offset for row in missing} <= {row[0].dump_offset for row in given}
        places = Counter(row[0].dump_offset for row in found.elements())
        assert set(places.values()) <= {1}


@pytest.mark.parametrize("name", sorted(set(GROWING) - {"jsonl", "json array in one line"}))
@pytest.mark.parametrize("garbage", [b"garbage", b"\n\n\0\0\0", b'{"url": 5}\n', gz(b"garbage")])
def test_garbage_behind_the_end_costs_no_page(tmp_path, name, garbage):
    content = GROWING[name]
    [first] = [find(write(tmp_path, content))]
    pages = {key(item) for item in read(first)[0]}
    [dump] = sort_out([find(write(tmp_path, content + garbage))], [earlier(first)]).to_read
    items, taken_back = read(dump)
    assert not pages & {key(item) for item in items}
    assert taken_back == []


@pytest.mark.parametrize("cut", [-10, -1, 0])
def test_garbage_in_the_place_of_the_rest_is_told_in_place_of_the_cut(tmp_path, cut):
    content = GROWING["warc.gz"]
    cut_at = len(content) + cut
    found, _ = grow(tmp_path, [content[:cut_at], content[:cut_at] + b"\xff" * 40])
    whole = Counter(map(key, read(find(write(tmp_path, content[:cut_at] + b"\xff" * 40)))[0]))
    assert found == whole


@pytest.mark.parametrize("rest", [b"garbage\n", b" ,\n", b"\n", b'{"url": "http://a.example/"}\n'])
def test_a_page_that_was_given_stays_whatever_its_line_becomes(tmp_path, rest):
    content = b"".join(LINES[:2]).strip()  # the last line has no end yet, and is whole
    first = find(write(tmp_path, content))
    [dump] = sort_out([find(write(tmp_path, content + rest + LINES[2]))], [earlier(first)]).to_read
    items, taken_back = read(dump)
    assert [item.content for item in items] == [PAGES[2]]
    assert taken_back == []


@pytest.mark.parametrize("name", GROWING)
@pytest.mark.parametrize("place", [0, 100, -1])
def test_a_file_of_which_a_byte_changed_is_new(tmp_path, name, place):
    content = GROWING[name]
    former, dump = (find(write(tmp_path, part)) for part in (content[: len(content) * 4 // 5], content))
    changed = bytearray(content[: former.size])
    changed[place] ^= 1
    path = str(write(tmp_path, changed, "changed"))
    assert sort_out([dump], [earlier(former)]).to_read == [dump._replace(after=earlier(former))]
    for beginning in (former.beginning, ""):  # the fingerprint decides
        load = earlier(former)._replace(fingerprint=fingerprint(path), beginning=beginning)
        write(tmp_path, content)
        assert sort_out([dump], [load]).to_read == [dump]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (zipped([("a.html", PAGES[0])], zipfile.ZIP_STORED), zipped([("b.html", PAGES[1])], zipfile.ZIP_STORED)),
        (parquet(PAGES[:1]), parquet(PAGES[1:])),
        (PAGES[0], PAGES[1]),
        ("نص قصير".encode(), " وتتمة".encode()),
        (gz(PAGES[0]), gz(PAGES[1])),
    ],
    ids=["zip", "parquet", "html", "text", "html.gz"],
)
def test_formats_that_do_not_grow_are_new_dumps(tmp_path, first, then):
    former = find(write(tmp_path, first))
    dump = find(write(tmp_path, first + then))
    assert sort_out([dump], [earlier(former)]).to_read == [dump]


def test_a_file_that_was_moved_and_grew_takes_back_rows_of_its_former_name(tmp_path):
    content = GROWING["jsonl"]
    former = find(write(tmp_path, content[:-20], "today.jsonl"))
    [dump] = sort_out([find(write(tmp_path, content, "yesterday.jsonl"))], [earlier(former)]).to_read
    items, [row] = read(dump)
    assert [item.source.dump for item in items] == [str(tmp_path / "yesterday.jsonl")]
    [rejected] = [item for item in read(former)[0] if isinstance(item, Rejected)] or [None]
    assert (row.source.dump, row.source.dump_offset) == (str(tmp_path / "today.jsonl"), items[0].source.dump_offset)
    assert row.reason == "corrupt_record"
    assert rejected is None or key(rejected) == key(row)


def test_a_dataset_without_beginnings_knows_a_dump_that_grew_by_its_path(tmp_path):
    content = GROWING["warc"]
    former = earlier(find(write(tmp_path, content[:-20])), beginning="")
    here, there = find(write(tmp_path, content)), find(write(tmp_path, content, "elsewhere"))
    assert sort_out([here], [former]).to_read == [here._replace(after=former)]
    assert sort_out([there], [former]).to_read == [there]


def named(path, size=100, format_="warc", fingerprint="", beginning="aa", **more):
    return Earlier(path, size, format_, fingerprint or path, beginning, **more)


@pytest.fixture
def make_dump(tmp_path):
    dump = find(write(tmp_path, GROWING["warc"]))
    return lambda path="new", **more: dump._replace(
        path=path, **{"fingerprint": path, "beginning": "aabb", "format": "warc", "size": 200, **more}
    )


def sorted_out(dumps, loads):
    """As `sort_out`, if each file begins with each candidate: the names of each list."""
    to_read, known, copies = sort_out(dumps, loads, lambda *_: True)
    return (
        [(dump.path, dump.after.path if dump.after else None) for dump in to_read],
        [dump.path for dump in known],
        [(dump.path, of.path) for dump, of in copies],
    )


@pytest.mark.parametrize(
    ("loads", "after"),
    [
        ([], None),
        ([named("a", 100), named("b", 150), named("c", 50)], "b"),
        ([named("a", 200)], None),  # as large
        ([named("a", 300)], None),
        ([named("a", format_="warc.gz")], None),
        ([named("a", beginning="ab")], None),
        ([named("a", beginning="aabb"), named("b", beginning="aabbcc")], "a"),
        ([named("a", 100), named("b", 300, after="a")], None),  # another file has continued it
        ([named("a", 100), named("b", 150, after="a")], "b"),
        ([named("a", beginning=""), named("new", 50, fingerprint="old", beginning="")], "new"),
    ],
)
def test_the_largest_dump_that_nothing_continued_is_continued(make_dump, loads, after):
    for order in itertools.permutations(loads):
        assert sorted_out([make_dump()], order) == ([("new", after)], [], [])


def test_known_dumps_copies_and_a_second_continuation(make_dump):
    dumps = [make_dump("a"), make_dump("b", fingerprint="in"), make_dump("c", fingerprint="a"), make_dump("d")]
    assert sorted_out(dumps, [named("old", fingerprint="in", size=200)]) == (
        [("a", None), ("d", None)],
        ["b"],
        [("c", "a")],
    )
    assert sorted_out([make_dump("a"), make_dump("d")], [named("old")]) == ([("a", "old"), ("d", None)], [], [])


def test_equal_files_of_one_input_are_one_dump_and_a_copy(tmp_path):
    for name in ("b", "a", "c"):
        write(tmp_path, GROWING["jsonl"], name)
    dumps = find_dumps([str(tmp_path)]).dumps
    assert sort_out(dumps, []) == (dumps[:1], [], [Copy(dumps[1], dumps[0]), Copy(dumps[2], dumps[0])])
    assert sort_out(dumps, [earlier(dumps[2])]) == ([], dumps, [])


def test_files_are_opened_for_likely_candidates_only(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr("warraq.transforms.read.growth.open_dump", lambda path: opened.append(path) or open(path, "rb"))  # noqa: PTH123, SIM115
    loads = []
    for number in range(50):
        body = b"".join(record(page(number * 10 + n), number * 10 + n) for n in range(4))
        loads.append(earlier(find(write(tmp_path, body, f"{number}.warc"))))
    dump = find(write(tmp_path, b"".join(WARCS) * 3, "new.warc"))
    assert sort_out([dump], loads).to_read == [dump]
    assert opened == []
    grown = find(write(tmp_path, (tmp_path / "7.warc").read_bytes() + WARCS[0], "grown.warc"))
    assert sort_out([grown], loads).to_read[0].after == loads[7]
    assert len(opened) == 1


@given(st.integers(0, 300_000), st.integers(0, 300_000))
@settings(max_examples=30, deadline=None)
def test_the_beginning_of_a_file_begins_with_that_of_a_shorter_one(tmp_path_factory, one, two):
    path = write(tmp_path_factory.getbasetemp(), bytes(range(256)) * 1200)
    with path.open("rb") as stream:
        short, long = (beginning_of(stream, size) for size in sorted((one, two)))
    assert long.startswith(short)
    assert len(short) == 8 * sum(min(one, two) >= 8**power for power in range(1, 7))


@given(st.binary(max_size=60), st.integers(0, 80), st.lists(st.tuples(st.integers(0, 80), st.integers(0, 30))))
@settings(deadline=None)
def test_first_bytes_are_a_file_that_ends_there(tmp_path_factory, content, size, reads):
    path = write(tmp_path_factory.getbasetemp(), content)
    with path.open("rb") as stream:
        short = first_bytes(stream, min(size, len(content)))
        assert short.seek(0, 2) == min(size, len(content))
        for offset, count in reads:
            assert short.seek(offset) == offset
            assert short.read(count) == content[:size][offset : offset + count]


def test_only_what_follows_is_read(tmp_path):
    content = b"".join(WARCS * 2_000)
    former = find(write(tmp_path, content))
    [dump] = sort_out([find(write(tmp_path, content + WARCS[0]))], [earlier(former)]).to_read
    assert seam_of(dump) == len(content)
    assert bytes_to_read(dump) == len(WARCS[0])
    assert list(parts(dump, ReadRules())) == [(dump, len(content), dump.size)]
    assert [item.content for item in read(dump)[0]] == [PAGES[0]]


@pytest.mark.parametrize(
    ("name", "share"), [("warc", 0.5), ("warc.gz", 0.8), ("warc.gz, solid", 0.8), ("jsonl", 0.97), ("tar", 0.6)]
)
def test_the_ledgers_of_all_loads_count_each_page_once(tmp_path, name, share):
    content = GROWING[name]
    states, loads, ledger, kept = [content[: int(len(content) * share)], content], [], {}, Counter()
    for state in states:
        [dump] = sort_out([find(write(tmp_path, state))], loads).to_read
        loads.append(earlier(dump))
        rows, counts = tmp_path / f"rows{len(loads)}", tmp_path / f"counts{len(loads)}"
        with beam.Pipeline(runner=FnApiRunner()) as pipeline:
            doors = pipeline | ReadPages([dump], RULES)
            books = {"read": doors[KEPT], "refused": doors[REJECTED]} | CountPages()
            entries = [
                books,
                *(doors[label] | beam.FlatMapTuple(cancelled) for label in doors if label == TAKEN_BACK),
            ]
            entries | beam.Flatten() | beam.Map(repr) | "Counts" >> beam.io.WriteToText(str(counts))
            doors[KEPT] | beam.Map(lambda one: one.source.url) | "Rows" >> beam.io.WriteToText(str(rows))
        entries = [eval(line) for path in tmp_path.glob(f"{counts.name}-*") for line in path.read_text().splitlines()]
        ledger = total([*ledger.items(), *entries])
        kept += Counter(line for path in tmp_path.glob(f"{rows.name}-*") for line in path.read_text().splitlines())
    assert set(kept.values()) == {1}
    assert len(kept) == len(PAGES)
    path = str(tmp_path / "dump")
    assert {entry: pages for entry, pages in ledger.items() if pages} == {Entry(path, READ): len(PAGES)}


@given(
    st.lists(st.tuples(st.integers(0, 20), st.floats(0, 1)), max_size=4),
    st.sampled_from(["warc", "warc.gz", "warc.gz, several records in a member", "warc.gz, solid", "arc.gz", "jsonl"]),
    st.floats(0.3, 0.99),
)
@settings(max_examples=60, deadline=None)
def test_a_dump_that_grew_is_read_once_however_a_runner_splits(tmp_path_factory, splits, name, share):
    folder, content = tmp_path_factory.getbasetemp(), GROWING[name]
    former = earlier(find(write(folder, content[: int(len(content) * share)])))
    [dump] = sort_out([find(write(folder, content))], [former]).to_read
    expected, taken_back = read(dump)
    fn, seen, read_bytes = _ReadFn(RULES, shows_progress=True), [], 0
    [part] = parts(dump, RULES)
    waiting = [fn.initial_restriction(part)]
    while waiting:
        tracker = ThreadsafeRestrictionTracker(fn.create_tracker(waiting.pop()))
        after, fraction = splits.pop() if splits else (None, 0)
        for count, item in enumerate(fn.process(part, RestrictionTrackerView(tracker))):
            tag, record = (item.tag, item.value) if isinstance(item, beam.pvalue.TaggedOutput) else (KEPT, item)
            read_bytes += record if tag == PROGRESS else 0
            seen += [(tag, key(record))] if tag in (KEPT, REJECTED) else []
            seen += [(tag, key(record[1]))] if tag == TAKEN_BACK else []
            if count == after and (halves := tracker.try_split(fraction)):
                waiting.append(halves[1])
        tracker.check_done()
    doors = [(REJECTED if isinstance(item, Rejected) else KEPT, key(item)) for item in expected]
    assert Counter(map(repr, seen)) == Counter(map(repr, [*doors, *((TAKEN_BACK, key(row)) for row in taken_back)]))
    assert read_bytes == bytes_to_read(dump)
