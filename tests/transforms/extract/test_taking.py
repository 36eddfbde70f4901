import datetime as dt

import pytest

from warraq.schemas.records import Document, Source
from warraq.transforms.extract.metadata.licences import normalize_licence
from warraq.transforms.extract.page import ExtractRules, extract
from warraq.transforms.rejection import Rejection

TEXT = "أعلنت وزارة الصحة في بيان لها اليوم عن افتتاح مستشفى جديد في العاصمة يضم مئتي سرير وقسما للطوارئ."
PAGE = """<html><head><title>مستشفى جديد</title>{head}
<meta property="article:published_time" content="2025-05-30T10:00:00Z"></head>
<body><article><h1>مستشفى جديد</h1>{text}{body}</article></body></html>"""


def document(head="", body="", opt_out=()):
    source = Source("https://s.example/1", dt.datetime(2025, 6, 1, tzinfo=dt.timezone.utc), "d", 0, 1)
    markup = PAGE.format(head=head, text=f"<p>{TEXT}</p>" * 4, body=body)
    return Document(source, markup, False, "utf-8", "http", None, opt_out=[*opt_out])


def taken(document, **rules):
    try:
        return extract(document, ExtractRules(**rules))
    except Rejection as rejection:
        return f"{rejection.reason}: {rejection.detail}"


def test_signals_of_page_and_server_are_kept_and_marked():
    noai = document('<meta name="robots" content="index, noai">', opt_out=["content_usage"])
    assert taken(noai).opt_out == ["noai", "content_usage"]
    assert taken(document()).opt_out == []
    assert taken(noai, opt_out="drop") == "opted_out: noai, content_usage"
    assert taken(document(opt_out=["noimageai"]), opt_out="drop").opt_out == ["noimageai"]


@pytest.mark.parametrize(
    ("days", "is_taken"),
    [
        ("2025-05-30", True),
        ("2025-05-30..2025-05-30", True),
        ("2025-05-31..", False),
        ("..2025-05-30", True),
        ("..2025-05-29", False),
        ("2025-01-01..2025-12-31", True),
    ],
)
def test_articles_of_other_days_are_left_out(days, is_taken):
    found = taken(document(), days=days)
    assert (found == "other_day: 2025-05-30 (meta)") is not is_taken


@pytest.mark.parametrize("days", ["..", "2025", "2025-02-30", "2025-05-30..2025-05-01", "2025-05-01-2025-05-30"])
def test_a_wrong_span_is_told_in_one_line(days):
    with pytest.raises(ValueError, match="days must be like"):
        ExtractRules(days=days)


@pytest.mark.parametrize(
    ("head", "body", "licence"),
    [
        ("", "", None),
        ('<link rel="license" href="https://creativecommons.org/licenses/by-sa/4.0/">', "", "CC-BY-SA-4.0"),
        ("", '<a rel="license noopener" href="http://creativecommons.org/publicdomain/zero/1.0/">CC</a>', "CC0-1.0"),
        ("", '<figure><a rel="license" href="https://creativecommons.org/licenses/by/2.0/">صورة</a></figure>', None),
        ('<meta name="dcterms.rights" content="CC BY-NC 3.0 IGO">', "", "CC-BY-NC-3.0"),
        ('<meta name="dcterms.rights" content="جميع الحقوق محفوظة">', "", None),
        (
            '<script type="application/ld+json">{"@type": "NewsArticle", "license": "https://s.example/terms"}</script>',
            "",
            "https://s.example/terms",
        ),
    ],
)
def test_licences_are_normalized(head, body, licence):
    assert taken(document(head, body)).license == licence


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("https://creativecommons.org/licenses/by-nc-nd/4.0/deed.ar", "CC-BY-NC-ND-4.0"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "CC-PDM-1.0"),
        ("CC-BY-4.0", "CC-BY-4.0"),
        ("CC0 1.0", "CC0-1.0"),
        ("all rights reserved", None),
    ],
)
def test_licences_have_their_spdx_id(text, licence):
    assert normalize_licence(text) == licence
