"""Who wrote the article: names from what the page states and shows, without agencies' desks, roles and cities.

A name that the page states for machines (JSON-LD, then `<meta>`) counts first where readers see it too: of 93 real
pages with an author 91 show the name, while what only `<meta>` says is mostly the site or the account that uploaded
the text. Then comes the byline that the page shows, then what is stated but not shown.
"""

import functools
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from lxml import etree
from lxml.html import HtmlElement

from warraq.transforms.extract.json_ld import types
from warraq.transforms.extract.metadata.bylines import is_full_name, split_names
from warraq.transforms.extract.metadata.meta_tags import compared, string
from warraq.transforms.extract.page_index import Look, look

MAX_AUTHORS: Final = 20

# --- where a page shows its author

_LABEL_LETTERS: Final = frozenset("بكإات")  # the first ones of what _LABELLED finds: asking for them is far cheaper
_LABELLED = re.compile(r"(?:بقلم\b|(?:كتبت?|[إا]عداد|تقرير|تحرير)\s*[:/–-])")
_AUTHOR_PAGE = re.compile(r"(?i)/(?:authors?|autor|autoren|auteur|writers?|reporters?|journalists?|columnists?)/")
_NAMED_AUTHOR = re.compile(
    r"(?i)(?:^|[\s_-])(?:authors?|by-?line|writer|journalist|reporter|fn)(?:$|[\s_-])|author-?name|name-?author|writeby"
    r"|(?:article|post|news|page|entry|story)[\w-]*(?:author|writer|byline)"
)
_AUTHOR_PARTS: Final = (
    "author",
    "line",
    "writ",
    "journalist",
    "reporter",
    "fn",
)  # of what _NAMED_AUTHOR finds: cheaper
_ELSEWHERE = re.compile(
    r"(?i)comment|related|recommend|popular|trending|latest|most-|more-|(?<!with)(?<!with-)(?<!has-)side-?bar|"
    r"(?<!post-)(?<!entry-)(?<!article-)footer|"
    r"ticker|(?<!has)(?<!has-)caption|credit|"
    r"author-?(?:bio|box|articles|posts|social|image|img|avatar|desc|info-box)|"
    r"(?:^|[\s_-])(?:bio|biography|quote|menu|nav)"
)
_ELSEWHERE_TAGS: Final = frozenset(("aside", "footer", "nav", "figure", "figcaption", "form", "blockquote"))
_IN_FOOTER = re.compile(r"(?:^|[\s_-])(?:post|entry|article)-footer(?:$|[\s_-])")
_AROUND: Final = 6  # elements above a byline whose names tell where it stands
_LONGEST: Final = 120  # characters of a byline; longer is a biography or a paragraph
_NEAR_BEFORE: Final = 400  # characters of text between a byline and the title below it
_NEAR_BEHIND: Final = 2_000  # between the title and a byline below it: standfirst, share bar, captions
_CODE: Final = frozenset(("script", "style"))
_UNSEEN: Final = _CODE | {"title"}
_NO_BYLINES: Final = frozenset(("script", "title", "option"))
_READ: Final = 60  # marked places looked at; further ones belong to other stories
_SHOWN: Final = etree.XPath(
    "descendant::body/descendant::text()[not(parent::script or parent::style)]", smart_strings=False
)

_META_NAMES: Final = (
    "author", "article:author", "dc.creator", "dcterms.creator", "og:article:author", "parsely-author",
    "sailthru.author", "article:author_name", "authors", "byl", "byline", "twitter:misc:written by",
)  # fmt: skip
_WRITTEN_BY = re.compile(r"(?i)written|author|كُ?تب|بواسطة|الكاتب")
_OUTLETS: Final = frozenset(
    """
    صحيفة جريدة موقع وكالة قناة بوابة شبكة أخبار الإخبارية الإخباري الاخبارية الاخباري نيوز مجلة منصة تحرير فريق أسرة
    الإلكترونية الالكترونية العربية عربي news online editor team
    """.split()  # noqa: SIM905
)


def find_authors(
    page: Look,
    json_ld: list[dict[str, Any]],
    article: dict[str, Any],
    metas: dict[str, list[str]],
    sites: set[str],
) -> list[str]:
    """The authors' names as the page writes them, once each; the site itself, addresses and "admin" are none."""
    people, organisations = _json_ld_names(article, json_ld)
    groups = (people, *(metas.get(name, []) for name in _META_NAMES), _twitter_names(metas))
    sources = [names for group in groups if (names := _names(group, sites))]
    pieces = _pieces(page) if sources else ""
    text = functools.cache(functools.partial(_shown_text, page.tree))  # asked only where no piece holds the whole name
    shown = (_shown_of(names, pieces, text) for names in sources)
    found = next(filter(None, shown), []) or _names(visible_names(page.tree, page), sites)
    return (found or next(iter(sources), []) or _names(organisations, sites))[:MAX_AUTHORS]


def _shown_of(names: list[str], pieces: str, text: Callable[[], str]) -> list[str]:
    """The names that readers see; all, where a byline shows a few of many ("and 7 others")."""
    shown = [name for name in names if name in pieces or name.casefold() in text()]
    return names if shown and 2 * len(shown) < len(names) else shown


def _twitter_names(metas: dict[str, list[str]]) -> list[str]:
    """What `twitter:data1` gives under the label "Written by", as WordPress's common plugin writes it."""
    pairs = ((f"twitter:label{number}", f"twitter:data{number}") for number in range(1, 4))
    labelled = ((metas.get(label, [""])[0], metas.get(data, [])) for label, data in pairs)
    return [name for label, names in labelled if _WRITTEN_BY.search(label) for name in names[:1]]


def _names(group: Iterable[str], sites: set[str]) -> list[str]:
    names = (name for byline in group for name in split_names(byline))
    return list(dict.fromkeys(name for name in names if not _is_site(name, sites)))


def _is_site(name: str, sites: set[str]) -> bool:
    """`name` is what the site calls itself, with or without "صحيفة", "نيوز" and the like."""
    if compared(name) in sites:
        return True
    words = set(compared(name).split()) - _OUTLETS
    return any(words == set(site.split()) - _OUTLETS for site in sites)


def _json_ld_names(article: dict[str, Any], json_ld: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """The article's authors and creators that may be people, and those that the page calls organisations."""
    by_id = {node["@id"]: node for node in json_ld if isinstance(node.get("@id"), str)}
    named = list(_named(article.get("author") or article.get("creator"), by_id))
    return [name for name, person in named if person], [name for name, person in named if not person]


def _named(author: Any, by_id: dict[str, dict[str, Any]], depth: int = 0) -> Iterator[tuple[str, bool]]:
    """The names in a JSON-LD author: a name, an object, a reference into the graph, or a list of these."""
    if isinstance(author, str):
        yield next(_named(by_id[author], {}), ("", True)) if author in by_id else (author, True)
    elif isinstance(author, list) and depth < MAX_AUTHORS:
        for one in author:
            yield from _named(one, by_id, depth + 1)
    elif isinstance(author, dict):
        node = author if author.get("name") or author.get("familyName") else by_id.get(str(author.get("@id")), {})
        name = node.get("name") or f"{node.get('givenName') or ''} {node.get('familyName') or ''}"
        person = "Person" in types(node) or not any(kind.endswith("Organization") for kind in types(node))
        yield from ((each, person) for each in (name if isinstance(name, list) else [name]) if isinstance(each, str))


def _pieces(page: Look) -> str:
    """The pieces of text that the page shows, not in order: those inside elements, then those behind them."""
    inside = [text for _, tag, text, _ in page.elements if tag not in _UNSEEN]
    return "\n".join(filter(None, [*inside, *(seen[3] for seen in page.elements)]))


def _shown_text(tree: HtmlElement) -> str:
    """All that the page shows, in the form that names are looked for."""
    return " ".join(" ".join(_SHOWN(tree)).casefold().split())


# --- the byline that readers see


def visible_names(tree: HtmlElement, looked_at: Look | None = None) -> list[str]:
    """The names in the first byline near the title that holds any, and in those of the same kind beside it.

    `looked_at` is what `look(tree)` gives, for who has it already.
    """
    names = {byline: _byline_names(byline) for byline in _bylines(looked_at or look(tree)) if not _is_elsewhere(byline)}
    telling = [byline for byline in names if names[byline]]
    outer = {around for byline in telling for around in byline.iterancestors()}
    kinds = [_kind(byline) for byline in telling if byline not in outer]
    return [name for byline in telling if byline not in outer and _kind(byline) == kinds[0] for name in names[byline]]


def _bylines(page: Look) -> list[HtmlElement]:
    """What is marked or labelled as a byline, close before or after an h1 or in the footer of an article.

    On a page without an h1 it may stand anywhere.
    """
    marked = _marked(page)
    places: list[tuple[int, HtmlElement]] = []
    headings: list[int] = []
    read = 0
    for element, tag, text, tail in page.elements:
        if element in marked or (text and len(text) <= _LONGEST and _is_labelled(tag, text)):
            places.append((read, element))
        if tag == "h1" and len(headings) < _READ:
            headings.append(read)
        if tag not in _CODE:
            read += len(text)
        read += len(tail)
    near = (e for at, e in places if _is_near(at, headings) or _is_in_footer(e))
    return list(itertools.islice(near, _READ))


def _is_near(at: int, headings: list[int]) -> bool:
    return not headings or any(-_NEAR_BEFORE <= at - heading <= _NEAR_BEHIND for heading in headings)


def _is_in_footer(element: HtmlElement) -> bool:
    """It stands below the text of a post, where Blogger has its "posted by"."""
    around = itertools.islice(element.iterancestors(), _AROUND)
    return any(_IN_FOOTER.search(outer.get("class", "")) for outer in around)


def _marked(page: Look) -> set[HtmlElement]:
    """What is named for the author or stated to be the author, and links to the author's page."""
    elements = (seen[0] for seen in page.elements)  # most have a class: asking each is as fast as finding those
    marked = {element for element in elements if (name := element.get("class")) and _is_named_for_author(name)}
    marked.update(page.marked("id", _is_named_for_author), page.marked("itemprop", "author".__eq__))
    marked.difference_update(page.tagged["body"], page.tagged["script"], page.tagged["meta"])
    marked.update(page.tagged["address"], filter(_leads_to_author, page.tagged["a"]))
    return marked


def _leads_to_author(link: HtmlElement) -> bool:
    return link.get("rel") == "author" or _AUTHOR_PAGE.search(link.get("href", "")) is not None


def _is_labelled(tag: str, text: str) -> bool:
    """It begins with "بقلم" or the like."""
    opening = text.lstrip()
    return opening[:1] in _LABEL_LETTERS and _LABELLED.match(opening) is not None and tag not in _NO_BYLINES


def _kind(byline: HtmlElement) -> tuple[Any, ...]:
    parent = byline.getparent()
    grandparent = parent.getparent() if parent is not None and len(parent) == 1 else parent
    return byline.tag, byline.get("class"), grandparent


@functools.lru_cache(maxsize=4096)  # a page repeats its class names
def _is_named_for_author(named: str) -> bool:
    lowered = named.lower()
    return any(part in lowered for part in _AUTHOR_PARTS) and _NAMED_AUTHOR.search(named) is not None


def _is_elsewhere(element: HtmlElement) -> bool:
    """It stands in a comment, a list of other stories, a picture, or a box about the author."""
    for number, around in enumerate((element, *element.iterancestors())):
        if number > _AROUND or around.tag in ("body", "main", "article"):
            return False
        named = f"{around.get('class', '')} {around.get('id', '')}"
        if around.tag in _ELSEWHERE_TAGS or _ELSEWHERE.search(named):
            return True
    return False


def _byline_names(byline: HtmlElement) -> list[str]:
    """The full names in a byline, each part of it read alone; all of it at once where that gives none."""
    named = byline.xpath(".//*[@itemprop='name'][normalize-space()]")
    parts = [part for part in map(string, (named[0] if named else byline).itertext(etree.Element)) if part]
    if sum(map(len, parts)) > _LONGEST:
        return []
    for stated_names in ("\n".join(parts), " ".join(parts)):
        names = [name for name in split_names(stated_names) if is_full_name(name)]
        if names:
            return names
    return []
