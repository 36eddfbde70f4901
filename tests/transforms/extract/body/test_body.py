import json

import pytest

from warraq.schemas.labels import CONTAINER, PRUNED_PAGE, STATED_BODY, WHOLE_PAGE
from warraq.transforms.extract.body.body import BodyCandidate, read_bodies
from warraq.transforms.extract.body.choose import Body, choose_fuller, decide_body
from warraq.transforms.extract.body.prune import prune
from warraq.transforms.extract.facts import Facts
from warraq.transforms.extract.findings import Findings

TITLE = "المكتبة الوطنية تفتح أبوابها ليلا"
LEAD = "قررت المكتبة الوطنية أن تبقى مفتوحة حتى منتصف الليل طوال الشهر المقبل."
PARAGRAPHS = [
    "وقالت مديرة المكتبة هالة النجار إن الطلاب طلبوا ذلك منذ سنوات، وإن الموازنة الجديدة سمحت به أخيرا.",
    "وأوضحت أن القاعات الثلاث ستضاء كلها، وأن حافلة صغيرة ستنقل الزوار إلى محطة القطار بعد الإغلاق.",
    "ويتوقع القائمون على المشروع أن يتضاعف عدد الزوار، ولا سيما في أسابيع الامتحانات التي تبدأ قريبا.",
]


def body(inner, title=TITLE, description=None, json_ld=()):
    script = f"<script type='application/ld+json'>{json.dumps(json_ld)}</script>"
    facts = Facts(f"<html><head>{script}</head><body>{inner}</body></html>", "")
    return decide_body("text", facts, title, description, Findings()).lines


def paragraphs(texts=PARAGRAPHS):
    return "".join(f"<p>{text}</p>" for text in texts)


HEADLINE = f"<h1>{TITLE}</h1>"
RELATED = '<ul><li><a href="/1">خبر آخر عن المدينة القديمة</a></li><li><a href="/2">وخبر ثالث</a></li></ul>'


@pytest.mark.parametrize(
    "inner",
    [
        pytest.param(f"{HEADLINE}<article>{paragraphs()}</article>", id="article"),
        pytest.param(f"{HEADLINE}<div>{paragraphs()}</div>", id="no classes"),
        pytest.param(f"<article><p>محليات</p>{HEADLINE}{paragraphs()}</article>", id="title and section in the body"),
        pytest.param(f"{HEADLINE}<article>{paragraphs()}{RELATED}</article>", id="related stories below"),
        pytest.param(
            f"{HEADLINE}<article>{paragraphs(PARAGRAPHS[:1])}<p><a href='/3'>أسعار الكتب ترتفع في المعرض</a></p>"
            f"{paragraphs(PARAGRAPHS[1:])}</article>",
            id="a link between paragraphs",
        ),
        pytest.param(
            f"{HEADLINE}<article>{paragraphs()}</article><div id='comments'><h3>التعليقات</h3>"
            "<div class='comment'><p>تعليق طويل من قارئ يقول فيه إن الفكرة جميلة جدا وإنه ينتظرها.</p></div></div>",
            id="comments",
        ),
        pytest.param(
            f"{HEADLINE}<div class='x article-body'>{paragraphs(PARAGRAPHS[:1])}</div><div class='ad'></div>"
            f"<div class='x article-body'>{paragraphs(PARAGRAPHS[1:])}</div>",
            id="two containers",
        ),
        pytest.param(
            f"{HEADLINE}<article>{paragraphs()}<div class='reactions'><p>قارئ: فكرة جميلة نتمنى أن تعم المدن كلها.</p></div></article>",
            id="comments by the block's name",
        ),
        pytest.param(
            f"{HEADLINE}<article>{paragraphs()}<h4>ردود القراء (2)</h4><p>فكرة جميلة نتمنى أن تعم المدن كلها.</p></article>",
            id="comments by their heading",
        ),
        pytest.param(f"<h4>التعليقات (2)</h4>{HEADLINE}<article>{paragraphs()}</article>", id="a counter above"),
        pytest.param(
            f"<div><div><a href='/'>النهار</a></div><div>أخبار رياضة ثقافة</div></div><div><div>محليات</div><div>{HEADLINE}</div>"
            f"<div>الخميس 22 أيار 2025</div><div>{'<br><br>'.join(PARAGRAPHS)}</div><div>تابعنا على المنصات</div></div>",
            id="lines parted by breaks, divs without names",
        ),
        pytest.param(
            "<table><tr><td><table><tr><td><a href='/1'>أخبار</a></td></tr><tr><td><a href='/2'>رياضة</a></td></tr></table></td>"
            f"<td><table><tr><td><font><b>{TITLE}</b></font></td></tr><tr><td>20 نوفمبر 2011</td></tr><tr><td><table><tr><td>"
            f"<img src=a.gif></td></tr></table><font>{'<br><br>'.join(PARAGRAPHS)}</font></td></tr><tr><td><a>نسخة للطباعة</a></td>"
            "</tr></table></td></tr></table>",
            id="tables in tables",
        ),
        pytest.param(
            f"<div class='k1'><div class='k2'>{HEADLINE}<div class='k3'>"
            + "".join(f"<div class='k4'><div>{text}</div></div>" for text in PARAGRAPHS)
            + "</div></div><div class='k5'>جميع الحقوق محفوظة</div></div>",
            id="a div for each paragraph",
        ),
        pytest.param(
            f"<h1>عنوان آخر للخبر نفسه</h1><article><p>عنوان آخر للخبر نفسه</p>{paragraphs()}</article>",
            id="another headline than the stated title",
        ),
        pytest.param(
            f"<script>var a = '<p>';</script><style>p {{}}</style>{HEADLINE}<article>{paragraphs()}</article>",
            id="code",
        ),
    ],
)
def test_the_paragraphs_come_out_and_nothing_else(inner):
    assert body(inner) == PARAGRAPHS


def test_containers_of_another_article_are_not_joined():
    inner = (
        f"{HEADLINE}<div class='article-body'>{paragraphs()}</div><h1>عنوان مقال آخر</h1>"
        "<div class='article-body'><p>هذا نص مقال آخر لا علاقة له بالمكتبة، وهو طويل بما يكفي كي يحسب نصا.</p></div>"
    )
    assert body(inner) == PARAGRAPHS


def test_no_standfirst_is_looked_for_behind_a_body_in_one_block():
    lines = [f"{text} وفي الفقرة {number} من التقرير تفصيل ذلك كله." for number in range(8) for text in PARAGRAPHS]
    excerpt = "<div class='excerpt'>تبدأ غدا في الميناء القديم أعمال توسيع الرصيف الثالث.</div>"
    teaser = f"<li><h4><a href='/9'>خبر</a></h4>{excerpt}</li>"
    found = body(f"<article>{HEADLINE}<p>{TITLE}<br><br>{'<br><br>'.join(lines)}</p></article><ul>{teaser}</ul>")
    assert found == lines


def test_a_standfirst_is_found_by_its_class():
    inner = f"<header>{HEADLINE}<p class='article-standfirst lead'>{LEAD}</p></header><article>{paragraphs()}</article>"
    assert body(inner) == [LEAD, *PARAGRAPHS]


def test_a_standfirst_that_repeats_the_first_paragraph_is_left_out():
    cut = PARAGRAPHS[0].replace(" هالة النجار", "").replace("أخيرا.", "...")
    inner = f"<header>{HEADLINE}<p class='lead'>وأكدت {cut}</p></header><article>{paragraphs()}</article>"
    assert body(inner) == PARAGRAPHS


def test_a_standfirst_is_found_by_the_page_s_description():
    inner = f"<header>{HEADLINE}<h2>{LEAD}</h2></header><article>{paragraphs()}</article>"
    assert body(inner, description=LEAD) == [LEAD, *PARAGRAPHS]


@pytest.mark.parametrize("container", ["article", "div"])
def test_headings_inside_the_body_stay(container):
    text = f"{paragraphs(PARAGRAPHS[:2])}<h2>ساعات الليل</h2>{paragraphs(PARAGRAPHS[2:])}"
    inner = f"<div>{HEADLINE}</div><{container}>{text}</{container}><div><h4>هالة النجار</h4><p>كاتبة تهتم بالمكتبات.</p></div>"
    assert body(inner) == [*PARAGRAPHS[:2], "ساعات الليل", PARAGRAPHS[2]]


@pytest.mark.parametrize("credit", ["(أ ف ب)", "المصدر: رويترز", "رويترز", "أ.ف.ب", "- وكالات -"])
def test_a_credit_below_the_body_stays(credit):
    assert body(f"<article>{paragraphs([*PARAGRAPHS, credit, 'طباعة'])}</article>") == [*PARAGRAPHS, credit]


def stated(text):
    return [{"@type": "NewsArticle", "articleBody": text}]


def test_a_stated_body_drops_teasers_of_other_stories():
    teaser = "الشرطة تعثر على سيارة مسروقة في ضاحية المدينة بعد بحث دام أسبوعا كاملا."
    inner = f"{HEADLINE}<article>{paragraphs([*PARAGRAPHS, teaser])}</article>"
    assert body(inner, json_ld=stated(" ".join(PARAGRAPHS))) == PARAGRAPHS


def test_a_stated_body_replaces_half_of_a_text():
    inner = f"{HEADLINE}<article>{paragraphs(PARAGRAPHS[:1])}</article>"
    assert body(inner, json_ld=stated("\n".join(PARAGRAPHS * 2))) == PARAGRAPHS * 2


@pytest.mark.parametrize("claim", ["قصير", "نص آخر لا صلة له بما في الصفحة من كلام. " * 20])
def test_a_stated_body_of_something_else_changes_nothing(claim):
    assert body(f"{HEADLINE}<article>{paragraphs()}</article>", json_ld=stated(claim)) == PARAGRAPHS


QUOTED = "«تبقى المكتبة مفتوحة من الثامنة صباحا حتى منتصف الليل في أيام الأسبوع كلها ما عدا الجمعة»"
SENTENCE = "وجاء في القرار المنشور أن العمل به يبدأ في أول أيام الشهر المقبل وأن المديرة تشرف على تنفيذه."


@pytest.mark.parametrize(
    "passage",
    [
        f'<p><a href="#law" onclick="x()">{QUOTED}</a></p>',
        f'<p><a href="javascript:void(0)">{SENTENCE}</a></p>',
        f"<p><a>{SENTENCE}</a></p>",
        f'<a href="#law"><p>{QUOTED}</p></a>',
        f'<p><a href="https://law.example/decision.pdf">{QUOTED}</a></p>',
        f'<p><strong><a href="/decision">{SENTENCE}</a></strong></p>',
    ],
)
def test_linked_passages_of_the_body_are_text(passage):
    text = QUOTED if QUOTED in passage else SENTENCE
    inner = f"{HEADLINE}<article>{paragraphs(PARAGRAPHS[:1])}{passage}{paragraphs(PARAGRAPHS[1:])}</article>"
    assert body(inner) == [PARAGRAPHS[0], text, *PARAGRAPHS[1:]]


@pytest.mark.parametrize(
    "teaser",
    [
        '<p><a href="/2">وزارة الثقافة تعلن عن برنامج جديد لدعم المكتبات العامة في القرى والبلدات البعيدة</a></p>',
        f'<div><h4><a href="/2">عنوان خبر آخر عن القرى</a></h4><p><a href="/2">{SENTENCE}</a></p></div>',
        f'<a href="/2"><p>{SENTENCE}</p></a>',
        '<p><a href="#top">العودة إلى أعلى الصفحة</a></p>',
        '<p><a href="#a">ساعات العمل</a> <a href="#b">القاعات الثلاث</a> <a href="#c">حافلة الليل إلى المحطة</a></p>',
    ],
)
def test_linked_headlines_teasers_and_contents_are_no_text(teaser):
    inner = f"{HEADLINE}<article>{paragraphs(PARAGRAPHS[:2])}{teaser}{paragraphs(PARAGRAPHS[2:])}</article>"
    assert body(inner) == PARAGRAPHS


LINKED_LIST = "<ul><li><a href='/1'>قاعة الخرائط القديمة</a></li><li><a href='/2'>ركن الأطفال</a></li></ul>"


@pytest.mark.parametrize(
    ("before", "is_text"),
    [
        ("<p>ومن القاعات التي ستبقى مفتوحة كل ليلة حتى منتصف الليل:</p>", True),
        ("<h3>اقرأ المزيد من أخبار المدينة:</h3>", False),
        ("<p>وستبقى القاعات كلها مفتوحة كل ليلة حتى منتصف الليل.</p>", False),
        ("<p><a href='/3'>ومن القاعات التي ستبقى مفتوحة كل ليلة حتى منتصف الليل:</a></p>", False),
    ],
    ids=["introduced", "related", "no colon", "linked"],
)
def test_a_linked_list_is_text_if_a_sentence_introduces_it(before, is_text):
    lines = body(f"{HEADLINE}<article>{paragraphs(SECTIONS)}{before}{LINKED_LIST}{paragraphs()}</article>")
    assert ("ركن الأطفال" in lines) == is_text


@pytest.mark.parametrize(
    ("block", "is_text"), [("{}", True), ("<div>{}</div>", False)], ids=["in the text", "a block of its own"]
)
def test_a_linked_heading_is_text_above_prose_of_the_article(block, is_text):
    section = f"<h3><a href='/1'>قاعة الخرائط القديمة</a></h3>{paragraphs(PARAGRAPHS[:1])}"
    lines = body(
        f"{HEADLINE}<article>{paragraphs(SECTIONS)}{block.format(section)}{paragraphs(PARAGRAPHS[1:])}</article>"
    )
    assert ("قاعة الخرائط القديمة" in lines) == is_text


def test_the_lines_of_a_short_page_stay_lines_without_title_and_menu():
    flash = ["شب حريق محدود في سوق الخشب قرب الميناء.", "وأخمده رجال الإطفاء في أقل من ساعة، ولم يصب أحد بأذى."]
    inner = f"<nav><a href='/'>الرئيسية</a></nav><article>{HEADLINE}{paragraphs(flash)}</article>"
    assert body(inner) == flash


def test_text_behind_a_button_is_text():
    inner = f"{paragraphs(PARAGRAPHS[:1])}<div id='rest' style='display:none'>{paragraphs(PARAGRAPHS[1:])}</div>"
    error = "<span style='display:none' class='error'>حدث خطأ، يرجى المحاولة مرة أخرى.</span>"
    assert body(f"{HEADLINE}<article>{inner}{error}<a onclick='x()'>قراءة المزيد</a></article>") == PARAGRAPHS


def test_footnotes_and_their_marks_are_no_text():
    marked = "وأوضحت أن القاعات الثلاث ستضاء كلها <sup class='reference'><a href='#n1'>[1]</a></sup>، وأن المقهى سيفتح<sup>[أ]</sup>."
    notes = "<h2>الهوامش</h2><ol class='references'><li>دليل المكتبة الوطنية.</li><li>هالة النجار، مكتبات المدينة.</li></ol>"
    found = body(f"{HEADLINE}<article>{paragraphs(PARAGRAPHS)}<p>{marked}</p>{notes}</article>")
    assert found == [*PARAGRAPHS, "وأوضحت أن القاعات الثلاث ستضاء كلها، وأن المقهى سيفتح."]
    area = "وتبلغ مساحة القاعة 400 م<sup>2</sup>، وفيها مئة مقعد وعشرون حاسوبا للزوار."
    assert body(f"{HEADLINE}<article>{paragraphs()}<p>{area}</p></article>")[-1].startswith(
        "وتبلغ مساحة القاعة 400 م2،"
    )


def test_a_page_without_text_has_no_lines():
    assert body("<img src='a.jpg'>") == []


def test_candidates_have_their_source_and_the_whole_page_is_read_last():
    script = json.dumps(stated(" ".join(PARAGRAPHS)), ensure_ascii=False)
    page = f"<script type='application/ld+json'>{script}</script>{HEADLINE}<article id='story'>{paragraphs()}</article>"
    found = list(read_bodies(Facts(page, "")))
    assert [one.source for one in found] == [STATED_BODY, CONTAINER, PRUNED_PAGE]
    assert found[1].evidence.startswith('<article id="story"> with ')


SECTIONS = [f"{text} وفي اليوم رقم {number} من الأسبوع تكرر ذلك كله." for number in range(4) for text in PARAGRAPHS]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(
            f"<div class='article-body'>{paragraphs(SECTIONS[:2])}</div>", id="only the first section is named"
        ),
        pytest.param(
            f"<article>{paragraphs(['اشترك في نشرتنا البريدية، فهي تصل كل صباح. ' * 6])}</article>", id="promotion"
        ),
    ],
)
def test_a_container_with_little_of_the_page_yields_to_the_whole_page(wrong):
    rest = "".join(f"<section><h2>القسم {n}</h2>{paragraphs(SECTIONS[n : n + 2])}</section>" for n in range(2, 12, 2))
    lines = body(f"{HEADLINE}<div>{wrong}<div>{rest}</div></div>")
    assert [line for line in lines if line in SECTIONS[2:]] == SECTIONS[2:]


def test_a_container_with_most_of_the_page_is_believed():
    teaser = paragraphs(["خبر آخر من المدينة عن سوق السمك الذي يفتح أبوابه مطلع الشهر المقبل."])
    page = f"{HEADLINE}<article>{paragraphs(SECTIONS)}</article><div>{teaser * 2}</div>"
    facts, findings = Facts(f"<html><body>{page}</body></html>", ""), Findings()
    assert decide_body("text", facts, TITLE, None, findings).lines == SECTIONS
    assert "text in doubt" not in findings.decisions


def test_a_body_that_the_page_states_is_believed():
    rest = "".join(f"<div><h1>خبر {n}</h1>{paragraphs(SECTIONS[n : n + 2])}</div>" for n in (2, 5))
    assert body(f"{HEADLINE}<div itemprop='articleBody'>{paragraphs()}</div>{rest}") == PARAGRAPHS


@pytest.mark.parametrize(
    ("other", "is_chosen"),
    [
        (SECTIONS, True),
        (SECTIONS[:1], False),
        ([" ".join(SECTIONS)], True),
        ([line.rstrip(".") for line in SECTIONS], False),  # a menu: no line ends a sentence
        (["قسم من أقسام الموقع"] * 200 + SECTIONS[:3], False),
        ([], False),
    ],
    ids=["more sentences", "as many", "in one line", "no sentences", "mostly labels", "nothing"],
)
def test_a_text_in_doubt_yields_to_one_with_clearly_more_sentences(other, is_chosen):
    doubted = Body(PARAGRAPHS[:1], CONTAINER, [])
    found = choose_fuller([BodyCandidate(other, WHOLE_PAGE)], doubted)
    assert found == (Body(other, WHOLE_PAGE, []) if is_chosen else doubted)


@pytest.mark.parametrize("tag", ["button", "select", "svg"])
def test_a_tag_that_was_never_closed_does_not_take_the_page_along(tag):
    unclosed = (
        f"<header><div><{tag} class='menu'></div></header><main>{HEADLINE}<article>{paragraphs()}</article></main>"
    )
    assert body(unclosed) == PARAGRAPHS


@pytest.mark.parametrize("tag", ["aside", "nav", "footer"])
def test_a_menu_that_was_never_closed_is_none(tag):
    inner = f"<{tag}><div>القائمة</div>{HEADLINE}<div class='article-body'>{paragraphs()}</div>"
    page = Facts(f"<html><body>{inner}</body></html>", "")
    assert max(page.density.prose.values()) == sum(map(len, PARAGRAPHS))


def test_a_closed_menu_stays_one_whatever_its_heading_is():
    menu = "<nav><h1>النهار</h1><p>رياضة</p></nav>"
    assert body(f"{menu}{HEADLINE}<div class='article-body'>{paragraphs()}</div>") == PARAGRAPHS


@pytest.mark.parametrize("end", ["</body></html>", "</BODY></HTML>\n<!DOCTYPE html><html><body>", "</html >"])
def test_what_follows_the_end_of_a_page_is_text(end):
    assert body(f"<header>القائمة</header>{end}{HEADLINE}<article>{paragraphs()}</article>") == PARAGRAPHS


@pytest.mark.parametrize("name", ["so-panel widget", "w-embed", "expand-area"])
def test_the_name_of_a_block_does_not_hide_half_of_the_text(name):
    inner = f"{paragraphs(SECTIONS[:4])}<div class='{name}'>{paragraphs(SECTIONS[4:])}</div>"
    assert body(f"{HEADLINE}<div class='article-body'>{inner}</div>") == SECTIONS


def test_the_name_of_a_small_block_is_believed():
    inner = f"{paragraphs(SECTIONS)}<div class='post-rating'><p>قيم هذا الخبر من فضلك الآن.</p></div>"
    assert body(f"{HEADLINE}<div class='article-body'>{inner}</div>") == SECTIONS


def test_a_pruned_container_is_a_document_of_its_own():
    tree = Facts(f"{HEADLINE}<article>{paragraphs()}</article><aside>{paragraphs()}</aside>", "").tree
    assert len(prune([tree.find(".//article")]).xpath("//p")) == len(PARAGRAPHS)


def test_readers_leave_the_tree_as_it_was():
    facts = Facts(f"{HEADLINE}<article>{paragraphs()}</article>", "")
    before = len(list(facts.tree.iter()))
    decide_body("text", facts, TITLE, None, Findings())
    assert len(list(facts.tree.iter())) == before


def test_an_editor_s_blocks_are_paragraphs_beside_an_empty_one():
    block = '<div class="block" data-block="true"><div class="line"><span>{}</span></div></div>'
    blocks = "".join(map(block.format, [PARAGRAPHS[0], "في سطور", *PARAGRAPHS[1:]]))
    written = f'{HEADLINE}<div class="hn_text"><p> </p>{blocks}</div>'
    assert body(written) == [PARAGRAPHS[0], "في سطور", *PARAGRAPHS[1:]]


def test_blocks_of_prose_stay_if_most_of_the_text_is_in_paragraphs():
    teaser = "<div><div>وقال مدير المتحف القديم إن المعرض الجديد سيفتح للزوار في مطلع العام المقبل.</div></div>"
    tree = Facts(f"<article>{HEADLINE}{paragraphs()}{teaser}</article>", "").tree
    article = next(tree.iter("article"))
    assert len(list(prune([article]).iter("p"))) == len(PARAGRAPHS)
    assert len(list(prune([article[-1]]).iter("p"))) == 1


def test_comments_behind_a_heading_in_a_block_of_its_own_are_no_text():
    comments = "".join(f"<li><h3>قارئ</h3><p>{text} وهذا رأيي في الخبر الذي نشرتموه.</p></li>" for text in PARAGRAPHS)
    behind = f'<div class="title"><h2>التعليقات</h2></div><nav><ul>{comments}</ul></nav>'
    assert body(f"<article>{HEADLINE}{paragraphs()}{behind}</article>") == PARAGRAPHS


def test_a_heading_named_for_comments_above_prose_of_the_article_takes_nothing_along():
    more = paragraphs([f"{text} {text}" for text in PARAGRAPHS])
    inner = f"{HEADLINE}<article>{paragraphs(PARAGRAPHS[:1])}<h2>التعليقات</h2>{more}</article>"
    assert body(inner)[-1] == f"{PARAGRAPHS[-1]} {PARAGRAPHS[-1]}"
    counted = inner.replace("التعليقات", "التعليقات (3)").replace(PARAGRAPHS[0], " ".join(PARAGRAPHS * 3), 1)
    assert len(body(counted)) == 1
