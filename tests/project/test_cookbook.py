"""Every question of the cookbook has the answer that the document shows."""

import re

import pytest

from tests.project.cookbook import COOKBOOK, PAIR, ingest, shown
from warraq.pipelines.macros import MACROS
from warraq.pipelines.serve.app import application
from warraq.pipelines.serve.asker import Lake
from warraq.pipelines.views import Views

TEXT = COOKBOOK.read_text(encoding="utf-8")
PAIRS = [(pair[1], pair[2]) for pair in PAIR.finditer(TEXT)]


def test_every_question_has_an_answer_and_every_macro_is_in_the_document():
    assert len(re.findall(r"^## \d+\. .*\?$", TEXT, re.MULTILINE)) >= 15
    assert TEXT.count("```sql") == len(PAIRS) >= 15
    assert [sql for sql, shown_answer in PAIRS if not shown_answer.strip()] == []
    assert [macro.name for macro in MACROS if macro.is_table and f"{macro.name}(" not in TEXT] == ["runs_since"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return ingest(tmp_path_factory.mktemp("cookbook") / "out")


@pytest.fixture(scope="module")
def views(dataset):
    return Views(dataset)


@pytest.mark.slow
@pytest.mark.parametrize(("sql", "expected"), PAIRS)
def test_the_answer_is_that_of_the_document(views, sql, expected):
    assert shown(views, sql) == expected, "python -m tests.project.cookbook writes the answers anew"


# Question → words and numbers that its page must have. In 6 to 8 the page has another baseline than the document.
IN_THE_PAGE = {
    1: ("الاتحاد الأفريقي", "بطولة أفريقيا"),
    2: ("عنزة تعطل حركة القطار في قنا ساعة كاملة", "المركزي المصري يثبت أسعار الفائدة"),
    3: ("<td>0.5</td>", "<td>0.34</td>"),
    4: ("اليونيسف", "2011-11-20"),
    5: ("60.0%", "16.7%"),
    6: ("4.5", "-0.8"),
    7: ("7.2", "2.6"),
    8: ("اليمن", "<td>3.0</td>"),
    9: ("<dd>70</dd>", "<dd>78</dd>", "<strong>3</strong>"),
    10: ("الذهب يتراجع من ذروته مع صعود الدولار",),
    11: ("<bdi>mahrousa.example</bdi></td><td>2</td><td>0</td>",),
    12: ("25%", "15%"),
    13: ("<dd>74</dd>",),
    14: ("<td>26</td><td>8</td><td>31%</td>",),
    15: ("6.3%", "--kinds all"),
    16: ("?run=",),
    17: ("رويترز", "أ ف ب"),
    18: ("ترميم بيت الأمير طاز يكشف نقوشا مملوكية", "4 Articles"),
}


@pytest.mark.slow
def test_the_page_has_the_answers_too(dataset):
    client = application(Lake(dataset)).test_client()
    questions = re.findall(r"^## (\d+)\..*\n\nIn the page: .*\(`(.*)`\)\.$", TEXT, re.MULTILINE)
    assert {int(number) for number, _ in questions} == {*IN_THE_PAGE}
    for number, path in questions:
        page = client.get(path, headers={"Host": "localhost", "Accept-Language": "en"}).get_data(as_text=True)
        assert [words for words in IN_THE_PAGE[int(number)] if words not in page] == [], path
