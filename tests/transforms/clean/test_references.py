import pytest

from warraq.transforms.clean.references import without_edit_mark, without_references

PROSE = "تأسست المدينة على ضفة النهر، وازدهرت فيها صناعة السفن قبل ثلاثة قرون."
MORE = "وفي المدينة اليوم جامعة ومتحف ومسرح، ويزورها كثيرون في الربيع."


@pytest.mark.parametrize(
    "references",
    [
        [
            "↑ Jane Rivers (2-10-2017), Old towns, www.towns.example, Retrieved 3-2-2020. Edited.",
            "^ أ ب Anna Weston, Cities",
        ],
        ["1. سليم النجار، تاريخ السفن، ص 41.", "2. هدى سالم، مدن النهر، ص 7."],
        ["[1] https://towns.example/history", "[2] https://towns.example/ships"],
        ["سليم النجار (1998)، تاريخ السفن.", "مدن النهر، دار الضفة للنشر، 2004."],
        ["اطّلع عليه بتاريخ 3 فبراير 2020، موقع المدن."],
        ["A short history of ships", "Jane Rivers: Old towns and their rivers"],
    ],
)
@pytest.mark.parametrize("heading", ["المراجع", "المصادر:", "المراجع والمصادر", "الهوامش"])
def test_a_list_of_references_goes_with_its_heading(heading, references):
    assert without_references([PROSE, heading, *references]) == [PROSE]
    assert without_references([PROSE, heading, *references, MORE]) == [PROSE, MORE]


def test_lines_with_a_back_mark_go_without_a_heading():
    marked = ["↑ مدن النهر", "^ أ ب مدن النهر", "^ Rivers", "1. ↑ مدن النهر", "٢- ^ مدن النهر", "مدن النهر ↩"]
    assert without_references([PROSE, *marked]) == [PROSE]


@pytest.mark.parametrize(
    "lines",
    [
        [PROSE, "المصادر", MORE],  # a section about sources
        ["المصادر", PROSE],
        [PROSE, "1. افتح الغطاء", "2. أضف الماء"],
        ["The old town", "Sources", "Officials said that the harbour would be opened in May."],
        [PROSE, "^_^"],
    ],
)
def test_other_lines_stay(lines):
    assert without_references(lines) == lines


@pytest.mark.parametrize(
    ("line", "bare"),
    [
        ("التاريخ[عدل]", "التاريخ"),
        ("التاريخ [عدل | عدل المصدر]", "التاريخ"),
        ("التاريخ [ عدّل ]", "التاريخ"),
        ("History[edit]", "History"),
        ("Histoire [modifier | modifier le code]", "Histoire"),
        ("[عدل]", ""),
        ("قال [عدل] في الحكم", "قال [عدل] في الحكم"),
        ("وأصدر الملك [عادل]", "وأصدر الملك [عادل]"),
        ("كما في المصدر[3]", "كما في المصدر[3]"),
    ],
)
def test_an_edit_mark_is_cut_off_the_end(line, bare):
    assert without_edit_mark(line) == bare
