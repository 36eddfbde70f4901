"""Writes the sample dumps and what is expected of each record: `python -m samples.generate [FOLDER]`.

The same bytes on every run: nothing comes from the clock, the machine or chance.
"""

import argparse
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from samples import furniture as around
from samples import oddities
from samples.articles import Story, stories
from samples.catalogue import (
    DAMAGED,
    FEED,
    LEGACY,
    MIXED,
    NEWS,
    PAGES,
    PLACED,
    REPORTS,
    SITE_ZIP,
    TEXTS,
    WET,
    Placed,
)
from samples.containers import WarcFile, gzip_member, http_response, json_lines, zip_archive
from samples.expectations import Row, article_row, corrupt_row, refusal_row
from samples.oddities import Refusal
from samples.pages import (
    FETCHED,
    body_of,
    fetch_time,
    fetched_url,
    markup_of,
    page_url,
    response_of,
    text_of_page,
    view_of,
)

HERE: Final = Path(__file__).parent
_STAMP: Final = "%Y-%m-%dT%H:%M:%SZ"


def _placed_in(dump: str) -> list[Placed]:
    return [placed for placed in PLACED if placed.dump == dump]


def _warc(name: str, version: str = "1.0", level: int | None = 9) -> WarcFile:
    """A WARC that begins with a warcinfo record, as all do."""
    warc = WarcFile(name, version, level)
    info = b"software: Warraq sample generator\r\nformat: WARC File Format\r\nisPartOf: samples\r\n"
    warc.add("warcinfo", "", FETCHED[name], "application/warc-fields", info)
    return warc


def _add_page(warc: WarcFile, placed: Placed, *, with_request: bool = False) -> Row:
    url, fetched = fetched_url(placed), fetch_time(warc.name, warc.records)
    if with_request:
        host, path = urlsplit(url).netloc, urlsplit(url).path
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n\r\n".encode()
        warc.add("request", url, fetched, "application/http; msgtype=request", request)
    number = warc.add("response", url, fetched, "application/http; msgtype=response", response_of(placed))
    return article_row(placed, number, url, fetched)


def _add_refusal(warc: WarcFile, refusal: Refusal) -> Row:
    headers = {"Content-Type": refusal.content_type}
    if refusal.location:
        headers["Location"] = refusal.location
    block = http_response(refusal.status, headers, refusal.body)
    fetched = fetch_time(warc.name, warc.records)
    number = warc.add("response", refusal.url, fetched, "application/http; msgtype=response", block)
    return refusal_row(refusal, warc.name, number)


def news_warc() -> tuple[bytes, list[Row]]:
    """Responses with their requests, and a metadata record."""
    warc = _warc(NEWS)
    rows = [_add_page(warc, placed, with_request=True) for placed in _placed_in(NEWS)]
    warc.add("metadata", rows[0]["url"], FETCHED[NEWS], "application/warc-fields", b"fetchTimeMs: 412\r\n")
    return warc.content(), rows


def legacy_warc() -> tuple[bytes, list[Row]]:
    warc = _warc(LEGACY, level=None)
    rows = [_add_page(warc, placed) for placed in _placed_in(LEGACY)]
    return warc.content(), rows


def mixed_warc() -> tuple[bytes, list[Row]]:
    """A WARC/1.1 as a broad crawl gives it: mostly what nobody wants."""
    warc = _warc(MIXED, version="1.1")
    refusals = [*oddities.other_languages(), *oddities.not_pages(), *oddities.not_articles()]
    rows = [_add_refusal(warc, refusal) for refusal in refusals]
    rows += [_add_page(warc, placed) for placed in _placed_in(MIXED)]
    return warc.content(), rows


def damaged_warc() -> tuple[bytes, list[Row]]:
    """Stored, not compressed, inside its gzip members, so that the damage is the same under every zlib."""
    warc = _warc(DAMAGED, level=0)
    before, after, last = _placed_in(DAMAGED)
    rows = [_add_page(warc, before)]
    number = warc.add_raw(b"\x00\xa5garbage between two records" * 20)
    rows.append(corrupt_row(DAMAGED, number, "garbage between two gzip members"))
    rows.append(_add_page(warc, after))
    block = http_response("200 OK", {"Content-Type": oddities.HTML}, body_of(before))
    date, media_type = fetch_time(DAMAGED, warc.records), "application/http; msgtype=response"
    member = warc.packed("response", "https://www.alnahr.example/damaged", date, media_type, block)
    number = warc.add_raw(member[:10] + b"\xff" * 16 + member[26:])  # behind the header: a block type that isn't
    rows.append(corrupt_row(DAMAGED, number, "a gzip member whose deflate stream is damaged"))
    rows.append(_add_page(warc, last))
    member = warc.packed("response", "https://www.alnahr.example/cut", date, media_type, block)
    number = warc.add_raw(member[:2500])
    rows.append(corrupt_row(DAMAGED, number, "the file ends in the middle of its last record"))
    return warc.content(), rows


def wet() -> tuple[bytes, list[Row]]:
    warc = _warc(WET)
    rows = []
    for placed in _placed_in(WET):
        fetched = fetch_time(WET, warc.records)
        number = warc.add("conversion", page_url(placed), fetched, "text/plain", text_of_page(placed).encode())
        rows.append(article_row(placed, number, page_url(placed), fetched, is_text=True))
    index = "\n".join((*around.MENU, *around.HEADLINES, *around.MENU)).encode()
    urdu, english = stories()["ur-mangoes"], stories()["en-rail"]
    for refusal in (
        Refusal("https://aam.example/1", ("language/not_arabic",), "Urdu as text", urdu.text.encode()),
        Refusal("https://rail.example/text", ("screen/no_arabic_bytes",), "English as text", english.text.encode()),
        Refusal("https://mahrousa.example/all", oddities.NO_ARTICLE, "menus and headlines as text", index),
    ):
        number = warc.add("conversion", refusal.url, fetch_time(WET, warc.records), "text/plain", refusal.body)
        rows.append(refusal_row(refusal, WET, number))
    return warc.content(), rows


def site_zip() -> tuple[bytes, list[Row]]:
    members = {placed.member: body_of(placed) for placed in _placed_in(SITE_ZIP)}
    rows = [
        article_row(placed, number, fetched_url(placed), FETCHED[SITE_ZIP])
        for number, placed in enumerate(_placed_in(SITE_ZIP))
    ]
    index = oddities.not_articles()[0]
    picture = Refusal("", ("read/not_html",), "an image in the archive", b"\x89PNG\r\n\x1a\n\x00\x00")
    empty = Refusal("", ("read/not_html",), "an empty file in the archive", b"")
    for name, refusal in (("index.html", index), ("images/logo.png", picture), ("empty.html", empty)):
        rows.append(refusal_row(refusal, SITE_ZIP, len(members), f"file:{SITE_ZIP}!/{name}"))
        members[name] = refusal.body
    return zip_archive(members, FETCHED[SITE_ZIP]), rows


def feed() -> tuple[bytes, list[Row]]:
    """JSON lines with markup, and three lines that hold no page."""
    lines: list[Mapping[str, str] | str] = []
    rows = []
    for placed in _placed_in(FEED):
        fetched = fetch_time(FEED, len(lines))
        rows.append(article_row(placed, len(lines), page_url(placed), fetched))
        lines.append({"url": page_url(placed), "html": markup_of(placed), "fetched_at": fetched.strftime(_STAMP)})
    rows.append(corrupt_row(FEED, len(lines), "a line cut in the middle of its JSON"))
    lines.append('{"url": "https://mahrousa.example/cut", "html": "<html>')
    rows.append(corrupt_row(FEED, len(lines), "JSON, but not an object"))
    lines.append('["https://mahrousa.example/list"]')
    nothing = Refusal("https://mahrousa.example/none", ("read/not_html",), "an object with neither html nor text", b"")
    rows.append(refusal_row(nothing, FEED, len(lines)))
    lines.append({"url": nothing.url, "title": "بلا نص"})
    return json_lines(lines), rows


def texts() -> tuple[bytes, list[Row]]:
    """JSON lines with ready text, in gzip."""
    lines: list[Mapping[str, str]] = []
    rows = []
    for placed in _placed_in(TEXTS):
        fetched, story = fetch_time(TEXTS, len(lines)), stories()[placed.story]
        rows.append(article_row(placed, len(lines), page_url(placed), fetched, is_text=True))
        stated = {"published_at": placed.stated, "author": placed.authors[0]} if placed.stated else {}
        lines.append(_ready(page_url(placed), story.title, _ready_text(placed, story), fetched) | stated)
    for refusal in oddities.bad_texts():
        rows.append(refusal_row(refusal, TEXTS, len(lines)))
        lines.append(_ready(refusal.url, refusal.title, refusal.body.decode(), fetch_time(TEXTS, len(lines))))
    return gzip_member(json_lines(lines)), rows


def _ready(url: str, title: str, text: str, fetched: dt.datetime) -> dict[str, str]:
    return {"url": url, "title": title, "text": text, "fetched_at": fetched.strftime(_STAMP)}


def _ready_text(placed: Placed, story: Story) -> str:
    """The text; for one of them with what a careless extraction leaves behind it."""
    left_over = (
        "شارك هذا الموضوع:",
        "اترك تعليقاً",
        "لن يتم نشر عنوان بريدك الإلكتروني. الحقول الإلزامية مشار إليها بـ *",
    )
    return "\n".join((*story.paragraphs, *left_over) if placed.story == "lost-bag" else story.paragraphs)


def loose_files() -> Iterator[tuple[str, bytes, Row]]:
    for placed in _placed_in(PAGES):
        name = f"{PAGES}/{placed.member}"
        yield name, body_of(placed), article_row(placed, 0, f"file:{name}", None) | {"dump": name}
    for placed in _placed_in(REPORTS):
        view, name = view_of(placed), f"{REPORTS}/{placed.member}"
        content = "\n\n".join((view.title, view.shown, *view.paragraphs)) + "\n"
        yield name, content.encode(), article_row(placed, 0, f"file:{name}", None, is_text=True) | {"dump": name}


def build() -> dict[str, bytes]:
    """All files by their path below `samples/`: the dumps, and what is expected of each of their records."""
    makers = {
        NEWS: news_warc, LEGACY: legacy_warc, MIXED: mixed_warc, DAMAGED: damaged_warc, WET: wet,
        SITE_ZIP: site_zip, FEED: feed, TEXTS: texts,
    }  # fmt: skip
    files: dict[str, bytes] = {}
    expected: list[Mapping[str, Any]] = []
    for name, make in makers.items():
        files[f"dumps/{name}"], rows = make()
        expected.extend(rows)
    for name, content, row in loose_files():
        files[f"dumps/{name}"] = content
        expected.append(row)
    files["expected.jsonl"] = json_lines(expected)
    return files


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", nargs="?", type=Path, default=HERE, help="where to write (default: samples/)")
    folder: Path = parser.parse_args(arguments).folder
    for name, content in build().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        print(f"{len(content):>9} {name}")


if __name__ == "__main__":
    main()
