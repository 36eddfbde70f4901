"""The authors of the article: names that the page states and shows, without desks of agencies, roles and cities.

A name that the page states for machines (JSON-LD, then `<meta>`) counts first if readers see it too. Of 93 real pages
with an author, 91 show the name; a name in `<meta>` alone is mostly the site or the account that uploaded the text.
The byline that the page shows comes next, then names that are stated but not shown.
"""

import functools
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from lxml.html import HtmlElement

from warraq.transforms.arabic import normalize_line
from warraq.transforms.extract.facts import Facts
from warraq.transforms.extract.findings import Candidate
from warraq.transforms.extract.json_ld import JsonLd, node_of
from warraq.transforms.extract.metadata.bylines import is_full_name, placed_name, signed_names, split_names
from warraq.transforms.extract.metadata.meta_tags import compared, string, text_of
from warraq.transforms.extract.page_index import PageIndex

MAX_AUTHORS: Final = 20

BYLINE: Final = "byline"
ORGANISATION: Final = "JSON-LD organisation"

# --- bylines on the page

_LABEL_LETTERS: Final = frozenset("بكإاتحم")  # the first letters of all matches of _LABELLED: far cheaper to test
_LABELLED = re.compile(
    r"(?:بقلم\b|(?:كتبت?|[إا]عداد|تقرير|تحرير|بواسطة|حوار|تحقيق|تغطية|متابعة)(?:\s+و\w+)?\s*[:/–-]|ال(?:كاتب|محرر|مؤلف)ة?\s*[:/])"
)
# A label in an element of its own; the names are in elements beside it.
_LABEL_ALONE = re.compile(r"(?:بقلم|بواسطة|كتبت?|كتبه|الكاتبة?|المؤلفة?|المحررة?|[إا]عداد|تقرير|تحرير)\s*[:：/]?")
_LABEL_LAST = re.compile(r"(?:^|[\s|،-])(?:بقلم|بواسطة|كتبه?|الكاتبة?|المحررة?)\s*:$")  # "12 مايو 2024 بواسطة:"
_LONGEST_LABEL: Final = 12  # characters
_SURE_LABELS: Final = ("الكاتب", "المحرر", "المؤلف", "بقلم", "بواسطة")  # "كتب" and "تقارير" are names of sections, too
_LABEL_LEVELS: Final = 3  # elements from the label to the one that holds the names too
_LABEL_PIECES: Final = 40  # pieces of text that are read of it
_HEADINGS: Final = ("h1", "h2", "h3")  # a byline has none: beyond one, the text is a title
_AUTHOR_PAGE = re.compile(r"(?i)/(?:authors?|autor|autoren|auteur|writers?|reporters?|journalists?|columnists?)/")
_NAMED_AUTHOR = re.compile(
    r"(?i)(?:^|[\s_-])(?:authors?|by-?line|writer|journalist|reporter|fn)(?:$|[\s_-])|author-?name|name-?author|writeby"
    r"|(?:article|post|news|page|entry|story)[\w-]*(?:author|writer|byline)"
)
# Each match of _NAMED_AUTHOR has one of these; cheaper to test.
_AUTHOR_PARTS: Final = ("author", "line", "writ", "journalist", "reporter", "fn")
_ELSEWHERE = re.compile(
    r"(?i)comment|related|recommend|popular|trending|latest|most-|more-|(?<!with)(?<!with-)(?<!has-)side-?bar|"
    r"(?<!post-)(?<!entry-)(?<!article-)footer|"
    r"ticker|(?<!has)(?<!has-)caption|credit|"
    r"author-?(?:bio|box|articles|posts|social|image|img|avatar|desc|info-box)|"
    r"(?:^|[\s_-])(?:bio|biography|quote|menu|nav)"
)
_ELSEWHERE_TAGS: Final = frozenset(("aside", "footer", "nav", "figure", "figcaption", "form", "blockquote"))
_IN_FOOTER = re.compile(r"(?:^|[\s_-])(?:post|entry|article)-footer(?:$|[\s_-])")
_AROUND: Final = 6  # elements above a byline whose names say in which part of the page it is
_LONGEST: Final = 120  # characters of a byline; longer is a biography or a paragraph
_NEAR_BEFORE: Final = 400  # characters of text between a byline and the title below it
_NEAR_BEHIND: Final = 2_000  # between the title and a byline below it: there are standfirst, share bar, captions
_CODE: Final = frozenset(("script", "style"))
_NO_BYLINES: Final = frozenset(("script", "title", "option"))
_NEAR_PLACED: Final = 800  # between the title and a line of a place and a name, which no label marks
_PLACE_SIGNS = re.compile(r"[-–—ـ|/(:،]")  # one of them is between place and name
_PROSE: Final = 60  # characters
_PLACED_LENGTH: Final = range(9, 81)  # characters
_READ: Final = 60  # bylines and headings that are read; further ones belong to other articles

_META_NAMES: Final = (
    "author", "article:author", "dc.creator", "dcterms.creator", "og:article:author", "parsely-author",
    "sailthru.author", "article:author_name", "authors", "byl", "byline", "twitter:misc:written by",
)  # fmt: skip
_PART: Final = re.compile(r"\s+[-–—|]\s+")
_WRITTEN_BY = re.compile(r"(?i)written|author|كُ?تب|بواسطة|الكاتب")
_OUTLETS: Final = frozenset(
    """
    صحيفة جريدة موقع وكالة قناة بوابة شبكة أخبار الإخبارية الإخباري الاخبارية الاخباري نيوز مجلة منصة تحرير فريق أسرة
    الإلكترونية الالكترونية العربية عربي news online editor team
    """.split()  # noqa: SIM905
)


def read_authors(facts: Facts) -> Iterator[Candidate]:
    """The authors that the page states for machines, then the bylines that it shows, then stated organisations."""
    people, organisations = _json_ld_names(facts.json_ld)
    yield _candidate("JSON-LD author", people)
    for name in _META_NAMES:
        if name in facts.meta_tags:
            yield _candidate(name, (stated for stated in facts.meta_tags[name] if not _names_site(stated, facts)))
    yield _candidate("twitter:data", _twitter_names(facts.meta_tags))
    titles = [heading.text_content() for heading in facts.index.tagged["h1"][:1]]
    yield _candidate(
        BYLINE,
        read_bylines(facts.index, _named_sites(facts)) or [name for title in titles for name in signed_names(title)],
    )
    yield _candidate(ORGANISATION, organisations)


def choose_authors(candidates: Iterable[Candidate], facts: Facts, sites: set[str]) -> list[str]:
    """The first stated names that readers see, else the byline, else the first stated names, else organisations.

    `sites` are the names of the site in the form of `compared`; the site is no author.
    """
    unseen: list[str] = []
    for source, names in ((one.source, _without_sites(one.value, sites)) for one in candidates):
        if source == BYLINE:
            if names or unseen:
                return (names or unseen)[:MAX_AUTHORS]
        elif source == ORGANISATION:
            return names[:MAX_AUTHORS]
        elif names and (seen := _seen(names, facts)):
            return seen[:MAX_AUTHORS]
        unseen = unseen or names
    return unseen[:MAX_AUTHORS]


def _candidate(source: str, stated: Iterable[str]) -> Candidate:
    return Candidate(list(dict.fromkeys(name for byline in stated for name in split_names(byline))), source)


def _names_site(stated: str, facts: Facts) -> bool:
    """True for a name with a slogan, as "الموقع - أخبار المدينة": `<title>` ends with one of its parts."""
    parts = {compared(part) for part in _PART.split(stated)}
    ends = [compared(_PART.split(title)[-1]) for title in map(text_of, facts.index.tagged["title"][:1])]
    return len(parts) > 1 and not parts.isdisjoint(ends)


def _without_sites(names: list[str], sites: set[str]) -> list[str]:
    return [name for name in names if not _is_site(name, sites)]


def _seen(names: list[str], facts: Facts) -> list[str]:
    """The names that readers see; all names if readers see a few of many ("and 7 others")."""
    seen = [name for name in names if name in facts.text_pieces or name.casefold() in facts.shown_text]
    return names if seen and 2 * len(seen) < len(names) else seen


def _twitter_names(metas: dict[str, list[str]]) -> list[str]:
    """The value of `twitter:data1` with the label "Written by", as a common plugin of WordPress writes it."""
    pairs = ((f"twitter:label{number}", f"twitter:data{number}") for number in range(1, 4))
    labelled = ((metas.get(label, [""])[0], metas.get(data, [])) for label, data in pairs)
    return [name for label, names in labelled if _WRITTEN_BY.search(label) for name in names[:1]]


def _is_site(name: str, sites: set[str]) -> bool:
    """True for a name of the site, in any spelling, with or without words such as "صحيفة" and "نيوز"."""
    words = _telling_words(name)
    return any(words == _telling_words(site) for site in sites)


def _telling_words(name: str) -> set[str]:
    return set(normalize_line(" ".join(word for word in compared(name).split() if word not in _OUTLETS)).split())


def _json_ld_names(json_ld: JsonLd) -> tuple[list[str], list[str]]:
    """The authors or creators of the article: those that may be people, and stated organisations."""
    article = json_ld.article
    by_id = {node.fields["@id"]: node.fields for node in json_ld.top if isinstance(node.fields.get("@id"), str)}
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
        kinds = node_of(node).types
        person = "Person" in kinds or not any(kind.endswith("Organization") for kind in kinds)
        yield from ((each, person) for each in (name if isinstance(name, list) else [name]) if isinstance(each, str))


# --- bylines


def read_bylines(index: PageIndex, sites: frozenset[str] = frozenset()) -> list[str]:
    """The names in the first byline near the title that has any, and in other bylines of the same kind beside it."""
    names = {byline: _byline_names(byline) for byline in _bylines(index) if not _is_elsewhere(byline)}
    named = [byline for byline in names if names[byline]]
    outer = {around for byline in named for around in byline.iterancestors()}
    inner = [byline for byline in named if byline not in outer]
    if not inner:
        return _placed_names(index, sites)
    return [name for byline in inner if _kind(byline) == _kind(inner[0]) for name in names[byline]]


def _named_sites(facts: Facts) -> frozenset[str]:
    names = (facts.meta_tags.get(name, []) for name in ("og:site_name", "application-name"))
    return frozenset(compared(name) for stated in names for name in stated)


def _placed_names(index: PageIndex, sites: frozenset[str]) -> list[str]:
    """The name in the first line of a place and a name, shortly after the title: "الرياض - خالد الحربي".

    On a page without an h1 such a line may be anywhere. A line of the site and a name must be right above prose: in
    menus and titles a section is beside the site.
    """
    behind: int | None = None if any(map(text_of, index.tagged["h1"])) else 0  # characters since the title
    above_prose: list[str] = []
    for tag, line, holder in _lines(index):
        if tag == "h1":
            behind = 0
        if behind is None or not line:
            continue
        if above_prose and len(line) >= _PROSE:
            return above_prose
        above_prose = []
        if len(line) in _PLACED_LENGTH and _PLACE_SIGNS.search(line):
            near = behind <= _NEAR_PLACED and not _is_elsewhere(holder)
            if name := placed_name(line):
                return [name] if near else []
            above_prose = [name] if near and (name := placed_name(line, sites)) else []
        behind += len(line)
    return []


def _lines(index: PageIndex) -> Iterator[tuple[str, str, HtmlElement]]:
    """The pieces of text of the page in order, each with the element around it; "h1", "" for a title with a text."""
    for element, tag, text, tail in index.elements:
        if tag in _CODE:
            continue
        if tag == "h1" and text_of(element):
            yield tag, "", element
        for piece, holder in ((text, element), (tail, element.getparent())):
            if piece and holder is not None:
                yield "", " ".join(piece.split()), holder


def _bylines(index: PageIndex) -> list[HtmlElement]:
    """The elements marked or labelled as a byline, close before or after an h1 or in the footer of an article.

    On a page without an h1 a byline may be anywhere.
    """
    marked = _marked(index)
    places: list[tuple[int, HtmlElement]] = []
    headings: list[int] = []
    read = 0
    for element, tag, text, tail in index.elements:
        if element in marked or (text and len(text) <= _LONGEST and _is_labelled(tag, text)):
            places.append((read, element))
        if tag not in _NO_BYLINES:
            if text and _is_label(text):
                places.extend((read, byline) for byline in _around_label(element))
            if tail and _is_label(tail):
                places.extend((read, byline) for byline in _around_label(element.getparent()))
            if tail and len(tail) <= _LONGEST and _is_labelled(tag, tail):
                places.append((read, element))
        if tag == "h1" and len(headings) < _READ and text_of(element):
            headings.append(read)
        if tag not in _CODE:
            read += len(text)
        read += len(tail)
    near = (e for at, e in places if _is_near(at, headings) or _is_in_footer(e))
    return list(itertools.islice(near, _READ))


def _is_near(at: int, headings: list[int]) -> bool:
    return not headings or any(-_NEAR_BEFORE <= at - heading <= _NEAR_BEHIND for heading in headings)


def _is_in_footer(element: HtmlElement) -> bool:
    """True for an element below the text of a post, where Blogger writes "posted by"."""
    around = itertools.islice(element.iterancestors(), _AROUND)
    return any(_IN_FOOTER.search(outer.get("class", "")) for outer in around)


def _marked(index: PageIndex) -> set[HtmlElement]:
    """The elements that are named or marked up as the author, and links to the author's page."""
    elements = (indexed[0] for indexed in index.elements)  # most have a class: a search by XPath is no faster
    marked = {element for element in elements if (name := element.get("class")) and _is_named_for_author(name)}
    marked.update(index.with_attribute("id", _is_named_for_author))
    marked.update(index.with_attribute("itemprop", lambda name: name == "author"))
    marked.difference_update(index.tagged["body"], index.tagged["script"], index.tagged["meta"])
    marked.update(index.tagged["address"], filter(_leads_to_author, index.tagged["a"]))
    return marked


def _leads_to_author(link: HtmlElement) -> bool:
    return link.get("rel") == "author" or _AUTHOR_PAGE.search(link.get("href", "")) is not None


def _is_labelled(tag: str, text: str) -> bool:
    """True for a text that begins with a label such as "بقلم"."""
    opening = text.lstrip()
    return opening[:1] in _LABEL_LETTERS and _LABELLED.match(opening) is not None and tag not in _NO_BYLINES


def _is_label(text: str) -> bool:
    """True for a label without a name, such as "كتب" in an element of its own, or "بواسطة:" behind a date."""
    label = text.strip() if len(text) <= _LONGEST else ""
    if len(label) <= _LONGEST_LABEL:
        return label[:1] in _LABEL_LETTERS and _LABEL_ALONE.fullmatch(label) is not None
    return label[-1] == ":" and _LABEL_LAST.search(label) is not None


def _around_label(holder: HtmlElement) -> Iterator[HtmlElement]:
    """The nearest element around a label that has more text than the label.

    If it is longer than a byline, or has a heading in it, the element behind the label, unless that is longer, too.
    """
    behind = holder.getnext()
    for around in itertools.islice(itertools.chain((holder,), holder.iterancestors()), _LABEL_LEVELS):
        text = "".join(itertools.islice(around.itertext(), _LABEL_PIECES)).strip()
        if not _is_label(text):
            if len(" ".join(text.split())) <= _LONGEST and next(around.iter(*_HEADINGS), None) is None:
                yield around
            elif behind is not None and holder.text_content().strip().startswith(_SURE_LABELS):
                yield behind
            return


def _kind(byline: HtmlElement) -> tuple[Any, ...]:
    """Bylines of one kind have the same tag, class and place."""
    parent = byline.getparent()
    grandparent = parent.getparent() if parent is not None and len(parent) == 1 else parent
    return byline.tag, byline.get("class"), grandparent


@functools.lru_cache(maxsize=4096)  # a page repeats its class names
def _is_named_for_author(named: str) -> bool:
    lowered = named.lower()
    return any(part in lowered for part in _AUTHOR_PARTS) and _NAMED_AUTHOR.search(named) is not None


def _is_elsewhere(element: HtmlElement) -> bool:
    """True for an element in a comment, a list of other articles, a picture, or a box about the author."""
    for number, around in enumerate((element, *element.iterancestors())):
        if number > _AROUND or around.tag in ("body", "main", "article"):
            return False
        named = f"{around.get('class', '')} {around.get('id', '')}"
        if around.tag in _ELSEWHERE_TAGS or _ELSEWHERE.search(named):
            return True
    return False


def _byline_names(byline: HtmlElement) -> list[str]:
    """The full names in a byline. Each part of it is read alone; if that gives none, the whole line is read."""
    named = byline.xpath(".//*[@itemprop='name'][normalize-space()]")
    parts = [part for part in map(string, (named[0] if named else byline).itertext()) if part]
    bare = [part for part in map(string, (byline.text, byline.tail)) if part and _is_labelled("", part)]
    if sum(map(len, parts)) > _LONGEST or (bare and not parts):
        parts = [part for part in bare if len(part) <= _LONGEST]  # "كتب: أحمد علي" as bare text of the article's block
    for stated_names in ("\n".join(parts), " ".join(parts)):
        names = [name for name in split_names(stated_names) if is_full_name(name)]
        if names:
            return names
    return []
