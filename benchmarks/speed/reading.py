r"""Speed and losses of reading: recall of the screen by encoding, its cost by kind of page, right charsets, and pages
per second beside bare FastWARC.

    python -m benchmarks.speed.reading            (data: $WARRAQ_DATA, else ../shared/data beside the checkout)

Screen: every Arabic page (`pages/ar`, `pages_arabised`) written anew in each encoding, what it lacks as numeric
references; then the pages of `pages` in languages of other scripts, as they came. Kinds: 175 kB of one sentence or of
one hostile piece, over and over; medians of five interleaved rounds. Charsets: `pages_arabised` as it
came, with its true charset as the HTTP header, with its `<meta>` only (where it has one), and with neither. Speed: a
WARC of 2,000 records, one gzip member each, 1 in 100 Arabic, made in a temporary folder; medians of seven interleaved
rounds. Times are processor time of one process.
"""

import codecs
import datetime as dt
import gzip
import html
import itertools
import json
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from fastwarc.warc import ArchiveIterator, WarcRecordType

from benchmarks.data import DATA
from warraq.schemas.records import Page, Source
from warraq.transforms.decode.decode import DecodeRules, decode
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.dump import Dump
from warraq.transforms.read.formats import read_range
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.screen.screen import ScreenRules, screen
from warraq.transforms.step import Rejection

FETCHED_AT = dt.datetime(2026, 11, 1, tzinfo=dt.timezone.utc)
PAGE_SIZE = 175_000  # bytes, about the mean of a crawled page; times of the screen are for so many bytes
RECORDS = 2000
ARABIC_EVERY = 100
ROUNDS = 7
CYRILLIC = "Прибрежная дорога открылась сегодня после трёх лет работ, заявил министр. "
CHINESE = "沿海公路经过三年施工今天正式通车，轻型车辆免费通行。"
FRENCH = "La route côtière a été ouverte après trois années de travaux, déclarait hier le maire. "
ARABIC_SCRIPT = frozenset({"ar", "ckb", "fa", "ku", "ps", "sd", "ug", "ur"})
# ASCII punctuation stands twice in Mac Arabic. The lower byte is right in markup; Python's encoder takes the upper one.
MAC_ARABIC = {ord(bytes([byte]).decode("mac_arabic")): byte for byte in reversed(range(256))}
CHARSET_STATEMENT = re.compile(rb"(<meta[^>]*?\b)charset(?=\s*=)|(<\?xml[^>]*?\b)encoding(?==)", re.IGNORECASE)


class Sample(NamedTuple):
    """One page and its true charset; `states_charset` if the page states it."""

    content: bytes
    charset: str
    states_charset: bool

    @property
    def markup(self) -> str:
        return self.content.decode(self.charset, "replace")


def raw(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def arabised() -> list[Sample]:
    folder = DATA / "pages_arabised"
    truths = rows(folder / "truth.jsonl")
    return [Sample(raw(folder / row["file"]), row["charset"], row["meta_charset"]) for row in truths]


def arabic() -> list[bytes]:
    return [raw(path) for path in sorted((DATA / "pages" / "ar").glob("*.html"))]


def foreign() -> dict[str, bytes]:
    """The pages in languages that are not written in Arabic letters, by file."""
    folder = DATA / "pages"
    labels = [row for row in rows(folder / "labels.jsonl") if row["file"].startswith(("fundus", "htmldate", "other"))]
    return {row["file"]: raw(folder / row["file"]) for row in labels if row["lang"] not in ARABIC_SCRIPT}


def given(content: bytes, charset: str | None = None) -> Page:
    return Page(
        Source("http://page.example/1", FETCHED_AT, "benchmark", 0, len(content)), content, False, charset, None
    )


def referring(codec: str) -> Callable[[str], bytes]:
    return lambda markup: markup.encode(codec, "xmlcharrefreplace")


def mac_arabic(markup: str) -> bytes:
    return codecs.charmap_encode(markup, "xmlcharrefreplace", MAC_ARABIC)[0]


def hexadecimal(markup: str) -> bytes:
    return re.sub(r"[^\x00-\x7f]", lambda match: f"&#x{ord(match[0]):x};", markup).encode()


def in_script(markup: str) -> bytes:
    return f"<html><script>page = {json.dumps(markup)}</script></html>".encode()


ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "UTF-8": str.encode,
    "windows-1256": referring("cp1256"),
    "ISO-8859-6": referring("iso8859_6"),
    "Mac Arabic": mac_arabic,
    "UTF-16 LE, BOM": lambda markup: b"\xff\xfe" + markup.encode("utf-16-le"),
    "UTF-16 BE, BOM": lambda markup: b"\xfe\xff" + markup.encode("utf-16-be"),
    "UTF-16 LE": lambda markup: markup.encode("utf-16-le"),
    "UTF-16 BE": lambda markup: markup.encode("utf-16-be"),
    "references, decimal": referring("ascii"),
    "references, hexadecimal": hexadecimal,
    r"\uXXXX in a script": in_script,
}


KINDS: dict[str, bytes] = {
    "ASCII": b"<p class=x>The road along the coast was opened today.</p>\n",
    "French, UTF-8": FRENCH.encode(),
    "French, windows-1252": FRENCH.encode("cp1252"),
    "Cyrillic, UTF-8": CYRILLIC.encode(),
    "Cyrillic, windows-1251": CYRILLIC.encode("cp1251"),
    "Cyrillic, references": CYRILLIC.encode("ascii", "xmlcharrefreplace"),
    r"Cyrillic, \uXXXX": json.dumps(CYRILLIC).encode(),
    "Chinese, UTF-8": CHINESE.encode(),
    "Chinese, GBK": CHINESE.encode("gbk"),
    "Chinese, references": hexadecimal(CHINESE),
    "&# only": b"&#",
    "backslashes only": b"\\",
    "D8 only": b"\xd8",
    "D8 and ASCII": b"\xd8a",
}


def passes(page: Page) -> bool:
    try:
        screen(page, ScreenRules())
    except Rejection:
        return False
    return True


def screened(contents: Iterable[bytes]) -> tuple[list[bool], float]:
    """A verdict for each page, and milliseconds for 175 kB."""
    pages = [given(content) for content in contents]
    began = time.process_time()
    passed = [passes(page) for page in pages]
    spent = time.process_time() - began
    return passed, 1000 * spent / sum(len(page.content) for page in pages) * PAGE_SIZE


def print_screen(samples: list[Sample]) -> None:
    # References are resolved, so that each encoding is of letters only.
    markups = [sample.markup for sample in samples]
    plain = [re.sub(r"&#[xX]?\w+;", lambda match: html.unescape(match[0]), markup) for markup in markups]
    print(f"{'screen':28}pages  passed  ms/175 kB")
    for name, encode in ENCODINGS.items():
        passed, cost = screened(map(encode, plain))
        print(f"{name:28}{len(passed):5}{statistics.mean(passed):8.3f}{cost:11.3f}", flush=True)
    others = foreign()
    passed, cost = screened(others.values())
    print(f"{'no Arabic, as they came':28}{len(passed):5}{statistics.mean(passed):8.3f}{cost:11.3f}")
    for name in itertools.compress(others, passed):
        print(f"  passed: {name}")


def print_kinds() -> None:
    others = foreign()
    kinds = {"no Arabic, as they came": [*others.values()]}
    kinds |= {name: [piece * (PAGE_SIZE // len(piece))] * 20 for name, piece in KINDS.items()}
    spent: dict[str, list[float]] = {name: [] for name in kinds}
    passed: dict[str, list[bool]] = {}
    for _, (name, contents) in itertools.product(range(5), kinds.items()):
        passed[name], cost = screened(contents)
        spent[name].append(cost)
    print(f"\n{'screen by kind of page':28}passed  ms/175 kB")
    for name, costs in spent.items():
        print(f"{name:28}{statistics.mean(passed[name]):6.3f}{statistics.median(costs):11.3f}")


def right_charsets(cases: list[tuple[Page, str]]) -> tuple[float, float]:
    """The share of pages whose charset is found, and milliseconds a page."""
    began = time.process_time()
    right = [found(page) == charset for page, charset in cases]
    return statistics.mean(right), 1000 * (time.process_time() - began) / len(cases)


def found(page: Page) -> str:
    try:
        return decode(page, DecodeRules()).charset
    except Rejection as verdict:
        return verdict.reason


def without_statement(content: bytes) -> bytes:
    return CHARSET_STATEMENT.sub(rb"\1\2unstated", content)


def print_decode(samples: list[Sample]) -> None:
    ways = {
        "HTTP header": [(given(sample.content, sample.charset), sample.charset) for sample in samples],
        "<meta> only": [(given(sample.content), sample.charset) for sample in samples if sample.states_charset],
        "neither": [(given(without_statement(sample.content)), sample.charset) for sample in samples],
    }
    ways["neither, not UTF-8"] = [(page, charset) for page, charset in ways["neither"] if charset != "utf-8"]
    print(f"\n{'charset known by':28}pages   right  ms a page")
    for name, cases in ways.items():
        share, cost = right_charsets(cases)
        print(f"{name:28}{len(cases):5}{share:8.3f}{cost:11.2f}", flush=True)


def record(content: bytes, number: int) -> bytes:
    """A response in a gzip member of its own."""
    response = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(content) + content
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{number:012}>\r\n"
        f"WARC-Target-URI: http://page.example/{number}\r\nWARC-Date: 2026-11-01T00:00:00Z\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(response)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + response + b"\r\n\r\n", 6, mtime=0)


def write_warc(path: Path) -> None:
    """Writes 2,000 records; the pages are repeated."""
    common = itertools.cycle([record(content, number) for number, content in enumerate(foreign().values())])
    rare = itertools.cycle([record(content, 1000 + number) for number, content in enumerate(arabic())])
    with path.open("wb") as file:
        for number in range(RECORDS):
            file.write(next(common if number % ARABIC_EVERY else rare))


def bare_fastwarc(dump: Dump) -> int:
    records = ArchiveIterator(dump.path, record_types=WarcRecordType.response, parse_http=True)
    return sum(bool(record.reader.read()) for record in records)


def read_pages(dump: Dump) -> int:
    return sum(isinstance(item, Page) for item in read_range(dump, 0, None, ReadRules()))


def read_and_screened(dump: Dump) -> int:
    return sum(passes(item) for item in read_range(dump, 0, None, ReadRules()) if isinstance(item, Page))


READERS: dict[str, Callable[[Dump], int]] = {
    "FastWARC, bodies read": bare_fastwarc,
    "read_range": read_pages,
    "read_range + screen": read_and_screened,
}


def print_speed() -> None:
    spent: dict[str, list[float]] = {name: [] for name in READERS}
    given_out: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "crawl.warc.gz"
        write_warc(path)
        [dump] = find_dumps([str(path)]).dumps
        for _, (name, read) in itertools.product(range(ROUNDS), READERS.items()):
            began = time.process_time()
            given_out[name] = read(dump)
            spent[name].append(time.process_time() - began)
    medians = {name: statistics.median(seconds) for name, seconds in spent.items()}
    print(
        f"\n{f'reading {RECORDS} records, {dump.size / 1e6:.0f} MB':28}pages  pages/s  ms a page  of FastWARC's speed"
    )
    for name, seconds in medians.items():
        ratio = medians["FastWARC, bodies read"] / seconds
        print(f"{name:28}{given_out[name]:5}{RECORDS / seconds:9.0f}{1000 * seconds / RECORDS:11.3f}{ratio:11.2f}")


def main() -> None:
    if not DATA.is_dir():
        sys.exit(f"no data at {DATA}: set WARRAQ_DATA")
    samples = arabised()
    print_screen([*samples, *(Sample(content, "utf-8", True) for content in arabic())])
    print_kinds()
    print_decode(samples)
    print_speed()


if __name__ == "__main__":
    main()
