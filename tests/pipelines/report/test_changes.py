import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.pipelines.report.changes import ID, Change, changes, embedded, facts_in

NUMBERS = st.dictionaries(st.text(max_size=8), st.integers(0, 10**12), max_size=4)


def page(facts):
    return f'<p>x</p><script type="application/json" id="{ID}">{facts}</script><script>y</script>'


@given(st.dictionaries(st.sampled_from(["pages", "site"]), NUMBERS))
def test_facts_come_back_from_the_page(facts):
    text = embedded(facts)
    assert "<" not in text
    assert facts_in(page(text)) == facts


@pytest.mark.parametrize(
    "html", ["", "<p>", page(""), page("[1]"), page('{"a":1}'), page('{"a":{"b":"c"}}'), page("{")]
)
def test_other_files_are_no_report(html):
    assert facts_in(html) is None


def test_differences_are_told_largest_first():
    before = {"pages": {"read": 5}, "site": {"a": 1, "b": 2, "c": 3}, "gone": {"x": 1}}
    now = {"pages": {"read": 5}, "site": {"a": 9, "b": 2, "d": 1}}
    found = changes(before, now)
    assert found == [
        Change("site", "a", 1, 9),
        Change("site", "c", 3, 0),
        Change("site", "d", 0, 1),
        Change("gone", "x", 1, 0),
    ]
    assert [change.change for change in found] == ["+8", "-3", "+1", "-1"]
    assert changes(now, now) == []
