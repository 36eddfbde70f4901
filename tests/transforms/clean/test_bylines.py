import pytest

from warraq.transforms.clean.bylines import is_byline, names_authors

FIVE = ["رامي الخوري", "سامر النجار", "محمد بيضون", "آرثر لوران", "ماري عبد الله"]


@pytest.mark.parametrize(
    "line",
    [
        "كتب: رامي الخوري ، سامر النجار ، محمد بيضون ، آرثر لوران ، ماري عبد الله",
        "كتب: رامي الخوري وسامر النجار ومحمد بيضون وآرثر لوران وماري عبد الله",
        "بقلم / رامي الخوري - سامر النجار - محمد بيضون - آرثر لوران",
        "إعداد وتحرير: رامي الخوري (بيروت)، سامر النجار (عمّان)، محمد بيضون (القاهرة)",
        "كتبت: ماري عبد الله و محمد بيضون و سامر النجار",
        "Written by: Rami Khoury, Samer Najjar and Mary Abdallah",
    ],
)
@pytest.mark.parametrize("authors", [[], FIVE])
def test_a_label_with_several_names_is_a_byline(line, authors):
    assert is_byline(line, authors)


@pytest.mark.parametrize(
    "line",
    [
        "كتب: في عام 2011 غادر رامي الخوري المدينة، وعاد إليها بعد عشر سنوات كاملة",
        "كتب رامي الخوري رسالة طويلة إلى أصدقائه في المدينة البعيدة، ثم سافر إليها بعد شهرين",
        "كتب: «ما زلت هنا، ما زلت أنتظر، ما زلت أكتب»، ثم أغلق الدفتر",
        "تقرير: أسعار الخبز ترتفع من جديد، وليرة البلاد تتراجع إلى أدنى حد، والناس ينتظرون",
    ],
)
def test_prose_behind_a_label_is_none(line):
    assert not is_byline(line, FIVE)
    assert not names_authors(line, FIVE)


@pytest.mark.parametrize("label", ["تقرير", "متابعة", "شارك في التغطية", "مراسلو الساحل"])
def test_a_label_of_work_needs_a_known_author(label):
    line = f"{label}: رامي الخوري، سامر النجار، محمد بيضون، آرثر لوران"
    assert is_byline(line, FIVE)
    assert names_authors(line, FIVE)
    assert not names_authors(line, [])
    assert not is_byline(line, [])


def test_a_byline_of_the_article_s_authors_is_known_anywhere():
    line = "كتب: رامي الخوري، سامر النجار، محمد بيضون"
    assert names_authors(line, ["سامر النجار"])
    assert not names_authors(line, ["ليلى حداد"])


@pytest.mark.parametrize(
    "line", ["سامر النجار (مكة المكرمة)", "مكة المكرمة - سامر النجار", "سامر النجار – الرباط", "1000Duke @", "@samer_n"]
)
def test_a_name_with_its_city_and_an_account_are_bylines(line):
    assert is_byline(line, ["سامر النجار"])
    assert not is_byline(f"{line} قال للصحيفة إن النتائج ستعلن غدا", ["سامر النجار"])


def test_a_sentence_about_an_author_is_none():
    assert not is_byline("سامر النجار - كاتب يحب البحر والجبال", ["سامر النجار"])
    assert not is_byline("مكة المكرمة - ليلى حداد", ["سامر النجار"])
