"""Packed files are streams like any other: seekable, bounded, and frank about damage."""

import gzip
import io
import itertools
import random

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from warraq.schemas.records import Page
from warraq.transforms.read.compression.detect import Peek, damage_of, decompressed, decompressed_member
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.dump import InputError
from warraq.transforms.read.formats import read_range
from warraq.transforms.read.rules import ReadRules

CONTENT = random.Random(1).randbytes(300_000) + bytes(3_000_000) + random.Random(2).randbytes(900_000)


def members(pack):
    """The content in members of unequal size."""
    edges = [0, 5, 70_000, 2_000_000, 2_000_001, len(CONTENT)]
    return [pack(CONTENT[begin:end]) for begin, end in itertools.pairwise(edges)]


PACKED = {"gz": b"".join(members(gzip.compress)), "zst": b"".join(members(zstandard.compress))}
each_packing = pytest.mark.parametrize("packing", PACKED)


@given(
    st.sampled_from(sorted(PACKED)),
    st.lists(st.tuples(st.integers(0, len(CONTENT) + 9), st.integers(0, 2_000_000)), max_size=6),
)
@settings(max_examples=30, deadline=None)
def test_any_stretch_can_be_read(packing, stretches):
    stream = decompressed(io.BytesIO(PACKED[packing]), packing)
    for offset, size in stretches:
        stream.seek(offset)
        assert stream.read(size) == CONTENT[offset : offset + size]
    assert damage_of(stream) == ""


@each_packing
def test_a_short_way_back_does_not_begin_anew(packing):
    class Counting(io.BytesIO):
        seeks = 0

        def seek(self, *where):
            self.seeks += where == (0,)
            return super().seek(*where)

    packed = Counting(PACKED[packing])
    stream = decompressed(packed, packing)
    stream.read(1)
    begun = packed.seeks
    for offset in range(0, len(CONTENT), 100_000):
        stream.seek(offset)
        stream.read(100_300)
    assert packed.seeks == begun


@each_packing
def test_damage_is_known_after_the_end_and_what_is_before_it_is_read(packing):
    cut = decompressed(io.BytesIO(PACKED[packing][:-500_000]), packing)
    content = cut.read()
    assert CONTENT.startswith(content)
    assert len(content) > 3_300_000
    assert damage_of(cut) == "cut short"
    flipped = bytearray(PACKED[packing])
    flipped[-400_000] ^= 255
    stream = decompressed(io.BytesIO(bytes(flipped)), packing)
    assert len(stream.read()) > 3_300_000
    assert damage_of(stream) == "" or packing == "gz"  # zstd.compress writes no checksum, random bytes no structure


@each_packing
def test_one_member_can_be_read_alone(packing):
    pack = gzip.compress if packing == "gz" else zstandard.compress
    first, second, *_ = members(pack)
    assert decompressed_member(io.BytesIO(PACKED[packing]), packing, len(first)).read() == CONTENT[5:70_000]
    peek = Peek(io.BytesIO(first + second), 100)
    assert (peek.compression, peek.content, peek.damage) == (packing, CONTENT[:100], "")


@given(st.integers(0, 400_000), st.sampled_from(sorted(PACKED)))
@settings(max_examples=60, deadline=None)
def test_content_that_packs_well_is_read_to_its_end(size, packing):
    content = (b"one of many alike " * 23_000)[:size]
    stream = decompressed(
        io.BytesIO(gzip.compress(content) if packing == "gz" else zstandard.compress(content)), packing
    )
    assert stream.read() == content
    assert damage_of(stream) == ""


@pytest.mark.parametrize("packing", ["gz", "zst"])
def test_a_packed_page_is_whole_or_refused(tmp_path, packing):
    pack = gzip.compress if packing == "gz" else zstandard.compress
    html = b"<html>" + b"".join(b"<p>%d" % n for n in range(80_000))
    for cut, expected in ((None, "page"), (-20, "corrupt_record")):
        (tmp_path / "a").write_bytes(pack(html)[:cut])
        (dump,) = find_dumps([str(tmp_path / "a")]).dumps
        (item,) = read_range(dump, 0, None, ReadRules())
        assert (dump.format, "page" if isinstance(item, Page) else item.reason) == (f"html.{packing}", expected)


@pytest.mark.parametrize("content", [b"PK\x03\x04 a zip", b"PAR1 a table"])
@each_packing
def test_what_packs_its_parts_itself_is_no_dump_when_packed_again(tmp_path, packing, content):
    (tmp_path / "a").write_bytes(gzip.compress(content) if packing == "gz" else zstandard.compress(content))
    with pytest.raises(InputError, match="unknown format"):
        find_dumps([str(tmp_path / "a")])
