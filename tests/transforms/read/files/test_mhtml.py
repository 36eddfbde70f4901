"""A page saved as MHTML is read as the HTML in it."""

import datetime as dt
import io
import quopri
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.schemas.records import Page, Rejected, Source
from warraq.transforms.read.dump import Dump
from warraq.transforms.read.files.mhtml import looks_like_mhtml, unwrapped
from warraq.transforms.read.files.single import read_single_file
from warraq.transforms.read.files.zip import read_zip
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.read.sniff import recognise

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
HTML = "<!DOCTYPE html><html><body><p>نص الخبر</p></body></html>"
HEADER = (
    b"From: <Saved by Blink>\r\nSnapshot-Content-Location: https://n.example/a\r\nDate: Sun, 12 May 2024 10:00:00 -0000\r\n"
    b'MIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="--b"\r\n\r\n'
)
PICTURE = b"----b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n"


def mhtml(html=HTML, charset="utf-8", location=b"Content-Location: https://n.example/b\r\n"):
    part = b"----b\r\nContent-Type: text/html; charset=" + charset.encode() + b"\r\n" + location
    body = quopri.encodestring(html.encode(charset))
    return HEADER + PICTURE + part + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + body + b"\r\n----b--\r\n"


def page(content):
    return Page(Source("file:a.mht", NOW, "a.mht", 0, len(content)), content, True, None, None)


@pytest.mark.parametrize("charset", ["utf-8", "windows-1256"])
def test_the_html_is_the_page(charset):
    found = unwrapped(page(mhtml(charset=charset)))
    assert found.content.decode(charset).strip() == HTML
    assert (found.is_text, found.charset, found.source.url) == (False, charset, "https://n.example/b")
    assert found.source.fetched_at == dt.datetime(2024, 5, 12, 10, tzinfo=dt.timezone.utc)


def test_the_address_may_be_that_of_the_file():
    assert unwrapped(page(mhtml(location=b""))).source.url == "https://n.example/a"
    assert unwrapped(page(mhtml(location=b"Content-Location: cid:1\r\n"))).source.url == "https://n.example/a"


def test_a_file_without_html_is_a_row():
    row = unwrapped(page(HEADER + PICTURE))
    assert (row.reason, row.detail) == ("corrupt_record", "MHTML without HTML in it")


def test_files_and_members_are_unwrapped():
    content = mhtml()
    dump = Dump("a.mht", len(content), recognise(content[:8192]), "", NOW)
    (single,) = read_single_file(io.BytesIO(content), dump, ReadRules())
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("a.mht", content)
    size = archive.seek(0, io.SEEK_END)
    (member,) = read_zip(archive, Dump("a.zip", size, "zip", "", NOW), ReadRules())
    assert single.content == member.content == unwrapped(page(content)).content


def test_other_pages_stay():
    for content in (HTML.encode(), "كتب: سلمى\n\nنص".encode(), b"Content-Type: text/html\n\n<p>"):
        assert unwrapped(page(content)) == page(content)
        assert not looks_like_mhtml(content)


@given(st.integers(0, 900), st.binary(max_size=9))
def test_damage_gives_a_page_or_a_row(place, splice):
    content = mhtml()
    found = unwrapped(page(content[:place] + splice + content[place + len(splice) :]))
    assert isinstance(found, (Page, Rejected))
