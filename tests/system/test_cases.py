"""Small inputs that once failed, each with the facts that are right. One run reads all of them."""

import datetime as dt
import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

import warraq
from tests.support.paths import CASES

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CASES.is_dir(), reason=f"no cases in {CASES}; set WARRAQ_CASES"),
]

FETCHED = dt.datetime(2024, 6, 1, 12, tzinfo=dt.timezone.utc)
MARKET = "افتتح المجلس البلدي في"


class Right(NamedTuple):
    """The facts of a kept page. None and () state nothing."""

    title: str | None = None
    begins: str = MARKET
    date: str | None = None
    authors: tuple[str, ...] | None = None
    paragraphs: int | None = None
    holds: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    names: tuple[tuple[str, str], ...] = ()  # kind and name
    no_names: tuple[tuple[str, str], ...] = ()
    articles: int = 1


def market(city, number, **facts):
    return Right(
        f"سوق مركزية جديدة في {city} تضم {number} محلا", f"{MARKET} {city} صباح أمس سوقا مركزية جديدة", **facts
    )


KEPT = {
    "abbr_in_post_footer.html": market("نجران", 3101, date="2011-04-25", paragraphs=7),
    "app_lines.html": market(
        "نزوى", 505, paragraphs=7, lacks=("تطبيق", "للاشتراك", "اضغط هنا", "تابعونا", "اقرأ أيضا")
    ),
    "author_katib.html": market("سطيف", 220, authors=("سناء البكري",)),
    "authors_after_label.html": market("بورسعيد", 209, authors=("نهى العزاوي", "رحاب السعيد")),
    "azhar_person.html": Right(
        "خبر رقم واحد من المدينة",
        "أعلن الأزهر",
        names=(("organisation", "الأزهر"), ("person", "أحمد الطيب")),
        no_names=(("person", "الأزهر"), ("person", "الأزهر أحمد الطيب")),
    ),
    "byline_five.html": market(
        "قنا",
        4101,
        authors=("رامي حداد", "سامر الطاهر", "محمد طيطا", "آرتور فيلين", "ماري زين"),
        paragraphs=7,
        lacks=("كتب:", "رامي حداد"),
    ),
    "collapsed_text.html": market(
        "الخليل", 519, paragraphs=7, holds=("تشرف عليه وزارة الصحة.",), lacks=("قراءة المزيد",)
    ),
    "covid_person.html": Right(
        "خبر رقم واحد من المدينة", "قالت وزارة الصحة إن عدد الإصابات", no_names=(("person", "كوفيد"),)
    ),
    "dateline_agency.html": market("وجدة", 3128, date="2023-05-12")._replace(begins="وجدة (رويترز) 12 مايو 2023 - "),
    "dotnet_date.html": market("الخليل", 123, date="2024-05-12"),
    "double_entities.html": market("زحلة", 320, lacks=("&", "#")),
    "dup_persian_keys_a.html": market("الزرقاء", 926),
    "flash_title_nav_glued.html": Right(
        "عاجل: حريق كبير في مستودع للأخشاب شرق العاصمة", "اندلع حريق كبير", paragraphs=1, lacks=("عاجل", "الرئيسية")
    ),
    "jsonl_published_lost.jsonl": market("الناصرية", 706, date="2024-05-12", authors=("سناء البكري",)),
    "jsonl_published_vs_crawled.jsonl": market("مكناس", 707, date="2023-02-03", authors=("سناء البكري",)),
    "linked_paragraphs.html": market(
        "بنغازي",
        504,
        paragraphs=8,
        holds=(
            "\n«قرار البلدية رقم سبعة: تفتح السوق من السادسة صباحا حتى العاشرة ليلا طوال أيام الأسبوع»\n",
            "\n«ولا يجوز للباعة أن يعرضوا بضائعهم خارج المحال، ومن خالف ذلك غرم، ويسري هذا على الحي القديم كله»\n",
        ),
    ),
    "literal_u.html": market("الخليل", 321, lacks=("\\u", "u06")),
    "mahi_place.html": Right("خبر رقم واحد من المدينة", "ماهي جذور أزمة", no_names=(("place", "ماهي"),)),
    "mhtml.mhtml": market("نزوى", 703, lacks=("=D8", "Content-")),
    "mojibake_cp437.html": market("صلالة", 305),
    "mojibake_fffd.html": market("دير الزور", 312, lacks=("\ufffd", "Ø", "Ù")),
    "month_numeral_spaced.html": market("صفاقس", 101, date="2024-01-15"),
    "month_spelling.html": market("صيدا", 3106, date="2015-10-13"),
    "months_ago.html": market("بجاية", 3125, date="2024-03-02"),
    "names_prefix.html": Right("ندوة رقم 0", "شارك في الندوة", names=(("person", "فريال يوسف"),)),
    "persian_entities.html": Right(
        "خبر رقم واحد من المدينة",
        "أعلنت وزارة الداخلیة العراقیة",
        names=(("place", "كركوك"), ("place", "إيران"), ("person", "محمد شياع السوداني")),
        no_names=(("person", "رئيس"), ("person", "رئیس")),
    ),
    "placeholder_time.html": market("الفجيرة", 120, date="2022-11-25"),
    "references.html": market(
        "وهران", 501, paragraphs=7, lacks=("المراجع", "↑", "Miller", "Weston", "Odell", "[عدل]", "Edited")
    ),
    "religious_person.html": Right(
        "خبر رقم واحد من المدينة",
        "قال الخطيب إن المؤمن",
        no_names=(("person", "الحمد لله"), ("person", "إياك نعبد"), ("person", "رحمن رحيم")),
    ),
    "section_h1_title.html": market("صيدا", 202, paragraphs=7),
    "text_field_markup.jsonl": market("الطائف", 327, lacks=("<", ">", "&")),
    "title_in_body.html": market("اللاذقية", 203, paragraphs=7, lacks=("متصفح",)),
    "two_month_names.html": market("المنستير", 3121, date="2015-11-13"),
    "vocalised_refused.html": Right("سوق جديدة مشكولة", "اِفْتَتَحَ المَجْلِسُ البَلَدِيُّ"),
    "warc_short_length.warc": Right(articles=3, paragraphs=7),
    "wet_title_year.wet": market("نزوى", 0)._replace(title="ميزانية المدينة لعام 2024 تقر بالإجماع"),
    "wikidata_headline_title.html": market("معان", 201, paragraphs=7),
}
REJECTED = {  # the reason, and what its detail says
    "atom_as_text.xml": ("not_an_article", "an Atom feed"),
    "csv_as_text.csv": ("not_an_article", "a table of values"),
    "dup_persian_keys_b.html": ("duplicate", ""),
    "home_page_kept.html": ("not_an_article", ""),
    "rss_as_html_warc.warc": ("not_an_article", "an RSS feed"),
    "sql_as_text.sql": ("not_an_article", "SQL"),
    "utf16_jsonl.jsonl": ("not_an_article", "UTF-8"),
}


def case_files(pattern="**/*"):
    return [case for case in CASES.glob(pattern) if case.is_file() and case.name not in {"README.md", "cases.jsonl"}]


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """The rows of each file in `articles` and in `rejected`. All files count as fetched on the same day."""
    folder, output = tmp_path_factory.mktemp("cases"), tmp_path_factory.mktemp("dataset")
    for case in case_files():
        copy = shutil.copyfile(case, folder / case.name)
        os.utime(copy, (FETCHED.timestamp(), FETCHED.timestamp()))
    warraq.ingest(folder, output, workers=1, rejected="all")
    dataset = warraq.connect(output)
    kept, refused = ({}, {})
    for table, found in (("articles", kept), ("rejected", refused)):
        for row in dataset.sql(f"SELECT * FROM {table}").to_arrow_table().to_pylist():
            found.setdefault(Path(row["dump"]).name, []).append(row)
    return kept, refused


@pytest.mark.parametrize("name", KEPT)
def test_an_article_is_kept_with_the_right_facts(rows, name):
    kept, refused = rows
    right = KEPT[name]
    assert name not in refused
    assert len(kept[name]) == right.articles
    for row in kept[name]:
        text = row["text"]
        assert text.startswith(right.begins)
        assert right.title in {None, row["title"]}
        assert right.date in {None, str(row["date"])}
        assert right.authors in {None, tuple(row["authors"])}
        assert right.paragraphs in {None, text.count("\n") + 1}
        assert [part for part in right.holds if part not in text] == []
        assert [part for part in right.lacks if part in text] == []
        found = {(entity["kind"], entity["name"]) for entity in row["entities"]}
        assert set(right.names) <= found
        assert found.isdisjoint(right.no_names)


@pytest.mark.parametrize("name", REJECTED)
def test_what_is_no_article_is_rejected_with_the_reason(rows, name):
    kept, refused = rows
    reason, detail = REJECTED[name]
    assert name not in kept
    assert any(row["reason"] == reason and detail in (row["detail"] or "") for row in refused[name])


@pytest.mark.parametrize("name", [case.name for case in case_files("hostile/*")])
def test_what_broke_the_code_is_read_to_the_end(rows, name):
    kept, refused = rows
    assert [row["reason"] for row in refused.get(name, [])] == ([] if name in kept else ["duplicate"])  # of each other


def test_each_case_has_its_facts():
    assert {case.name for case in case_files("*")} == {*KEPT, *REJECTED}
