import lxml.html
import pytest

from warraq.transforms.extract.body.hidden import reveal

SHOWN = "زار الوزير المصنع الجديد صباح اليوم والتقى بالعاملين فيه واستمع إلى مطالبهم بشأن الأجور وساعات العمل."
WAITING = (
    "وقال مدير المصنع إن خطوط الإنتاج الثلاثة تعمل بكامل طاقتها منذ شهرين، وإن الشركة ستوظف مئة عامل آخر قبل نهاية "
    "العام الحالي إذا بقي الطلب على حاله."
)
MORE = "ويبلغ إنتاج المصنع ألفي طن في الشهر، يذهب نصفها إلى الأسواق المجاورة عن طريق البحر، ويباع النصف الآخر في البلاد كلها."


def lines(inner):
    article = lxml.html.fromstring(f"<article>{inner}</article>")
    reveal(article)
    return [" ".join(p.text_content().split()) for p in article.iter("p") if p.text_content().strip()]


@pytest.mark.parametrize(
    "opening",
    [
        '<div style="display:none">',
        '<div style="color:red; DISPLAY : none;">',
        '<div style="visibility:hidden" id="more">',
        "<div hidden>",
        '<div aria-hidden="true">',
        '<div class="collapse" id="rest">',
        '<section class="expandable" hidden>',
        '<div class="more-text" style="display:none">',
        '<div class="more hidden">',
        '<div class="d-none">',
    ],
)
def test_prose_that_waits_for_a_click_is_shown(opening):
    tag = opening[1:].split(maxsplit=1)[0]
    inner = f"<p>{SHOWN}</p>{opening}<p>{WAITING}</p><p>{MORE}</p></{tag}><a onclick='show()'>قراءة المزيد</a>"
    assert lines(inner) == [SHOWN, WAITING, MORE]
    article = lxml.html.fromstring(f"<article>{inner}</article>")
    reveal(article)
    waiting = article.xpath("./p")[0].getnext()
    assert not {"style", "hidden", "aria-hidden", "class", "id"} & set(waiting.attrib)  # nothing later drops it


@pytest.mark.parametrize(
    "hidden",
    [
        '<p style="display:none" class="error">حدث خطأ أثناء تحميل الصفحة.</p>',
        f'<p style="display:none" class="form-error">{WAITING}</p>',
        f'<div hidden class="inline-paywall"><p>{WAITING}</p></div>',
        f'<div aria-hidden="true" class="pull-quote"><p>{WAITING}</p></div>',
        f'<div style="display:none" role="dialog"><p>{WAITING}</p></div>',
        f'<div hidden class="newsletter-box"><p>{WAITING}</p></div>',
        f'<div hidden><p>{WAITING}</p><input name="mail"></div>',
        f'<figcaption style="display:none"><p>{WAITING}</p></figcaption>',
        f'<div hidden><p><a href="/1">{WAITING}</a></p><p><a href="/2">{MORE}</a></p></div>',
        "<p hidden>تعذر تحميل هذا المقطع. يرجى المحاولة مرة أخرى بعد دقائق أو مراسلة فريق الدعم عبر نموذج الاتصال في الموقع.</p>",
        "<p hidden>شارك هذه المادة</p>",
    ],
)
def test_messages_dialogs_and_labels_that_are_hidden_are_removed(hidden):
    assert lines(f"<p>{SHOWN}</p>{hidden}<p>{MORE}</p>") == [SHOWN, MORE]


def test_parts_that_react_moves_into_place_are_shown_whatever_they_hold():
    assert lines(f'<p>{SHOWN}</p><div hidden id="S:1f"><p>أسئلة</p><p>{WAITING}</p></div>') == [SHOWN, "أسئلة", WAITING]


@pytest.mark.parametrize("hiding", ['style="display:none"', "hidden", 'class="text hidden"'])
def test_paragraphs_that_are_hidden_one_by_one_are_shown(hiding):
    short = [
        "وقال إن العمل بدأ أمس.",
        "وأضاف أن الأجور ستزيد عشرين في المئة.",
        "وشكر العاملين جميعا على صبرهم في الشهور الصعبة.",
    ]
    hidden = "".join(f"<p {hiding}>{text}</p>" for text in short)
    assert lines(f"<p>{SHOWN}</p>{hidden}") == [SHOWN, *short]


def test_a_class_that_hides_on_small_screens_only_hides_nothing():
    note = "صورة من داخل المصنع."
    assert lines(f'<p>{SHOWN}</p><div class="hidden md:block"><p>{note}</p></div>') == [SHOWN, note]
    assert lines(f'<p>{SHOWN}</p><div class="d-none d-lg-block"><p>{note}</p></div>') == [SHOWN, note]
    assert lines(f'<p>{SHOWN}</p><div class="hidden"><p>{note}</p></div>') == [SHOWN]


def test_the_hidden_rest_of_a_paragraph_is_shown_and_a_hidden_message_in_it_is_not():
    rest = "وأضاف أن الحافلات ستعمل حتى منتصف الليل في أيام العطل."
    message = '<span class="error" style="display:none">حدث خطأ، يرجى المحاولة لاحقا</span>'
    found = lines(f'<p>{SHOWN}<span id="more" style="display: none"> {rest}</span>{message}</p>')
    assert found == [f"{SHOWN} {rest}"]


def test_a_hidden_copy_of_shown_text_is_removed():
    assert lines(f"<p>{SHOWN}</p><p>{WAITING}</p><div hidden><p>{WAITING}</p></div>") == [SHOWN, WAITING]


def test_a_beginning_that_is_shown_gives_way_to_the_whole_hidden_text():
    cut = f"{' '.join(WAITING.split()[:12])} ..."
    assert lines(f'<p>{SHOWN}</p><p>{cut}</p><p style="display:none">{WAITING}</p>') == [SHOWN, WAITING]


def test_a_hidden_part_of_a_shown_part_is_judged_by_itself():
    error = '<p class="alert" hidden>تعذر عرض الصورة.</p>'
    assert lines(f"<p>{SHOWN}</p><div hidden><p>{WAITING}</p>{error}<p>{MORE}</p></div>") == [SHOWN, WAITING, MORE]
