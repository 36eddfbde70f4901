"""Each place belongs to one record, in every format, and `explain` finds the record by it."""

import copy
import gzip
import io
import itertools
import json
import zipfile

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.damage import (
    ARC_HEAD,
    COUNT,
    arc_record,
    damages,
    lines,
    page,
    record,
    samples,
    tarred,
    zipped,
    zstd,
)
from warraq.pipelines.config import FlowConfig
from warraq.pipelines.flow import RefinePages
from warraq.transforms.errors import LedgerError
from warraq.transforms.extract.page import ExtractRules
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.dump import InputError
from warraq.transforms.read.formats import open_page, read_range
from warraq.transforms.read.places import Stretch, check_growth, check_stretches, settle_places
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.stage import CHECKED, ReadPages
from warraq.transforms.step import KEPT

PAGES = [page(number) for number in range(COUNT)]
WARCS = [record(body, n) for n, body in enumerate(PAGES)]
ARCS = [arc_record(body, n) for n, body in enumerate(PAGES)]
RULES = ReadRules(max_bytes=50_000)


def in_members(records, compress):
    """A member with the first record, then members with many records each, which are larger after decompression."""
    return b"".join(
        [compress(records[0]), compress(b"".join(records[1:7])), compress(records[7]), compress(b"".join(records[8:]))]
    )


def with_shared_headers(content):
    """A ZIP whose directory names each file three times."""
    target = io.BytesIO(content)
    with zipfile.ZipFile(target, "a") as archive:
        archive.filelist += [copy.copy(info) for info in archive.filelist for _ in range(2)]
        archive._didModify = True
    return target.getvalue()


def gz(content):
    return gzip.compress(content, mtime=0)


STORED = zipfile.ZIP_STORED
SHARED = {
    "warc.gz": in_members(WARCS, gz),
    "warc.zst": in_members(WARCS, zstd),
    "arc.gz": in_members([ARC_HEAD, *ARCS], gz),
    "arc.zst": in_members([ARC_HEAD, *ARCS], zstd),
    "wacz": zipped([("a.warc.gz", in_members(WARCS, gz)), ("b.warc.zst", in_members(WARCS, zstd))], STORED),
    "wacz, solid": zipped([("a.warc.gz", gz(b"".join(WARCS))), ("b.warc", b"".join(WARCS))], STORED),
    "zip, shared headers": with_shared_headers(zipped([(f"{n}.html", body) for n, body in enumerate(PAGES)])),
    "zip, nothing but shared headers": with_shared_headers(zipped([("", b""), ("a.html", b""), ("b.html", PAGES[0])])),
    "json array": json.dumps([json.loads(line) for line in lines(PAGES)]).encode(),
    "json, damaged": b'[{"a": 1} x {"b"} {"c": }, ' + b",".join(line.strip() for line in lines(PAGES)) + b"] ]",
    "tar in gz": gz(tarred([(f"{n}.html", body) for n, body in enumerate(PAGES)])),
    "a member cut": in_members(WARCS, gz)[:-400],
    "a member damaged": in_members(WARCS, gz).replace(gz(WARCS[7])[:20], bytes(20)),
    "a bomb of records": gz(WARCS[0]) + gz(record(b"<p>") * 5_000) + gz(WARCS[1]),
}
ALL = {**{name: sample.content for name, sample in samples(PAGES).items()}, **SHARED}


def find(folder, content):
    path = folder / "dump"
    path.write_bytes(content)
    return find_dumps([str(path)]).dumps[0]


def places(dump, *edges):
    cuts = [0, *sorted(edges), None]
    ranges = itertools.pairwise(cuts)
    return [
        (item.source.dump_offset, item.source.url)
        for start, stop in ranges
        for item in read_range(dump, start, stop, RULES)
    ]


@pytest.mark.parametrize("name", ALL)
def test_places_differ_whatever_the_ranges(tmp_path, name):
    dump = find(tmp_path, ALL[name])
    whole = places(dump)
    assert len({place for place, _ in whole}) == len(whole)
    for size in (50, 333, 1000):
        assert places(dump, *range(size, dump.size, size)) == whole


@pytest.mark.parametrize("name", sorted(set(ALL) - {"a bomb of records"}))
def test_every_record_is_found_by_its_place(tmp_path, name):
    dump = find(tmp_path, ALL[name])
    for place, url in places(dump):
        found = open_page(dump.path, place, rules=RULES)
        assert (found.source.dump_offset, found.source.url) == (place, url)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_places_differ_in_damaged_dumps_too(tmp_path_factory, data):
    sound = SHARED[data.draw(st.sampled_from(sorted(set(SHARED) - {"a bomb of records"})))]
    damage = data.draw(damages(sound))
    try:
        dump = find(tmp_path_factory.getbasetemp(), damage.applied(sound))
    except InputError:
        return  # the damage hides its format
    edges = data.draw(st.lists(st.integers(1, max(1, dump.size)), max_size=4, unique=True))
    found = places(dump, *edges)
    assert len({place for place, _ in found}) == len(found)


@pytest.mark.parametrize("compress", [gz, zstd])
def test_a_record_alone_in_its_member_has_the_members_offset(tmp_path, compress):
    packed = [compress(part) for part in WARCS]
    dump = find(tmp_path, b"".join(packed))
    assert [place for place, _ in places(dump)] == [len(b"".join(packed[:n])) for n in range(COUNT)]


def test_places_of_records_in_one_member_differ_by_one(tmp_path):
    dump = find(tmp_path, SHARED["warc.gz"])
    second = len(gz(WARCS[0]))
    assert [place for place, _ in places(dump)][:8] == [
        0,
        *range(second, second + 6),
        second + len(gz(b"".join(WARCS[1:7]))),
    ]


def test_a_member_of_more_records_than_bytes_is_cut_off(tmp_path):
    dump = find(tmp_path, SHARED["a bomb of records"])
    items = list(read_range(dump, 0, None, RULES))
    assert items[-1].content == PAGES[1]
    assert items[-2].reason == "too_large"
    assert items[-2].source.dump_offset == items[-1].source.dump_offset - 1


def test_a_copy_in_a_member_costs_no_neighbour(tmp_path):
    """Deduplication joins a verdict and its article by place: no record of a later member may have that place.

    Counted in unpacked bytes, the copy would lie where the innocent's member begins.
    """
    line = "أعلنت بلدية المدينة الساحلية رقم {0} بدء أعمال توسعة الميناء {0}، بعد عامين من الدراسات رقم {0}. "
    stories = [f"<h1>خبر</h1><article><p>{line.format(n) * 9}</p></article>".encode() for n in range(3)]
    before = record(stories[1], 1)
    first, member = gz(record(stories[0], 0)), gz(before + record(stories[0], 2))
    gap = len(before) - len(member)
    fillers = (gzip.compress(record(bytes(n), kind="request"), 0, mtime=0) for n in range(gap))
    filler = next(filler for filler in fillers if len(filler) == gap)
    dump = find(tmp_path, first + member + filler + gz(record(stories[2], 3)))
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        pages = pipeline | ReadPages([dump], RULES)
        kept = pages[KEPT] | RefinePages(FlowConfig(extract=ExtractRules(guard=False), quality=None))
        assert_that(kept[KEPT] | beam.Map(lambda article: article.source.url[-1]), equal_to(["0", "1", "3"]))


def test_an_item_whose_place_is_taken_moves_to_the_next(make_page):
    items = [make_page(dump_offset=place) for place in (5, 5, 5, 6, 20, 3)]
    assert [item.source.dump_offset for item in settle_places(items)] == [5, 6, 7, 8, 20, 21]


@pytest.mark.parametrize("offsets", [(3, 3), (3, 2), (1, 5, 4)])
def test_places_that_do_not_grow_are_no_page_s_fault(make_page, offsets):
    with pytest.raises(LedgerError, match="a record at"):
        list(check_growth(make_page(dump_offset=offset) for offset in offsets))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3)), max_size=6))
def test_ranges_that_share_a_place_are_found(pairs):
    stretches = [Stretch(first, first + length) for first, length in pairs]
    held = [place for stretch in stretches for place in range(stretch.first, stretch.last + 1)]
    if len(set(held)) == len(held):
        assert list(check_stretches("a.warc", stretches)) == []
    else:
        with pytest.raises(LedgerError, match="a.warc: two ranges gave records"):
            list(check_stretches("a.warc", stretches))


def test_a_run_whose_places_repeat_fails(tmp_path, monkeypatch):
    monkeypatch.setattr("warraq.transforms.read.stage.parts", lambda dump, _: iter([(dump, 0, 1), (dump, 0, 1)]))
    dump = find(tmp_path, WARCS[0])
    with (
        pytest.raises(LedgerError, match="two ranges gave records at 0"),
        TestPipeline(runner=FnApiRunner()) as pipeline,
    ):
        assert_that((pipeline | ReadPages([dump], RULES))[CHECKED], equal_to([]))
