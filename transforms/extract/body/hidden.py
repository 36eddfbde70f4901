"""Hidden parts of an article: text that waits behind "قراءة المزيد" is text; messages, dialogs and copies are not.

Trafilatura drops whatever is hidden. Of the hidden prose inside the articles of real pages, most belongs to them:
answers that unfold, the rest of a long article, parts that a script moves into place.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Final

from lxml import etree
from lxml.html import HtmlElement

from warraq.transforms.arabic import WORD

_MAYBE_HIDDEN: Final = etree.XPath(
    "descendant::*[@hidden or @aria-hidden = 'true' or @style[contains(., 'none') or contains(., 'hidden')]"
    " or @class[contains(., 'ollaps') or contains(., 'xpand') or contains(., 'more') or contains(., 'hid')"
    " or contains(., 'd-none')] or @id[contains(., 'ollaps')]]"
)
_HIDING_STYLE = re.compile(r"(?i)(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden)")
_HIDING_CLASS = re.compile(r"(?:^|\s)(?:hidden|hide|is-hidden|d-none)(?:\s|$)")
_SHOWING_CLASS = re.compile(r"(?:^|\s)(?:\w+:(?:block|flex|grid|inline|table)|d-\w+-(?!none))")  # on larger screens
_COLLAPSED_NAME = re.compile(
    r"(?i)collaps|expand(?:ed|able|o)?(?:$|[\s_-])|(?:^|[\s_-])more-?(?:text|content|body)|(?:read|show)-?more-?(?:text|content)"
)
_NO_TEXT_NAME = re.compile(
    r"(?i)(?:^|[\s_-])(?:errors?|alerts?|warnings?|success|messages?|msg|notices?|notifications?|toasts?|tool-?tips?"
    r"|modals?|pull-?quotes?|pop-?(?:ups?|overs?)|dialogs?|overlays?|light-?box|cookies?|consent|newsletters?"
    r"|subscri\w*|register|log-?in"
    r"|sign-?(?:in|up)|forms?|shar(?:e|ing)|social|comments?|captions?|galler(?:y|ies)|slides?|slider|carousel|republi\w*"
    r"|cit(?:e|ations?)|footnotes?|references?|ads?|advert\w*|promo\w*|menus?|nav\w*|side-?bar|footer|print"
    r"|sr-only|screen-?reader\w*|visually-?hidden|disclaimer|bio|author\w*|by-?line\w*|related|recommend\w*|load\w*)"
    r"(?:$|[\s_-])"
)
_MESSAGE = re.compile(  # the words of messages to the reader
    r"(?i)حدث خط[أا]|تعذ[ّ]?ر (?:تحميل|الاتصال|عرض|فتح)|(?:يرجى|الرجاء) (?:المحاولة|إعادة|تحديث|تسجيل|تفعيل|الانتظار)"
    r"|حاول مرة أخرى|المحاولة (?:مرة أخرى|لاحقا)|went wrong|try again|error (?:occurred|loading)|javascript"
    r"|une erreur|veuillez r[ée]essayer"
)
_PITCH_NAME = re.compile(r"(?i)paywall|premium|(?:^|[\s_-])(?:offers?|upsell|teasers?)(?:$|[\s_-])")
_STREAMED = re.compile(r"S:[0-9a-f]+")  # React sends parts of a page late, hidden, and moves them into place
_NO_TEXT_TAGS: Final = frozenset({"aside", "nav", "footer", "form", "figcaption", "figure", "label", "dialog"})
_FIELDS: Final = ("input", "textarea", "form")
_SENTENCE_END = re.compile(r"[.!?؟…](?:\W|$)")
_LEAST_BLOCK: Final = 20  # words; messages are shorter
_LONGEST_MESSAGE: Final = 60  # words; in a longer text the words of messages are prose
_LEAST_PARAGRAPH: Final = 5  # words of one of several hidden paragraphs
_LONGEST_ROW: Final = 20  # elements before and behind that are read
_LEAST_REST: Final = 8  # words of the rest of a paragraph whose beginning is shown
_LEAST_SHOWN: Final = 5  # words of that beginning
_MOST_LINKED: Final = 0.5  # of the words inside links
_OPENING: Final = 8  # words by which a hidden copy of shown text is recognised
_CUT_END: Final = 3  # words at the end of a shown opening that may differ: a half word, "… المزيد"
_HIDING: Final = ("style", "hidden", "aria-hidden", "class", "id")


def reveal(article: HtmlElement) -> None:
    """Shows the hidden prose inside the article, and removes other hidden elements.

    A hidden copy of shown text is removed. If the shown text is only the beginning of it, the beginning is removed.
    """
    found = [element for element in _MAYBE_HIDDEN(article) if _is_hidden(element) or _is_collapsed(element)]
    if not found:
        return
    hidden = set(found)
    shown = " ".join(_shown_words(article, hidden))
    for element in reversed(found):  # inner ones first: a message inside a hidden text does not speak against it
        opening = _cut_opening(element)
        if _is_text(element, hidden) and (opening is not None or not _is_copy(element, shown)):
            for name in _HIDING:
                element.attrib.pop(name, None)
            if opening is not None:
                opening.drop_tree()
        elif _is_hidden(element):
            element.drop_tree()


def _is_hidden(element: HtmlElement) -> bool:
    return (
        element.get("hidden") is not None
        or _HIDING_STYLE.search(element.get("style") or "") is not None
        or element.get("aria-hidden") == "true"
        or _is_hidden_by_class(element.get("class") or "")
    )


def _is_hidden_by_class(names: str) -> bool:
    return _HIDING_CLASS.search(names) is not None and _SHOWING_CLASS.search(names) is None


def _is_collapsed(element: HtmlElement) -> bool:
    """True for an element that is named for text that unfolds; a style sheet hides it."""
    return any(_COLLAPSED_NAME.search(element.get(name) or "") for name in ("class", "id"))


def _is_text(element: HtmlElement, hidden: set[HtmlElement]) -> bool:
    """True for prose of at least a sentence, or the rest of a sentence, that is neither a message nor a dialog."""
    if _STREAMED.fullmatch(element.get("id") or ""):
        return True
    names = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('role') or ''}"
    if element.tag in _NO_TEXT_TAGS or _NO_TEXT_NAME.search(names) or next(element.iter(*_FIELDS), None) is not None:
        return False
    text = element.text_content()
    words = _count_words(text)
    linked = sum(len(link.text_content().split()) for link in element.iter("a"))
    if linked > _MOST_LINKED * words or not _SENTENCE_END.search(text):
        return False
    if words <= _LONGEST_MESSAGE and (_MESSAGE.search(text) or _PITCH_NAME.search(names)):
        return False
    if _is_rest(element):
        return words >= _LEAST_REST
    return words >= _LEAST_PARAGRAPH and sum(map(_count_words, _hidden_row(element, hidden))) >= _LEAST_BLOCK


def _hidden_row(element: HtmlElement, hidden: set[HtmlElement]) -> Iterator[str]:
    """The texts of an element and of the hidden ones of the same kind right before and behind it."""
    yield element.text_content()
    for preceding in (True, False):
        siblings = itertools.islice(element.itersiblings(preceding=preceding), _LONGEST_ROW)
        for sibling in itertools.takewhile(lambda one: one.tag == element.tag and one in hidden, siblings):
            yield sibling.text_content()


def _count_words(text: str) -> int:
    return len(text.split())


def _is_rest(element: HtmlElement) -> bool:
    """True for an inline element in a paragraph that has words of its own before it."""
    before = element.getparent()
    return before is not None and element.tag == "span" and len((before.text or "").split()) >= _LEAST_SHOWN


def _is_copy(element: HtmlElement, shown: str) -> bool:
    """True if the article shows the first words of a hidden text elsewhere."""
    return " ".join(WORD.findall(element.text_content())[:_OPENING]) in shown


def _cut_opening(element: HtmlElement) -> HtmlElement | None:
    """The shown element right before a hidden one that has the same words, but ends early; None without one."""
    before = element.getprevious()
    if before is None or _is_hidden(before):
        return None
    opening, words = WORD.findall(before.text_content()), WORD.findall(element.text_content())
    same = len(opening) - _CUT_END
    return before if same >= _OPENING and len(words) > len(opening) and opening[:same] == words[:same] else None


def _shown_words(article: HtmlElement, hidden: set[HtmlElement]) -> Iterator[str]:
    """The words of the article outside of `hidden`, in order."""
    depth = 0  # of hidden elements around the text
    for event, element in etree.iterwalk(article, events=("start", "end")):
        depth += (event == "start") - (event == "end") if element in hidden else 0
        text = element.text if event == "start" else element.tail
        if text and not depth:
            yield from WORD.findall(text)
