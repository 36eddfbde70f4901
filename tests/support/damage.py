"""Dumps of every format, and damage to them: mutations, false statements and bombs.

Each damage replaces one stretch of a file, so the pages that it touches are known.
As a program it reads dumps and prints the cost: `python tests/support/damage.py PATH…` (see `cost_of`).
"""

import gzip
import io
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from collections import Counter
from contextlib import contextmanager
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from hypothesis import strategies as st

from tests.support.paths import ROOT
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.dump import InputError
from warraq.transforms.read.formats import read_range
from warraq.transforms.read.rules import ReadRules

COUNT = 12  # pages in each dump
MIB = 1024 * 1024
BLOCK = 128 * 1024  # bytes, the most that a block of zstd gives
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
ARC_HEAD = b"filedesc://a.arc 0.0.0.0 20240501000000 text/plain 18\n1 0 A\nURL length\n\n\n"


class Place(NamedTuple):
    """A page and the stretch of the dump that it needs."""

    start: int
    stop: int
    content: bytes


class Sample(NamedTuple):
    """An intact dump; `is_local` if damage costs only the pages in the damaged stretch."""

    format: str
    content: bytes
    places: list[Place]
    is_local: bool
    head: int = 0  # bytes that all pages need


class Damage(NamedTuple):
    """Other content in place of the stretch [start, stop)."""

    start: int
    stop: int
    content: bytes

    def applied(self, sound):
        return sound[: self.start] + self.content + sound[self.stop :]

    def touches(self, place):
        """True if the damage changes bytes of the page or inserts bytes between them."""
        return self.start < place.stop and (self.stop > place.start or self.start == self.stop > place.start)

    @property
    def keeps_places(self):
        return self.stop - self.start == len(self.content)


def page(number):
    """A page that differs from all others, with incompressible noise."""
    noise = random.Random(number)
    words = " ".join(noise.choices(["خبر", "مدينة", "رئيس", "يوم", "عام", "قال", "news", "<b>x</b>"], k=40))
    return (
        f"<!DOCTYPE html><html><body><p>page {number} {words} {noise.randbytes(100).hex()}</p></body></html>".encode()
    )


def record(body, number=0, *, length=None, headers=OK, kind="response", url=None):
    """A WARC record; `length` is the stated length, if it is false."""
    block = headers + b"\r\n" + body if headers else body
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url or f'http://a.example/{number}'}\r\n"
        f"WARC-Date: 2024-05-01T10:11:12Z\r\nContent-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(block) if length is None else length}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def conversion(body, number=0):
    return record(body, number, headers=b"", kind="conversion").replace(
        b"application/http; msgtype=response", b"text/html"
    )


def arc_record(body, number=0):
    block = OK + b"\r\n" + body
    return f"http://a.example/{number} 192.0.2.1 20240501101112 text/html {len(block)}\n".encode() + block + b"\n"


def zstd(content, dictionary=None):
    return zstandard.ZstdCompressor(dict_data=dictionary, write_checksum=True).compress(content)


def frame(blocks):
    """A zstd frame of plain bytes and of (byte, times), where 4 bytes stand for 128 KiB."""
    parts = [b"\x28\xb5\x2f\xfd\x00\x50"]
    for block in blocks:
        content, times = block if isinstance(block, tuple) else (block, 0)
        if times:
            parts.append(((BLOCK << 3) | 2).to_bytes(3, "little") + content)
            parts[-1] *= times // BLOCK
        else:
            parts.append((len(content) << 3).to_bytes(3, "little") + content)
    return b"".join([*parts, b"\x01\0\0"])


def lines(pages):
    return [
        json.dumps({"url": f"http://a.example/{n}", "html": body.decode()}).encode() + b"\n"
        for n, body in enumerate(pages)
    ]


def zipped(members, method=zipfile.ZIP_DEFLATED):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as packed:
        for name, content in members:
            packed.writestr(zipfile.ZipInfo(name, (2023, 4, 5, 6, 7, 8)), content, method)
    return target.getvalue()


def tarred(members, dialect=tarfile.GNU_FORMAT):
    """A TAR of (name, content), or of (name, TarInfo.type, target of the link)."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=dialect) as packed:
        for name, content, *link in members:
            info = tarfile.TarInfo(name)
            if link:
                info.type, info.linkname = content, link[0]
                packed.addfile(info)
            else:
                info.size = len(content)
                packed.addfile(info, io.BytesIO(content))
    return target.getvalue()


def parquet(pages, rows_of_group=3):
    rows = [{"url": f"http://a.example/{n}", "html": body.decode()} for n, body in enumerate(pages)]
    target = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), target, row_group_size=rows_of_group)
    return target.getvalue()


def _joined(format_, pages, packs, head=b"", *, before=0):
    """A dump whose pages follow one another; each needs the `before` bytes in front of it."""
    places, at = [], len(head)
    for body, part in zip(pages, packs, strict=True):
        places.append(Place(max(0, at - before), at + len(part), body))
        at += len(part)
    return Sample(format_, head + b"".join(packs), places, is_local=True)


def _solid(format_, content, pages):
    return Sample(format_, content, [Place(0, len(content), body) for body in pages], is_local=False)


def samples(pages):
    """An intact dump of each layout, by name."""
    warcs = [record(body, n) for n, body in enumerate(pages)]
    arcs = [arc_record(body, n) for n, body in enumerate(pages)]
    members = [(f"{n}.html", body) for n, body in enumerate(pages)]
    dictionary = zstandard.train_dictionary(2048, [record(page(n), n) for n in range(100, 300)])
    head = b"\x5d\x2a\x4d\x18" + len(dictionary.as_bytes()).to_bytes(4, "little") + dictionary.as_bytes()
    tars = [tarred([member])[: 512 + -(-len(member[1]) // 512) * 512] for member in members]
    text = b"\n".join(pages).replace(b"<", b"(")
    found = {
        "warc": _joined("warc", pages, warcs),
        "wet": _joined("warc", pages, [conversion(body, n) for n, body in enumerate(pages)]),
        "warc.gz": _joined("warc.gz", pages, [gzip.compress(part, mtime=0) for part in warcs]),
        "warc.zst": _joined("warc.zst", pages, [zstd(part) for part in warcs]),
        "warc.zst, dictionary": _joined("warc.zst", pages, [zstd(part, dictionary) for part in warcs], head)._replace(
            head=len(head)
        ),
        "arc": _joined("arc", pages, arcs, ARC_HEAD),
        "arc.gz": _joined(
            "arc.gz", pages, [gzip.compress(part, mtime=0) for part in arcs], gzip.compress(ARC_HEAD, mtime=0)
        ),
        "arc.zst": _joined("arc.zst", pages, [zstd(part) for part in arcs], zstd(ARC_HEAD)),
        "jsonl": _joined("jsonl", pages, lines(pages), before=1),
        "json array": _solid(
            "jsonl", json.dumps([json.loads(line) for line in lines(pages)], indent=1).encode(), pages
        ),
        "tar": _joined("tar", pages, tars)._replace(content=b"".join(tars) + bytes(1024)),
        "zip": _solid("zip", zipped(members), pages),
        "wacz": _solid(
            "zip", zipped([("archive/data.warc.gz", b"".join(map(gzip.compress, warcs)))], zipfile.ZIP_STORED), pages
        ),
        "parquet": _solid("parquet", parquet(pages), pages),
        "html": _solid("html", pages[0], pages[:1]),
        "text": _solid("text", text, [text]),
    }
    for compression, compress in (("gz", lambda content: gzip.compress(content, mtime=0)), ("zst", zstd)):
        for kind in ("warc", "arc"):
            found[f"{kind}.{compression}.solid"] = _solid(
                f"{kind}.{compression}.solid", compress(found[kind].content), pages
            )
        for kind in ("jsonl", "tar", "html", "text"):
            contents = [place.content for place in found[kind].places]
            found[f"{kind}.{compression}"] = _solid(f"{kind}.{compression}", compress(found[kind].content), contents)
    return found


JUNK = st.one_of(
    st.binary(min_size=1, max_size=40),
    st.sampled_from([
        bytes(700), b"\xff" * 300, b"\n" * 200, b"\r\n\r\n", b"WARC/1.0\r\n", b"WARC/1.1\r\nWARC-Type: response\r\n",
        b"\x1f\x8b\x08" * 30, b"\x28\xb5\x2f\xfd" * 30, b"PK\x03\x04" + bytes(26), b"PK\x01\x02" + bytes(42), b"PAR1",
        b'{"url":', b"[" * 5000, b'"' * 9, b"}\n{", b"http:" * 50, b"http://a.example/ 1.2.3.4 20240501101112 text/html 9\n",
        b"Content-Length: 99999999999999999\r\n", b"ustar\x0000",
    ]),
)  # fmt: skip
NUMBERS = st.sampled_from(
    [b"0", b"1", b"-1", b"7", b"65536", b"9999999", b"9" * 17, b"9" * 18, b"9" * 30, b"0x10", b"1e9", b""]
)


@st.composite
def damages(draw, sound):
    """Damage to the file `sound`."""
    size = len(sound)
    at = draw(st.integers(0, size))
    length = draw(st.one_of(st.integers(0, 40), st.integers(0, size)))
    stop = min(size, at + length)
    kind = draw(st.sampled_from(["flip", "cut", "cut off", "overwrite", "insert", "copy", "zeros", "numbers", "head"]))
    if kind == "flip" and at < size:
        return Damage(at, at + 1, bytes([sound[at] ^ 1 << draw(st.integers(0, 7))]))
    if kind in ("cut", "cut off", "zeros"):
        return Damage(at, size if kind == "cut off" else stop, bytes(stop - at) if kind == "zeros" else b"")
    if kind == "copy":  # another part of the file, in place of this one
        other = draw(st.integers(0, size))
        content = sound[other : other + stop - at]
        return Damage(at, at + len(content), content) if at + len(content) <= size else Damage(at, size, content)
    if kind == "numbers" and (found := _number_at(sound, at)):
        return Damage(*found, draw(NUMBERS))
    if kind == "head":
        at = min(at, draw(st.integers(0, 600)))
    junk = draw(JUNK)
    return Damage(at, at, junk) if kind == "insert" else Damage(at, min(size, at + len(junk)), junk[: size - at])


def _number_at(sound, at):
    """The first run of digits from `at` on."""
    start = next((n for n in range(at, min(at + 2000, len(sound))) if sound[n : n + 1].isdigit()), None)
    if start is None:
        return None
    return start, next((n for n in range(start, len(sound)) if not sound[n : n + 1].isdigit()), len(sound))


@contextmanager
def within(seconds):
    """Raises TimeoutError if the block takes more processor seconds; the load of the machine doesn't count."""

    def stop(*_):
        raise TimeoutError(f"more than {seconds} s of the processor")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


class Cost(NamedTuple):
    """The result and the cost of reading a dump."""

    counts: dict[str, int]  # pages and refusals by reason
    mib: int  # the most that memory grew
    seconds: float  # of processor time


def cost_of(*paths):
    """The cost of each dump, in order. One other process reads them all, so memory is the maximum so far."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, __file__, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise AssertionError(f"exit code {done.returncode} after {done.stdout} {done.stderr[-3000:]}")
    return [Cost(*json.loads(line)) for line in done.stdout.splitlines()]


def _peak():
    """The peak memory of this process, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (MIB if sys.platform == "darwin" else 1024)


def _tell(paths):
    before = _peak()
    for path in paths:
        began, counts = time.process_time(), Counter()
        try:
            for dump in find_dumps([path]).dumps:
                for item in read_range(dump, 0, None, ReadRules()):
                    counts[getattr(item, "reason", "pages")] += 1
        except InputError:
            counts["no dump"] += 1
        print(json.dumps([counts, _peak() - before, time.process_time() - began]), flush=True)


if __name__ == "__main__":
    _tell(sys.argv[1:])
