import re

import pytest

from tests.support.paths import ROOT
from warraq.pipelines import explain
from warraq.schemas.records import Entity
from warraq.transforms.read.dump import InputError

DUMPS = ROOT / "samples" / "dumps"
NEWS = str(DUMPS / "news.warc.gz")
STAGES = ["screen", "decode", "extract", "clean", "language", "quality", "deduplicate", "entities", "topics"]


def told(capsys, *arguments):
    assert explain.main(arguments) == 0
    return capsys.readouterr().out


def test_a_kept_page_shows_every_stage_and_its_evidence(capsys):
    out = told(capsys, NEWS, "https://mahrousa.example/news/details/40285")
    assert [line.split()[0] for line in out.splitlines() if line.endswith(" ms")] == STAGES
    assert "windows" not in out
    assert "utf-8, from" in out
    assert "title         المركزي المصري يثبت أسعار الفائدة للمرة الثالثة على التوالي" in out
    assert "date          2025-05-22, from byline" in out
    assert "thrown away" in out
    assert "[مصر|place]" in out
    assert "economy, business and finance (اقتصاد وأعمال ومال)" in out
    assert "kept: date=2025-05-22/topic=economy_business_and_finance/" in out


def test_an_offset_opens_that_very_page(capsys):
    by_url = told(capsys, NEWS, "https://mahrousa.example/news/details/40285")
    place = by_url.splitlines()[1]
    assert told(capsys, place).splitlines()[:2] == by_url.splitlines()[:2]


@pytest.mark.parametrize(
    ("arguments", "verdict"),
    [
        (
            ["mixed.warc.gz", "https://fa-metro.example/news/1"],
            "rejected by language: not_arabic (the text is in another language): fa",
        ),
        (["mixed.warc.gz", "https://en-rail.example/news/1"], "rejected by screen: no_arabic_bytes"),
        (["mixed.warc.gz", "https://mahrousa.example/news/gone"], "rejected by read: http_error"),
    ],
)
def test_a_refused_page_shows_who_refused_it_and_why(capsys, arguments, verdict):
    out = told(capsys, str(DUMPS / arguments[0]), arguments[1])
    assert out.splitlines()[-1].startswith(verdict)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["missing.html"], "no such file"),
        ([NEWS, "https://nowhere.example/"], "no page with the address"),
        ([f"{NEWS}@3"], "no page at offset 3"),
        ([f"{NEWS}@{10**17}"], "no page at offset 1000"),
        ([f"{NEWS}@{2**63}"], "no offset after @; give a number"),
        ([f"{NEWS}@abc"], "no offset after @; give a number"),
        ([f"{NEWS}@{'9' * 5000}"], "no offset after @; give a number"),
    ],
)
def test_what_cannot_be_explained_costs_one_line(capsys, arguments, complaint):
    assert explain.main(arguments) == 2
    captured = capsys.readouterr()
    assert complaint in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_a_page_that_breaks_the_code_is_shown_like_any_refusal(capsys, monkeypatch):
    def fail(*_):
        raise ValueError("bad\nvalue")

    monkeypatch.setattr(explain.quality, "measure", fail)
    out = told(capsys, NEWS, "https://mahrousa.example/news/details/40285")
    lines = out.splitlines()
    assert lines[-1].startswith(
        "rejected by quality: error (the page broke our code): ValueError: bad value (test_explain"
    )
    assert lines[-3].startswith("  no more evidence: ValueError: bad value (test_explain")
    assert "Traceback" not in out


@pytest.mark.parametrize("stage", STAGES)
def test_evidence_that_breaks_hides_no_verdict(capsys, monkeypatch, stage):
    def fail(*_):
        raise KeyError("name")
        yield

    steps = explain._steps
    monkeypatch.setattr(
        explain,
        "_steps",
        lambda *a: [s if s.name != stage else s._replace(evidence=fail) for s in steps(*a)],
    )
    out = told(capsys, NEWS, "https://mahrousa.example/news/details/40285")
    assert out.count("no more evidence: KeyError: 'name' (test_explain") == 1
    assert "kept: date=2025-05-22" in out


def test_text_that_no_terminal_takes_is_shown_all_the_same(capsys, tmp_path):
    page = (DUMPS / "pages" / "baccalaureate.html").read_text(encoding="utf-8")
    stated = r'<script type="application/ld+json">{"@type": "\ud83dArticle", "dateCreated": "2025-01-02", "name": "\ud83d"}</script>'
    (tmp_path / "page.html").write_text(page.replace("</head>", stated + "</head>"), encoding="utf-8")
    out = told(capsys, str(tmp_path / "page.html"))
    assert "\ufffdArticle dateCreated" in out
    assert "Traceback" not in out


def dates_seen(out):
    return [line.split()[2] for line in out.splitlines() if line.startswith("  date seen")]


def test_the_dates_are_those_that_the_stage_chose_from(capsys, tmp_path):
    """The stage removes code elements first; a date in them is no candidate."""
    page = (DUMPS / "pages" / "baccalaureate.html").read_text(encoding="utf-8")
    hidden = '<noscript><time class="published" datetime="2025-06-01T10:00:00Z"></time></noscript>'
    (tmp_path / "page.html").write_text(re.sub("(<h1.*?</h1>)", rf"\1{hidden}", page), encoding="utf-8")
    out = told(capsys, str(tmp_path / "page.html"))
    assert "date          2025-06-04, from byline" in out
    assert dates_seen(out) == ["2025-06-04"]


def test_candidates_that_lost_are_shown_with_their_source(capsys, tmp_path):
    page = (DUMPS / "pages" / "baccalaureate.html").read_text(encoding="utf-8")
    (tmp_path / "page.html").write_text(
        page.replace("</head>", '<meta property="og:title" content="عنوان للشبكات"></head>'), encoding="utf-8"
    )
    out = told(capsys, str(tmp_path / "page.html"))
    assert "  title         انطلاق امتحانات الباكالوريا في تونس وسط إجراءات لمنع الغش\n" in out
    assert "    not taken   عنوان للشبكات (og:title)\n" in out


def test_a_refused_page_shows_the_candidates_up_to_the_refusal(capsys, tmp_path):
    (tmp_path / "page.html").write_text(
        "<title>الصفحة غير موجودة</title><p>عذرا، ما تبحث عنه ليس هنا.</p>", encoding="utf-8"
    )
    out = told(capsys, str(tmp_path / "page.html"))
    assert "  title         الصفحة غير موجودة\n" in out
    assert out.splitlines()[-1].startswith("rejected by extract: not_an_article")


def test_an_explanation_is_an_object():
    explanation = explain.explain_page(NEWS, url="https://mahrousa.example/news/details/40285")
    assert [verdict.stage for verdict in explanation.verdicts] == STAGES
    assert explanation.article.title == "المركزي المصري يثبت أسعار الفائدة للمرة الثالثة على التوالي"
    assert explanation.rejected is None
    assert str(explanation).startswith("https://mahrousa.example/news/details/40285\n")
    assert f"article {explanation.article.article_id}" in str(explanation)


@pytest.mark.parametrize("url", ["https://en-rail.example/news/1", "https://mahrousa.example/news/gone"])
def test_the_explanation_of_a_refused_page_has_the_row(url):
    explanation = explain.explain_page(str(DUMPS / "mixed.warc.gz"), url=url)
    assert explanation.article is None
    assert str(explanation).splitlines()[-1].startswith(f"rejected by {explanation.rejected.stage}: ")


def test_a_page_that_is_not_there_cannot_be_explained():
    with pytest.raises(InputError, match="no such file"):
        explain.explain_page("missing.html")


def test_a_name_that_is_not_as_written_has_a_source(make_article):
    entities = [
        Entity("أمريكا", "place", 0, 6, "الولايات المتحدة", 1.0, "lists"),
        Entity("الدرويشي", "person", 9, 17, "سامر الدرويشي", 1.0, "article"),
        Entity("مصر", "place", 20, 23, "مصر", 1.0, "written"),
    ]
    lines = list(explain.entity_lines(make_article("أمريكا و الدرويشي و مصر", entities=entities), colour=False))
    named = [line for line in lines if "named so" in line]
    assert [line.split(": ")[0].split("so ")[1].strip() for line in named] == [
        "أمريكا is الولايات المتحدة",
        "الدرويشي is سامر الدرويشي",
    ]


def test_entities_are_marked_where_they_stand():
    entities = [
        Entity("روسيا", "place", 1, 6, "روسيا", 1.0),
        Entity("الناتو", "organisation", 10, 16, "حلف شمال الأطلسي", 1.0),
    ]
    assert explain.highlight("لروسيا وال الناتو", entities[:1], colour=False) == "ل[روسيا|place] وال الناتو"
    assert explain.highlight("لروسيا", entities[:1], colour=True) == "ل\x1b[1;32mروسيا\x1b[0m"
