"""The sample dumps are those that the generator writes, and the expectations are complete and consistent."""

import datetime as dt
import gzip
import io
import json
import re
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from hijridate import Hijri

from samples import generate
from samples.articles import stories
from samples.catalogue import PLACED, SITES
from samples.written_days import STYLES
from warraq.schemas.labels import DATE_SOURCES, ENTITY_KINDS, ERROR_REASON, REASONS, TOPIC_SLUGS

SAMPLES = Path(generate.__file__).parent
ROWS = [json.loads(line) for line in (SAMPLES / "expected.jsonl").read_text(encoding="utf-8").splitlines()]
ARTICLES = [row for row in ROWS if row["door"] == "article"]
REJECTED = [row for row in ROWS if row["door"] == "rejected"]
ARTICLE_FIELDS = {
    "dump", "record", "url", "door", "title", "text", "authors", "date", "date_source", "published_at", "charset",
    "site", "site_name", "section", "credit", "canonical_url", "topic", "topics_ok", "entities", "language",
    "duplicate_of_url", "note",
}  # fmt: skip


def unpacked(name: str, content: bytes) -> object:
    """The content of a compressed file: the compressed bytes may differ between builds of zlib."""
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {member: archive.read(member) for member in archive.namelist()}
    is_sound_gzip = name.endswith(".gz") and "damaged" not in name
    return gzip.decompress(content) if is_sound_gzip else content


def test_generator_writes_the_committed_files(tmp_path):
    generate.main([str(tmp_path)])
    written = {path.relative_to(tmp_path): path for path in tmp_path.rglob("*") if path.is_file()}
    committed = {path.relative_to(SAMPLES) for path in (SAMPLES / "dumps").rglob("*") if path.is_file()}
    assert set(written) == committed | {Path("expected.jsonl")}
    for name, path in written.items():
        ours, theirs = path.read_bytes(), (SAMPLES / name).read_bytes()
        assert ours == theirs or unpacked(name.name, ours) == unpacked(name.name, theirs), name


def test_dumps_are_small_enough_to_commit():
    assert sum(path.stat().st_size for path in (SAMPLES / "dumps").rglob("*")) < 1_500_000


def test_there_are_enough_pages():
    assert len(ARTICLES) >= 60
    assert len({row["text"] for row in ARTICLES}) == len(ARTICLES)
    assert len({site.template for site in SITES.values()}) >= 12


@pytest.mark.parametrize("row", ARTICLES, ids=lambda row: f"{row['dump']}-{row['record']}")
def test_expected_article_is_complete(row):
    assert set(row) == ARTICLE_FIELDS
    assert row["note"]
    assert row["date_source"] in DATE_SOURCES
    assert row["topic"] in row["topics_ok"]
    assert set(row["topics_ok"]) <= TOPIC_SLUGS
    assert row["title"] not in row["text"]
    day = dt.date.fromisoformat(row["date"])
    if row["published_at"]:
        moment = dt.datetime.fromisoformat(row["published_at"].replace("Z", "+00:00"))
        assert abs(moment.date() - day) <= dt.timedelta(days=1)
    for surface, kind in row["entities"]:
        assert kind in ENTITY_KINDS
        assert re.search(rf"(?<!\w){re.escape(surface)}(?!\w)", row["text"]), surface


@pytest.mark.parametrize("row", REJECTED, ids=lambda row: f"{row['dump']}-{row['record']}")
def test_expected_refusal_is_complete(row):
    assert row["note"]
    assert row["reason"] in REASONS[row["stage"]]
    for label in row.get("reasons", []):
        stage, reason = label.split("/")
        assert reason in {*REASONS[stage], ERROR_REASON}


def test_each_record_stands_once():
    assert max(Counter((row["dump"], row["record"]) for row in ROWS).values()) == 1


def test_copies_point_to_articles():
    originals = {row["url"] for row in ARTICLES if not row["duplicate_of_url"]}
    copies = [row["duplicate_of_url"] for row in ROWS if row.get("duplicate_of_url")]
    assert len(copies) >= 8
    assert set(copies) <= originals


def test_labels_are_covered(capsys):
    topics = {row["topic"] for row in ARTICLES}
    assert topics == TOPIC_SLUGS - {"other"}
    assert {row["date_source"] for row in ARTICLES} == set(DATE_SOURCES)
    assert {row["charset"] for row in ARTICLES} == {"utf-8", "windows-1256", "iso-8859-6", "utf-16le"}
    labels = {f"{stage}/{reason}" for stage, reasons in REASONS.items() for reason in reasons}
    covered = {f"{row['stage']}/{row['reason']}" for row in REJECTED}
    with capsys.disabled():
        print(f"\nreasons without a sample page: {', '.join(sorted(labels - covered))}")
    assert {label.split("/")[0] for label in covered} == set(REASONS)


def test_article_texts_are_of_news_length():
    words = [len(story.text.split()) for story in stories().values() if story.language == "ar"]
    assert min(words) >= 40
    assert sum(count >= 120 for count in words) > len(words) / 2


def test_no_line_stands_in_two_texts():
    originals = [story for story in stories().values() if not story.slug.endswith(("-b", "-c"))]
    lines = Counter(line for story in originals for line in story.paragraphs)
    assert [line for line, count in lines.items() if count > 1] == []


def test_hijri_days_are_those_of_the_calendar():
    months = {"رجب": 7, "شوال": 10, "ذو الحجة": 12}
    stated = [placed for placed in PLACED if placed.shown and "هـ" in placed.shown]
    assert stated
    for placed in stated:
        day, month, year = re.search(r"(\d+) ([^\d]+) (\d+) هـ", placed.shown).groups()
        assert Hijri(int(year), months[month], int(day)).to_gregorian().isoformat() == placed.published


@pytest.mark.parametrize(
    ("style", "written"),
    [
        ("egypt", "الأحد 12 يناير 2025 - 03:15 م"),
        ("levant", "الأحد، 12 كانون الثاني 2025"),
        ("both", "الأحد 12 كانون الثاني/يناير 2025"),
        ("iraq", "الأحد ١٢ كانون الثاني ٢٠٢٥ | ١٥:١٥"),
        ("algeria", "12 جانفي 2025"),
        ("slashes", "١٢/٠١/٢٠٢٥"),
        ("none", ""),
    ],
)
def test_days_are_written_as_in_the_region(style, written):
    assert STYLES[style](dt.datetime(2025, 1, 12, 15, 15, tzinfo=dt.timezone.utc)) == written
