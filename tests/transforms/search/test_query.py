"""The language of queries: each form, and a line with the remedy for each mistake."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.search.query import All, Any, Days, Not, QueryError, Words, filters, parse, positive


def word(*words, field="anywhere", **more):
    return Words(field, words, len(words) > 1, **more)


QUERIES = [
    ("", All(())),
    ("الإمارات", word("الامارات")),
    ("نفط غاز", All((word("نفط"), word("غاز")))),
    ("نفط AND غاز", All((word("نفط"), word("غاز")))),
    ('"مجلس الأمن"', word("مجلس", "الامن")),
    ("«مجلس الأمن»", word("مجلس", "الامن")),
    ("“مجلس الأمن”", word("مجلس", "الامن")),
    ("كوفيد-19", word("كوفيد", "19")),
    ("عبدالله", word("عبد", "الله")),
    ("قمة الرياض OR جدة", All((word("قمه"), Any((word("الرياض"), word("جده")))))),
    ("نفط | غاز", Any((word("نفط"), word("غاز")))),
    ("نفط أو غاز", Any((word("نفط"), word("غاز")))),
    ("أوروبا ANDORRA", All((word("اوروبا"), word("andorra")))),
    ("مصر -كرة", All((word("مصر"), Not(word("كره"))))),
    ("مصر NOT كرة", All((word("مصر"), Not(word("كره"))))),
    ("-(نفط غاز)", Not(All((word("نفط"), word("غاز"))))),
    ("مصر - كرة", All((word("مصر"), word("كره")))),
    ("(نفط OR غاز) مصر", All((Any((word("نفط"), word("غاز"))), word("مصر")))),
    ("~الإمارات", word("الامارات", is_wide=True)),
    ("title:قمة", word("قمه", field="title")),
    ("عنوان:قمة", word("قمه", field="title")),
    ("title:~قمة", word("قمه", field="title", is_wide=True)),
    ('name:"محمد بن سلمان"', word("محمد", "بن", "سلمان", field="name")),
    ("name:ترامب", Words("name", ("ترامب",), is_quoted=True)),
    ("site:www.Site.example", word("site.example", field="site")),
    ("site:https://site.example/x", word("site.example", field="site")),
    ("topic:sport", word("sport", field="topic")),
    ("topic:politics", word("politics_and_government", field="topic")),
    ("topic:رياضة", word("sport", field="topic")),
    ("since:2018-02", Days(dt.date(2018, 2, 1), None)),
    ("until:2018-02", Days(None, dt.date(2018, 2, 28))),
    ("until:٢٠٢٠", Days(None, dt.date(2020, 12, 31))),
    ("since:2018-05-31", Days(dt.date(2018, 5, 31), None)),
    ("10:30", word("10", "30")),
    ("عاجل: قمة", All((word("عاجل"), word("قمه")))),
    ('"عاجل:قمة"', word("عاجل", "قمه")),
]


@pytest.mark.parametrize(("query", "expected"), QUERIES, ids=[row[0] for row in QUERIES])
def test_each_form_of_a_query(query, expected):
    assert parse(query) == expected


MISTAKES = [
    ('"مجلس', 'the query has a quote that is not closed; add " after the phrase'),
    ("«مجلس", "the query has a quote that is not closed; add » after the phrase"),
    ("(نفط", 'the query has a "(" that is not closed; add ")"'),
    ("نفط)", 'the query has a ")" without "("; remove it, or put it in quotes'),
    ("titel:x", "no field 'titel'; there are title, text, name, site, topic, since, until; did you mean title:?"),
    ("عاجل:قمة", "no field 'عاجل'"),
    ("title: قمة", "title: has no word after it; write title:word, without a blank"),
    ('title:"…"', "title: has no word after it; write title:word"),
    ("topic:sprot", "no topic 'sprot'; did you mean sport?"),
    ("since:2018-13", "'2018-13' is no date; write 2024-05-31, 2024-05 or 2024"),
    ("since:yesterday", "'yesterday' is no date"),
    ("until:2018-02-30", "'2018-02-30' is no date"),
    ("…", "the query has no word in it"),
    ("OR", "the query has no word in it"),
    ("(" * 30 + "x" + ")" * 30, "the query has more than 20 brackets in each other"),
    ("x" * 5000, "the query is longer than 4,096 characters"),
]


@pytest.mark.parametrize(("query", "message"), MISTAKES, ids=[row[1][:30] for row in MISTAKES])
def test_a_mistake_is_one_line_with_the_remedy(query, message):
    with pytest.raises(QueryError) as raised:
        parse(query)
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_filters_are_parts():
    assert filters(since=dt.date(2018, 5, 1), until=None, site="", topic="sport", name="بن سلمان") == [
        Days(dt.date(2018, 5, 1), None),
        word("sport", field="topic"),
        word("بن", "سلمان", field="name"),
    ]


@given(st.text() | st.text('ab قا"()|:-~ORNTد «»12'))
def test_any_text_is_a_query_or_a_mistake(query):
    try:
        part = parse(query)
    except QueryError:
        return
    assert all(words.words for words in positive(part))
