"""Compressed files become seekable streams in bounded memory that report damage."""

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


def members(compress):
    """The content in members of unequal size."""
    edges = [0, 5, 70_000, 2_000_000, 2_000_001, len(CONTENT)]
    return [compress(CONTENT[begin:end]) for begin, end in itertools.pairwise(edges)]


PACKED = {"gz": b"".join(members(gzip.compress)), "zst": b"".join(members(zstandard.compress))}
each_compression = pytest.mark.parametrize("compression", PACKED)


@given(
    st.sampled_from(sorted(PACKED)),
    st.lists(st.tuples(st.integers(0, len(CONTENT) + 9), st.integers(0, 2_000_000)), max_size=6),
)
@settings(max_examples=30, deadline=None)
def test_any_stretch_can_be_read(compression, stretches):
    stream = decompressed(io.BytesIO(PACKED[compression]), compression)
    for offset, size in stretches:
        stream.seek(offset)
        assert stream.read(size) == CONTENT[offset : offset + size]
    assert damage_of(stream) == ""


@each_compression
def test_a_short_seek_back_does_not_decompress_again(compression):
    class Counting(io.BytesIO):
        seeks = 0

        def seek(self, *where):
            self.seeks += where == (0,)
            return super().seek(*where)

    packed = Counting(PACKED[compression])
    stream = decompressed(packed, compression)
    stream.read(1)
    begun = packed.seeks
    for offset in range(0, len(CONTENT), 100_000):
        stream.seek(offset)
        stream.read(100_300)
    assert packed.seeks == begun


@each_compression
def test_content_before_damage_is_read_and_the_damage_is_reported_at_the_end(compression):
    cut = decompressed(io.BytesIO(PACKED[compression][:-500_000]), compression)
    content = cut.read()
    assert CONTENT.startswith(content)
    assert len(content) > 3_300_000
    assert damage_of(cut) == "cut short"
    flipped = bytearray(PACKED[compression])
    flipped[-400_000] ^= 255
    stream = decompressed(io.BytesIO(bytes(flipped)), compression)
    assert len(stream.read()) > 3_300_000
    assert damage_of(stream) == "" or compression == "gz"  # zstd.compress writes no checksum, random bytes no structure


@each_compression
def test_one_member_can_be_read_alone(compression):
    compress = gzip.compress if compression == "gz" else zstandard.compress
    first, second, *_ = members(compress)
    assert decompressed_member(io.BytesIO(PACKED[compression]), compression, len(first)).read() == CONTENT[5:70_000]
    peek = Peek(io.BytesIO(first + second), 100)
    assert (peek.compression, peek.content, peek.damage) == (compression, CONTENT[:100], "")


@given(st.integers(0, 400_000), st.sampled_from(sorted(PACKED)))
@settings(max_examples=60, deadline=None)
def test_very_compressible_content_is_read_to_its_end(size, compression):
    content = (b"one of many alike " * 23_000)[:size]
    stream = decompressed(
        io.BytesIO(gzip.compress(content) if compression == "gz" else zstandard.compress(content)), compression
    )
    assert stream.read() == content
    assert damage_of(stream) == ""


@pytest.mark.parametrize("compression", ["gz", "zst"])
def test_a_compressed_page_is_whole_or_refused(tmp_path, compression):
    compress = gzip.compress if compression == "gz" else zstandard.compress
    html = b"<html>" + b"".join(b"<p>%d" % n for n in range(80_000))
    for cut, expected in ((None, "page"), (-20, "corrupt_record")):
        (tmp_path / "a").write_bytes(compress(html)[:cut])
        (dump,) = find_dumps([str(tmp_path / "a")]).dumps
        (item,) = read_range(dump, 0, None, ReadRules())
        assert (dump.format, "page" if isinstance(item, Page) else item.reason) == (f"html.{compression}", expected)


@pytest.mark.parametrize("content", [b"PK\x03\x04 a zip", b"PAR1 a table"])
@each_compression
def test_a_compressed_zip_or_parquet_is_no_dump(tmp_path, compression, content):
    (tmp_path / "a").write_bytes(gzip.compress(content) if compression == "gz" else zstandard.compress(content))
    with pytest.raises(InputError, match="unknown format"):
        find_dumps([str(tmp_path / "a")])
