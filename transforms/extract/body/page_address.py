"""The address of a page in numbers: its depth, its words, and the words by which sites name their kinds of pages.

Sites write these words in English whatever their language is; some Arabic sites write them in Arabic.
"""

import math
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

_PLAIN: Final = "/news.php?id=1234"  # as in train_page_kind.py
MOST_WORDS: Final = 20  # of a heading, or of an address, that count
_FRONT_PATH: Final = re.compile(r"(?i)/*(?:(?:ar|en|index\.\w+|home)/*)?")
_LISTING_PATH: Final = re.compile(r"(?i)/(?:tags?|category|categories|authors?|search|page/\d+)(?:/[^/]*)?/?$")
_NUMBER: Final = re.compile(r"\d{4,}")
_DIGITS: Final = re.compile(r"\d+")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_DAY: Final = re.compile(r"/(?:19|20)\d\d/\d{1,2}/(?:\d{1,2}/)?[^/]*[^\W\d]")  # a name follows; else it is an archive
_FILE: Final = re.compile(r"\.(?:html?|shtml|php|aspx?)$")
_WORD_BREAK: Final = re.compile(r"[-_ ]")
_FORUM_HOST: Final = re.compile(r"^(?:forums?|community|bbs|discuss|boards?|answers|talk|vb)\.")
_SHOP_HOST: Final = re.compile(r"^(?:shop|store)\.")
# Whole names in the path.
_NAMES: Final = {
    "shop": re.compile(
        r"(?:shop|store|products?|item|itm|ip|dp|collections?|cart|buy|catalog(?:ue)?s?|product-category|p|c|cat|deals?|sale"
        r"|(?:ال)?منتجات?|منتج|(?:ال)?متجر)$"
    ),
    "forum": re.compile(
        r"(?:forums?|threads?|topics?|(?:showthread|viewtopic|showtopic)(?:\.php)?|t|discussions?|community|questions?|q"
        r"|boards?|bbs|talk|comments|answers?|groups?|(?:ال)?منتديات?|منتدى|(?:ال)?مواضيع|موضوع)$"
    ),
    "service": re.compile(
        r"(?:services?|solutions?|platform|pricing|contact(?:-us)?|about(?:-us)?|departments?|programs?|features?"
        r"|industries|use-cases|what-we-do|courses?|academics|support|help|tools?|careers?|jobs?"
        r"|(?:ال)?خدمات|خدمة|خدماتنا|من-نحن|اتصل-بنا)$"
    ),
    "listing": re.compile(
        r"(?:tags?|category|categories|topics?|sections?|archives?|authors?|lists?|page|search|subject|market|directory"
        r"|rankings?|browse|(?:ال)?تصنيف|(?:ال)?قسم|(?:ال)?[أا]قسام|(?:ال)?وسم|(?:ال)?كاتب)$"
    ),
    "news": re.compile(
        r"(?:news|articles?|story|stories|blogs?|posts?|(?:19|20)\d\d|opinion|world|sports?|politics|magazine|reviews?"
        r"|guides?|learn|(?:ال)?أخبار|(?:ال)?اخبار|(?:ال)?مقالات?|مقال|(?:ال)?رأي)$"
    ),
}


def is_listing_url(url: str) -> bool:
    """True if the path is of a front page, tag, category or search page; False for files and /index.php?id=12."""
    parts = _split(url)
    is_front = not parts.query and _FRONT_PATH.fullmatch(parts.path)
    return parts.scheme in {"http", "https"} and bool(is_front or _LISTING_PATH.search(parts.path))


def measure_address(url: str) -> dict[str, float]:
    """The numbers by name, always the same names. A page without an address has that of a plain page."""
    parts = _split(url or _PLAIN)
    names = path_names(parts)
    last = names[-1] if names else ""
    host = (parts.hostname or "").removeprefix("www.")
    asked = f"{parts.path}?{parts.query}"
    truths = {
        "listing address": is_listing_url(url),
        "number in address": _NUMBER.search(asked) is not None,
        "day in address": _DAY.search(parts.path) is not None,
        "year in address": any(map(_YEAR.search, names)),
        "front page address": not names and not parts.query,
        "file address": _FILE.search(last) is not None,
        "question in address": bool(parts.query),
        "forum host": _FORUM_HOST.match(host) is not None,
        "shop host": _SHOP_HOST.match(host) is not None,
        **{f"{kind} in address": any(map(pattern.match, names)) for kind, pattern in _NAMES.items()},
    }
    return {
        "words of address": math.log1p(_words([last])),
        "most words of address": math.log1p(_words(names)),
        "depth of address": float(min(MOST_WORDS, len(names))),
        "length of address": math.log1p(len(last)),
        "digits of address": math.log1p(max(map(len, _DIGITS.findall(asked)), default=0)),
        **{name: float(truth) for name, truth in truths.items()},
    }


def path_names(parts: SplitResult) -> list[str]:
    """The names in the path, in lower case, as the reader sees them."""
    return [unquote(name).lower() for name in parts.path.split("/") if name]


def _words(names: Iterable[str]) -> int:
    return min(MOST_WORDS, max((len(_WORD_BREAK.findall(name)) for name in names), default=0))


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")
