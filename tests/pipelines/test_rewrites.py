"""Undo, --replace and forget leave each page once, under the rules that were asked for, or out for good."""

import json
from pathlib import Path

import pytest

from warraq.pipelines.ingest import main
from warraq.pipelines.maintain import main as maintain
from warraq.pipelines.query import connect
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.maintain.check import faults

FAST = ["--workers", "1", "--tagger", "off", "--classifier", "off"]
TEXTS = """
أعلنت وزارة الصحة في بيان أصدرته أمس بدء حملة وطنية لتطعيم الأطفال ضد الحصبة في جميع المحافظات.
وقالت الوزارة إن الفرق الطبية ستزور المدارس ورياض الأطفال خلال الأسبوعين المقبلين، ودعت الأسر إلى التعاون معها.

ارتفعت أسعار القمح في الأسواق العالمية بعد موجة من الجفاف ضربت مناطق زراعية واسعة.
ويتوقع تجار الحبوب أن يستمر الارتفاع حتى موسم الحصاد المقبل، في حين تبحث دول مستوردة عن موردين جدد لتأمين حاجاتها.

فاز فريق المدينة على ضيفه بهدفين دون رد في مباراة أقيمت مساء السبت على ملعب البلدية.
وسجل المهاجم الشاب الهدفين في الشوط الثاني، ورفع فريقه رصيده إلى عشرين نقطة في صدارة الترتيب.
""".strip().split("\n\n")
ARTICLES = "SELECT url FROM articles ORDER BY ALL"
LOST = "SELECT (SELECT sum(pages) FROM ledger WHERE door = 'rejected') - (SELECT count(*) FROM rejected)"

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_progress")]


@pytest.fixture
def place(tmp_path):
    """The dataset, and a function that writes a feed with these texts, each at an address of its host."""

    def write(name, *numbers, host="akhbar.example", more=""):
        lines = [
            {"url": f"https://{host}/{name}/{number}", "text": f"{TEXTS[number]} {more}".strip()} for number in numbers
        ]
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
        return str(path)

    return str(tmp_path / "out"), write


def ingest(output, *arguments):
    return main([*arguments, "--output", output, *FAST])


def ask(output, sql):
    return connect(Dataset(output)).execute(sql).fetchall()


def run_of(output, name):
    return ask(output, f"SELECT run_id FROM loads WHERE dump LIKE '%{name}.jsonl'")[0][0]


def found(output):
    return [str(fault) for fault in faults(Dataset(output))]


def test_a_run_that_was_undone_comes_again_whole(place):
    output, write = place
    a, b = write("a", 0, 1), write("b", 0, 1)
    assert (ingest(output, a), ingest(output, b)) == (0, 0)
    for name in ("b", "a"):
        assert maintain([output, "undo", run_of(output, name)]) == 0
    assert (ingest(output, b), ingest(output, a)) == (0, 0)
    assert ask(output, LOST) == [(0,)]
    assert ask(output, "SELECT count(*) FROM rejected") == [(2,)]
    assert found(output) == []


def test_a_run_that_was_undone_has_a_row_for_a_page_that_was_taken_down(place):
    output, write = place
    a = write("a", 0, 1)
    assert ingest(output, a) == 0
    [(first,), _] = ask(output, "SELECT article_id FROM articles ORDER BY dump_offset")
    assert maintain([output, "forget", "--id", first, "--yes"]) == 0
    assert maintain([output, "undo", run_of(output, "a")]) == 0
    assert ingest(output, a) == 0
    assert ask(output, "SELECT reason, url FROM rejected") == [("forgotten", "")]
    assert found(output) == []


def test_replace_takes_out_old_rows_that_stayed_beside_new_ones(place, capsys):
    output, write = place
    a = write("a", 0, 1, more="للتواصل: desk@akhbar.example")
    assert ingest(output, a) == 0
    assert ingest(output, a, "--pii", "mask") == 0
    capsys.readouterr()
    assert ingest(output, a, "--pii", "mask", "--replace") == 0
    assert ask(output, "SELECT count(*), count(DISTINCT url), count(DISTINCT load_id) FROM articles") == [(2, 2, 1)]
    assert ask(output, "SELECT count(*) FROM articles WHERE text LIKE '%desk@%'") == [(0,)]
    assert found(output) == []
    assert ingest(output, a, "--pii", "mask", "--replace") == 4


def test_replace_makes_a_dump_whole_that_grew_under_other_rules(place):
    output, write = place
    assert ingest(output, write("a", 0), "--clean_min_words", "25") == 0
    a = write("a", 0, 1, 2)
    assert ingest(output, a, "--new") == 0
    assert len(ask(output, "SELECT DISTINCT load_id FROM articles")) == 2
    assert ingest(output, a, "--replace") == 0
    assert ask(output, "SELECT count(*), count(DISTINCT load_id) FROM articles") == [(3, 1)]
    assert found(output) == []


def test_replace_reads_a_dump_whole_that_grew_and_is_in_under_both_rules(place):
    output, write = place
    a = write("a", 0, 1)
    assert (ingest(output, a), ingest(output, a, "--clean_min_words", "25")) == (0, 0)
    a = write("a", 0, 1, 2)
    assert ingest(output, a, "--clean_min_words", "25", "--replace") == 0
    assert ask(output, "SELECT count(*), count(DISTINCT load_id) FROM articles") == [(3, 1)]
    assert found(output) == []


def test_texts_whose_original_went_come_back_with_replace(place, capsys):
    output, write = place
    a, b = write("a", 0, 1), write("b", 0, 1, 2)
    assert (ingest(output, a), ingest(output, b)) == (0, 0)
    assert maintain([output, "undo", run_of(output, "a")]) == 0
    assert f"2 pages of {b} stay rejected as copies of these" in capsys.readouterr().err
    assert ingest(output, b) == 4
    assert f"{b}: pages were refused as copies of articles taken out since" in capsys.readouterr().err
    assert ingest(output, b, "--replace") == 0
    assert len(ask(output, ARTICLES)) == 3
    assert found(output) == []
    assert ingest(output, b, "--replace") == 4


def test_a_copy_follows_its_text_when_a_replacement_makes_another_page_the_original(place, capsys):
    """C is a copy of a page of A, which is a copy of a page of B once B is preferred."""
    output, write = place
    a, b, c = write("a", 0, 1), write("b", 0, 1, host="khabar.example"), write("c", 0, 1, 2, host="naba.example")
    assert [ingest(output, dump) for dump in (a, b, c)] == [0, 0, 0]
    assert ingest(output, a, b, "--replace", "--prefer", "khabar.example") == 0
    capsys.readouterr()
    assert ingest(output, c) == 4
    assert "taken out since" not in capsys.readouterr().err
    originals = "SELECT DISTINCT a.url FROM rejected r JOIN articles a ON r.detail = a.article_id ORDER BY ALL"
    assert ask(output, originals) == [("https://khabar.example/b/0",), ("https://khabar.example/b/1",)]
    assert found(output) == []


def test_an_article_that_was_taken_down_stays_out_under_other_rules(place):
    output, write = place
    a = write("a", 0, 1, more="للتواصل: desk@akhbar.example")
    assert ingest(output, a) == 0
    [(first,), _] = ask(output, "SELECT article_id FROM articles ORDER BY dump_offset")
    assert maintain([output, "forget", "--id", first, "--yes"]) == 0
    assert ingest(output, a, "--replace", "--pii", "mask") == 0
    assert ask(output, ARTICLES) == [("https://akhbar.example/a/1",)]
    assert ask(output, "SELECT reason, url, detail FROM rejected") == [("forgotten", "", "")]


def test_the_address_of_a_refused_page_that_was_taken_down_is_not_told_again(place):
    output, write = place
    a = write("a", 0, 1)
    assert ingest(output, a, "--clean_min_words", "500") == 0
    assert maintain([output, "forget", "--url", "https://akhbar.example/a/1", "--yes"]) == 0
    assert ingest(output, a, "--replace", "--clean_min_words", "400") == 0
    assert ask(output, "SELECT url FROM rejected ORDER BY ALL") == [("",), ("https://akhbar.example/a/0",)]
    assert found(output) == []


@pytest.mark.parametrize(
    "stated", ["news.مثال.example", "https://News.xn--mgbh0fb.example/", "www.news.xn--mgbh0fb.example"]
)
def test_a_site_is_taken_down_however_it_is_written(place, stated):
    output, write = place
    assert ingest(output, write("a", 0, host="news.مثال.example"), write("b", 1, host="other.مثال.example")) == 0
    assert maintain([output, "forget", "--site", stated, "--yes"]) == 0
    assert ask(output, ARTICLES) == [("https://other.مثال.example/b/1",)]
    assert ingest(output, write("c", 2, host="news.xn--mgbh0fb.example")) == 0
    assert ask(output, ARTICLES) == [("https://other.مثال.example/b/1",)]


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ("akhbar.example/a", "akhbar.example/a is no domain; give one such as akhbar.example"),
        (
            "https://akhbar.example/a",
            "https://akhbar.example/a is a page; --url takes it down, --site akhbar.example all pages of its site",
        ),
        (
            "https://akhbar.example/?p=1",
            "https://akhbar.example/?p=1 is a page; --url takes it down, --site akhbar.example all pages of its site",
        ),
        ("com.sa", "com.sa is no site: anybody can have a domain under it; give one such as akhbar.com.sa"),
    ],
)
def test_what_is_no_site_takes_nothing_down(place, capsys, stated, said):
    output, write = place
    assert ingest(output, write("a", 0)) == 0
    assert maintain([output, "forget", "--site", stated, "--yes"]) == 2
    assert f"--site: {said}\n" in capsys.readouterr().err
    assert len(ask(output, ARTICLES)) == 1


def test_a_page_is_taken_down_however_its_address_is_spelled(place):
    output, write = place
    assert ingest(output, write("a", 0, 1, host="www.akhbar.example")) == 0
    spelled = "http://Akhbar.example/a/1/?utm_source=mail#top"
    assert maintain([output, "forget", "--url", spelled, "--yes"]) == 0
    assert ask(output, ARTICLES) == [("https://www.akhbar.example/a/0",)]
    b = write("b", 1, host="akhbar.example")
    Path(b).write_text(Path(b).read_text(encoding="utf-8").replace("/b/1", "/a/1"), encoding="utf-8")
    assert ingest(output, b, "--new", "--rejected", "all") == 0
    assert ask(output, ARTICLES) == [("https://www.akhbar.example/a/0",)]
    assert ask(output, "SELECT reason FROM rejected") == [("forgotten",)]


@pytest.mark.parametrize(
    "stated", ["", "akhbar.example/a/0", "//akhbar.example/a/0", "http://", "ftp://akhbar.example/a/0", "http://[a/0"]
)
def test_what_is_no_address_takes_nothing_down(place, capsys, stated):
    """A take-down that finds nothing looks as if it were done."""
    output, write = place
    assert ingest(output, write("a", 0)) == 0
    assert maintain([output, "forget", "--url", stated, "--yes"]) == 2
    assert f"--url: {stated!r} is no address of a page; give it whole" in capsys.readouterr().err
    assert len(ask(output, ARTICLES)) == 1
