"""Evidence decides on the charset, false claims are refuted, and double encoding is repaired."""

import datetime as dt
import gzip
import json
import re

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from tests.support.paths import DATA
from warraq.schemas.records import Page, Source
from warraq.transforms.decode.decode import DecodeRules, decode
from warraq.transforms.decode.stage import DecodePages
from warraq.transforms.step import KEPT, REJECTED, Rejection

RULES = DecodeRules()
PROSE = (
    "أعلنت وزارة النقل اليوم افتتاح الطريق الساحلي الجديد بعد ثلاث سنوات من العمل المتواصل، وقالت إن المشروع سيقلل "
    "زمن السفر بين المدينتين إلى النصف، وإن الحركة عليه ستكون مجانية حتى نهاية العام الحالي."
)


def page(content, charset=None, is_text=False, url="u"):
    source = Source(url, dt.datetime(2024, 5, 1, tzinfo=dt.timezone.utc), "d", 7, len(content))
    return Page(source, content, is_text, charset, "t")


def in_html(text, declared=""):
    meta = f'<meta charset="{declared}">' if declared else ""
    return f"<!DOCTYPE html><html><head>{meta}<title>{text[:20]}</title></head><body><p>{text}</p></body></html>"


def mac(text):
    return b"".join(c.encode() if c.isascii() else c.encode("mac_arabic") for c in text)


def verdict(content, charset=None, is_text=False):
    document = decode(page(content, charset, is_text), RULES)
    return document.charset, document.charset_source, document.markup


@pytest.mark.parametrize(
    ("written", "http", "meta", "expected"),
    [
        ("utf-8", "utf-8", "", ("utf-8", "http")),
        ("utf-8", None, "utf-8", ("utf-8", "meta")),
        ("utf-8", None, "", ("utf-8", "detected")),
        ("cp1256", "windows-1256", "", ("windows-1256", "http")),
        ("cp1256", '"Windows-1256"', "", ("windows-1256", "http")),
        ("cp1256", "windows1256", "", ("windows-1256", "http")),
        ("cp1256", None, "cp1256", ("windows-1256", "meta")),
        ("cp1256", None, "", ("windows-1256", "detected")),
        ("iso8859_6", None, "ISO-8859-6", ("iso-8859-6", "meta")),
        ("iso8859_6", None, "", ("iso-8859-6", "detected")),
        # claims that the bytes refute
        ("cp1256", "iso-8859-1", "windows-1256", ("windows-1256", "meta")),
        ("cp1256", "utf-8", "", ("windows-1256", "detected")),
        ("cp1256", "iso-8859-6", "", ("windows-1256", "detected")),
        ("iso8859_6", "windows-1256", "", ("iso-8859-6", "detected")),
        ("utf-8", "windows-1256", "utf-8", ("utf-8", "meta")),
        ("utf-8", "iso-8859-1", "", ("utf-8", "detected")),
        ("utf-8", "gbk", "", ("utf-8", "detected")),
        ("utf-8", "utf-16", "", ("utf-8", "detected")),
        ("utf-8", "no-such-charset", "", ("utf-8", "detected")),
        ("utf-16-le", "utf-8", "", ("utf-16le", "detected")),
        ("utf-16-be", None, "", ("utf-16be", "detected")),
        ("cp1256", "utf-8", "utf-8", ("windows-1256", "detected")),
        ("cp1256", "iso-8859-1", "", ("windows-1256", "detected")),
        ("cp1256", None, "iso-8859-1", ("windows-1256", "detected")),
        ("cp1256", None, "windows-1252", ("windows-1256", "detected")),
        ("cp1256", None, "us-ascii", ("windows-1256", "detected")),
        ("cp1256", None, "windows-1251", ("windows-1256", "detected")),
        ("cp1256", None, "utf-16", ("windows-1256", "detected")),
        ("cp1256", None, "x-sjis", ("windows-1256", "detected")),
        ("iso8859_6", "utf-8", "", ("iso-8859-6", "detected")),
        ("iso8859_6", None, "arabic", ("iso-8859-6", "meta")),
        ("utf-8", None, "arabic", ("utf-8", "detected")),
        ("utf-8", None, "ascii", ("utf-8", "detected")),
        ("utf-8", None, "x-sjis", ("utf-8", "detected")),
        ("utf-8", None, "utf-16", ("utf-8", "meta")),
        ("utf-8", None, "utf-7", ("utf-8", "detected")),
        ("utf-8", "utf-7", "utf-8", ("utf-8", "meta")),
        ("utf-8", "windows-1252", "iso-8859-1", ("utf-8", "detected")),
        # labels as they are written
        ("utf-8", "utf8", "", ("utf-8", "http")),
        ("utf-8", "utf-8;", "", ("utf-8", "http")),
        ("utf-8", "'UTF-8'", "", ("utf-8", "http")),
        ("utf-8", " Utf-8 ", "", ("utf-8", "http")),
        ("utf-8", "", "unicode-1-1-utf-8", ("utf-8", "meta")),
        ("cp1256", "x-cp1256", "", ("windows-1256", "http")),
        ("cp1256", None, "Windows1256", ("windows-1256", "meta")),
        ("iso8859_6", "ASMO-708", "", ("iso-8859-6", "http")),
        ("iso8859_6", "csISOLatinArabic", "", ("iso-8859-6", "http")),
    ],
)
def test_claims_are_tried_in_order_and_checked(written, http, meta, expected):
    markup = in_html(PROSE, meta)
    charset, source, text = verdict(markup.encode(written), http)
    assert (charset, source.partition(" ")[0]) == expected
    assert text == markup


@pytest.mark.parametrize(
    ("bom", "codec", "charset"),
    [
        (b"\xef\xbb\xbf", "utf-8", "utf-8"),
        (b"\xff\xfe", "utf-16-le", "utf-16le"),
        (b"\xfe\xff", "utf-16-be", "utf-16be"),
        (b"\xff\xfe\0\0", "utf-32-le", "utf-32le"),
        (b"\0\0\xfe\xff", "utf-32-be", "utf-32be"),
    ],
)
def test_a_bom_is_trusted_most_and_dropped(bom, codec, charset):
    assert verdict(bom + in_html(PROSE).encode(codec), "windows-1256") == (charset, "bom", in_html(PROSE))


def test_refuted_claims_are_kept_as_evidence():
    content = in_html(PROSE, "gbk").encode("cp1256")
    assert verdict(content, "utf-8")[:2] == ("windows-1256", "detected (http said utf-8, meta said gbk)")
    content = in_html(PROSE, "windows-1256").encode("cp1256")
    assert verdict(content, "no-such")[:2] == ("windows-1256", "meta (http said no-such)")


@pytest.mark.parametrize("codec", ["cp1256", "iso8859_6"])
@pytest.mark.parametrize("sound", [1, 3, 30])
@pytest.mark.parametrize("http", ["utf-8", None])
def test_a_block_in_another_charset_is_decoded_in_that_charset(codec, sound, http):
    before, block, after = in_html(PROSE * sound), f"<div>{PROSE[:120]}</div>", "<p>انتهى الخبر، والله أعلم.</p>"
    content = before.encode() + block.encode(codec) + after.encode()
    assert verdict(content, http)[::2] == ("utf-8", before + block + after)


@pytest.mark.parametrize("share", [2, 8])
@pytest.mark.parametrize("http", ["windows-1256", None])
def test_a_block_of_utf8_in_a_page_of_windows_1256_is_read_too(http, share):
    before, block = in_html(PROSE * share), f"<div>{PROSE[:120]}</div>"
    assert verdict(before.encode("cp1256") + block.encode(), http)[::2] == ("windows-1256", before + block)


@pytest.mark.parametrize(
    "stray", [b"caf\xe9", b"\xa9 2024", b"\xd8", b"na\xefve \x93x\x94", b"\xc7", b"\xe1 \xed \xf3"]
)
def test_stray_bytes_cost_themselves_only(stray):
    content = in_html(PROSE).encode() + b"<p>" + stray + b"</p>" + PROSE.encode()
    charset, _, markup = verdict(content, "utf-8")
    assert charset == "utf-8"
    assert markup == content.decode("utf-8", "replace")


def test_a_false_bom_is_overruled():
    assert verdict(b"\xff\xfe" + in_html(PROSE * 3).encode())[0] == "utf-8"


def test_mac_arabic_is_read_as_declared():
    text = "«" + PROSE.replace("،", "؟") + "»"
    assert verdict(mac(in_html(text)), "x-mac-arabic")[2] == in_html(text)


@pytest.mark.parametrize(
    ("text", "codec", "declared", "charset"),
    [
        ("Über die Größe der Straßen", "cp1252", "iso-8859-1", "windows-1252"),
        ("Прибрежная дорога открылась сегодня", "cp1251", "windows-1251", "windows-1251"),
        ("海岸道路は三年の工事を経て", "shift_jis", "shift_jis", "shift_jis"),
        ("沿海公路经过三年施工", "gbk", "gb2312", "gbk"),
    ],
)
def test_labels_are_read_as_in_browsers(text, codec, declared, charset):
    assert verdict(in_html(text, declared).encode(codec)) == (charset, "meta", in_html(text, declared))


def test_plain_text_has_the_charset_of_its_dump_and_its_words_are_no_claims():
    text = "<meta charset=windows-1252> " + PROSE
    assert verdict(text.encode(), "utf-8", is_text=True) == ("utf-8", "given", text)
    assert verdict(text.encode("cp1256"), None, is_text=True) == ("windows-1256", "detected", text)


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_character_cut_at_the_end_is_no_error(cut):
    content = (in_html(PROSE) + "😀").encode()[:-cut]
    assert verdict(content, "utf-8") == ("utf-8", "http", in_html(PROSE))


def test_a_few_broken_bytes_do_not_overrule_utf8():
    content = in_html(PROSE * 3).encode().replace("النقل".encode(), "النقل".encode() + b"\xff\xc3", 1)
    assert verdict(content, "utf-8")[:2] == ("utf-8", "http")
    assert verdict(content)[0] == "utf-8"


def test_nuls_are_dropped():
    assert verdict(in_html(PROSE).replace("</p>", "\0\0</p>").encode(), "utf-8")[2] == in_html(PROSE)


def test_ascii_keeps_its_claim():
    assert verdict(b"<p>plain</p>", "windows-1256")[:2] == ("windows-1256", "http")
    assert verdict(b"")[:2] == ("utf-8", "detected")


@pytest.mark.parametrize("content", [bytes(range(1, 9)) * 200, b"\x01\x02\x03\xff\xfd" * 300])
def test_binary_is_undecodable(content):
    with pytest.raises(Rejection) as refusal:
        decode(page(content), RULES)
    assert refusal.value.reason == "undecodable"


def test_mojibake_is_mended_and_what_is_lost_refuses_the_page():
    misread = in_html(PROSE).encode().decode("latin-1").encode()
    assert verdict(misread, "utf-8")[2] == in_html(PROSE)
    damaged = misread.replace(b"\xc2\x84", b"").replace(b"\xc2\x8a", b"")  # ends of ل and ي
    with pytest.raises(Rejection, match="undecodable.*utf-8 as .*: .* letters are lost"):
        decode(page(damaged, "utf-8"), RULES)


@given(st.text(alphabet="ابتثجحخدذرزسشصضطظعغفقكلمنهوي abcé’“” <>", max_size=300))
def test_utf8_always_survives(text):
    assert verdict(text.encode(), "utf-8")[2] == text


@given(st.binary(max_size=300), st.sampled_from([None, "utf-8", "windows-1256", "utf-16", "gbk", "shift_jis", "x"]))
def test_any_bytes_are_decoded_or_refused(content, charset):
    try:
        document = decode(page(content, charset), RULES)
    except Rejection:
        return
    assert "\0" not in document.markup
    document.markup.encode()  # no lone surrogates


def test_every_page_has_one_output():
    pages = [page(in_html(PROSE).encode("cp1256")), page(bytes(range(1, 9)) * 200, url="binary")]
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        doors = pipeline | beam.Create(pages) | DecodePages()
        kept = doors[KEPT] | "Kept" >> beam.Map(
            lambda kept: (kept.source.url, kept.charset, kept.source.bytes, kept.source.dump_offset)
        )
        assert_that(kept, equal_to([("u", "windows-1256", len(pages[0].content), 7)]), "kept")
        rows = doors[REJECTED] | "Rows" >> beam.Map(lambda row: (row.source.url, row.stage, row.reason))
        assert_that(rows, equal_to([("binary", "decode", "undecodable")]), "rejected")


@pytest.mark.skipif(not (DATA / "pages_arabised").is_dir(), reason=f"no data in {DATA}; set WARRAQ_DATA")
@pytest.mark.parametrize("told", ["http", "meta", "nothing"])
def test_real_templates_are_decoded_right(told):
    wrong = []
    for line in (DATA / "pages_arabised" / "truth.jsonl").read_text("utf-8").splitlines():
        truth = json.loads(line)
        content = gzip.decompress((DATA / "pages_arabised" / truth["file"]).read_bytes())
        stated = re.search(r"charset=([\w-]+)", truth["http_content_type"] or "") if told == "http" else None
        content = content.replace(b"charset", b"xxxxxxx") if told == "nothing" else content
        if verdict(content, stated and stated[1])[0] != truth["charset"]:
            wrong.append(truth["file"])
    assert wrong == []


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"max_bad_share": 1.1}, "decode_max_bad_share must be from 0 to 1, not 1.1"),
        ({"min_arabic_fit": 4.4}, "decode_min_arabic_fit must be from -inf to 0, not 4.4"),
        ({"min_arabic_fit": float("nan")}, "decode_min_arabic_fit must be from -inf to 0, not nan"),
        ({"min_mojibake": 0}, "decode_min_mojibake must be at least 1, not 0"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules, words):
    with pytest.raises(ValueError, match=f"^{words}$"):
        DecodeRules(**rules)
