"""The closed sets: topics, entity kinds, stages, reasons for rejection, date sources.

Whatever is grouped or counted by users comes from here, so that a label never appears with two spellings.
"""

from typing import Final, NamedTuple


class Topic(NamedTuple):
    """One top-level concept of the IPTC Media Topics."""

    slug: str  # partition value
    code: str  # medtop id
    english: str
    arabic: str


# The seventeen top-level IPTC Media Topics, https://iptc.org/standards/media-topics/ (names as of 2024).
# The Arabic names are ours: IPTC publishes an Arabic translation, but not in a form that could be checked here.
TOPICS: Final[tuple[Topic, ...]] = (
    Topic(
        "arts_culture_entertainment_and_media",
        "medtop:01000000",
        "arts, culture, entertainment and media",
        "فنون وثقافة وترفيه وإعلام",
    ),
    Topic("crime_law_and_justice", "medtop:02000000", "crime, law and justice", "جريمة وقانون وعدالة"),
    Topic(
        "disaster_accident_and_emergency_incident",
        "medtop:03000000",
        "disaster, accident and emergency incident",
        "كوارث وحوادث وطوارئ",
    ),
    Topic("economy_business_and_finance", "medtop:04000000", "economy, business and finance", "اقتصاد وأعمال ومال"),
    Topic("education", "medtop:05000000", "education", "تعليم"),
    Topic("environment", "medtop:06000000", "environment", "بيئة"),
    Topic("health", "medtop:07000000", "health", "صحة"),
    Topic("human_interest", "medtop:08000000", "human interest", "منوعات وقصص إنسانية"),
    Topic("labour", "medtop:09000000", "labour", "عمل ونقابات"),
    Topic("lifestyle_and_leisure", "medtop:10000000", "lifestyle and leisure", "أسلوب حياة وأوقات فراغ"),
    Topic("politics_and_government", "medtop:11000000", "politics and government", "سياسة وحكومة"),
    Topic("religion", "medtop:12000000", "religion", "دين"),
    Topic("science_and_technology", "medtop:13000000", "science and technology", "علوم وتقنية"),
    Topic("society", "medtop:14000000", "society", "مجتمع"),
    Topic("sport", "medtop:15000000", "sport", "رياضة"),
    Topic("conflict_war_and_peace", "medtop:16000000", "conflict, war and peace", "نزاعات وحرب وسلام"),
    Topic("weather", "medtop:17000000", "weather", "طقس"),
)
OTHER_TOPIC: Final = "other"  # the partition of articles that no topic fits
TOPIC_SLUGS: Final[frozenset[str]] = frozenset(topic.slug for topic in TOPICS) | {OTHER_TOPIC}

# Entity kinds and their Arabic names.
ENTITY_KINDS: Final[dict[str, str]] = {"person": "شخص", "place": "مكان", "organisation": "منظمة", "misc": "غير ذلك"}

# Where the name of an entity came from.
WRITTEN: Final = "written"
IN_ARTICLE: Final = "article"
IN_LISTS: Final = "lists"
IN_NAMES: Final = "names"
NAME_SOURCES: Final[dict[str, str]] = {
    WRITTEN: "the words of the mention, in their usual spelling",
    IN_ARTICLE: "a full name elsewhere in the article: its text, title, description or tags",
    IN_LISTS: "the lists: another name of a place or organisation, or a person for whom the article has evidence",
    IN_NAMES: "your own list (--names)",
}

# Where an article's date came from, most trusted first.
DATE_SOURCES: Final[dict[str, str]] = {
    "record": "the record of the article in a feed",
    "json_ld": "JSON-LD datePublished",
    "meta": "a <meta> element such as article:published_time",
    "time_tag": "a <time datetime> element",
    "byline": "the date written on the page",
    "url": "the date in the page's address",
    "fetched": "the day the page was fetched: nothing better was found",
}
UNDATED: Final = "fetched"  # the source of a date that the page does not state

# The kinds of a page. By default only articles are kept.
ARTICLE: Final = "article"
OTHER_PAGE: Final = "other"
PAGE_KINDS: Final[dict[str, str]] = {
    ARTICLE: "an article: news, report, opinion, guide, review",
    OTHER_PAGE: "another page: front page, listing, shop, forum, error; kept with --kinds all",
}

# Where the text of an article came from.
CONTAINER: Final = "container"
WHOLE_PAGE: Final = "whole_page"
PRUNED_PAGE: Final = "pruned_page"
STATED_BODY: Final = "json_ld"
EMBEDDED_BODY: Final = "embedded_json"
PLAIN_TEXT: Final = "text"
EXTRACTION_SOURCES: Final[dict[str, str]] = {
    CONTAINER: "the element of the page that holds the article",
    WHOLE_PAGE: "the whole page, as trafilatura reads it: the container had too little of the page",
    PRUNED_PAGE: "the whole page without menus and furniture: no container was found",
    STATED_BODY: "JSON-LD articleBody: the page shows only a part of it",
    EMBEDDED_BODY: "the data of a script: the page shows a few words only",
    PLAIN_TEXT: "a text without markup",
}

# Signals by which a page or its server reserves the use for machine learning.
OPT_OUTS: Final[dict[str, str]] = {
    "noai": "robots says noai: meta tag, header X-Robots-Tag, or DisallowAITraining in robots.txt",
    "noml": "robots says noml",
    "noimageai": "robots says noimageai: it reserves the pictures",
    "tdm_reservation": "the TDM Reservation Protocol says 1: meta tag, header, or tdmrep.json",
    "content_usage": "Content-Usage says n to training or to AI: header, or robots.txt",
    "content_signal": "Content-Signal in robots.txt says no to training",
    "ai_robots": "robots.txt keeps robots that gather texts for training (GPTBot, CCBot …) from the page",
}
PICTURES_ONLY: Final = frozenset({"noimageai"})  # no signal about texts

# The relations of a copy to its original.
COPY: Final = "copy"
CUT: Final = "cut"
EXTENDED: Final = "extended"
VERSION: Final = "version"
COPY_KINDS: Final[dict[str, str]] = {
    COPY: "the same text but for light edits",
    CUT: "a part of the original",
    EXTENDED: "the original, or most of it, with something else",
    VERSION: "a changed text at the address of the original",
}

# Every way a page can be rejected, by the stage that rejects it, in order of flow.
REASONS: Final[dict[str, dict[str, str]]] = {
    "read": {
        "corrupt_record": "the record could not be read",
        "not_html": "not a page: another media type, or an empty body",
        "http_error": "the server answered with an error or a redirect",
        "too_large": "the page is larger than --read_max_bytes",
    },
    "screen": {
        "site_rules": "a robots.txt or tdmrep.json that reserves pages: `opt_out` of its host's articles in the same dump",
        "site_not_allowed": "the site is not on the list of --sites_allow",
        "site_blocked": "the site is on the list of --sites_block",
        "no_arabic_bytes": "no Arabic text in any encoding",
    },
    "decode": {"undecodable": "no charset gives readable text"},
    "extract": {
        "no_main_text": "no article text was found on the page",
        "not_an_article": "a front page, listing, shop, forum or error page, or no page at all",
        "opted_out": "the page or its server reserves the use for machine learning (--opt_out drop)",
        "other_day": "the date of the article is outside of --days",
        "parse_timeout": "parsing took more time than --extract_timeout allows",
        "parse_crash": "the parser died on this page",
        "too_large": "more markup than --extract_max_markup",
    },
    "clean": {"too_short": "less text than --clean_min_words after furniture was removed"},
    "language": {"not_arabic": "the text is in another language"},
    "quality": {
        "word_count": "fewer or more words than --quality_min_words and --quality_max_words",
        "duplicate_lines": "the same lines again and again",
        "repeated_words": "the same words or phrases again and again",
        "odd_words": "the words are too short or too long for Arabic prose",
        "few_letters": "mostly digits and signs",
        "no_stop_words": "hardly any of the small words that Arabic prose can't do without",
        "short_lines": "mostly very short lines: a list",
        "unpunctuated": "almost no line ends like a sentence",
        "few_sentences": "the lines are labels, not sentences",
        "odd_marks": "bullets, ellipses or hash signs everywhere",
    },
    "deduplicate": {
        "duplicate": "an earlier article has the same text",
        "near_duplicate": "an earlier article has almost the same text (--near_duplicates drop)",
        "site_opted_out": "robots.txt or tdmrep.json of the host reserves the page (--opt_out drop)",
        "forgotten": "the article was taken down (`warraq maintain forget`); the row does not tell its address",
    },
}
ERROR_REASON: Final = "error"  # in any stage: the page broke our code; detail says how

# Rejections that make up the bulk of a mixed crawl: counted for each dump, rows only with --rejected all.
MASS_REASONS: Final[frozenset[str]] = frozenset({"not_html", "no_arabic_bytes", "site_not_allowed"})
# Rejections of copies: the detail is the article_id of the original.
COPY_REASONS: Final[frozenset[str]] = frozenset({"duplicate", "near_duplicate"})

READ_STAGE: Final = "read"
STAGES: Final[tuple[str, ...]] = (*REASONS, "entities", "topics")
