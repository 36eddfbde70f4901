"""One sentence for each column of the tables and of the views over them."""

from typing import Final

_PLACE: Final = {
    "dump": "The dump in which the page lies. A name that is not UTF-8 is written ./%XX…, which explain accepts.",
    "dump_offset": "The place of the page in the dump: the byte at which its record begins, or its number.",
    "load_id": "The dump and the rules that made the row; the view loads leads from it to the run.",
    "fetched_at": "The time of fetching, from the dump.",
}
_RUN: Final = {"run_id": "The run.", "committed_at": "The time at which the run was committed."}
_REASON: Final = {
    "stage": "The stage that rejected the page.",
    "reason": "The reason, one of those below.",
}
_TOPIC: Final = {
    "topic": "The topic with the highest score: one of 17 IPTC Media Topics or other; a folder of the table.",
    "date": "The day of publication as the reader saw it; a folder of the table.",
}
_COPY: Final = {
    "copy_kind": "The relation of a copy to its original: copy, cut, extended or version; null if it is no copy.",
    "copy_share": "The share of the words of the shorter of the two texts that both have, 0 to 1.",
}
_NAMED: Final = {
    "kind": "person, place, organisation or misc.",
    "name": "The canonical name: لروسيا and روسيا share one.",
}

COLUMNS: Final[dict[str, dict[str, str]]] = {
    "articles": {
        "article_id": "Digest of canonical address and text: equal for equal input.",
        "url": "The address of the page.",
        "canonical_url": "The address that the page states for itself, without tracking parameters.",
        "site": "The registered domain by the Public Suffix List.",
        "site_name": "The name of the site, as the page or its record states it.",
        "title": "The headline.",
        "description": "The summary that the page states.",
        "section": "The section of the site.",
        "image_url": "The picture that the page states.",
        "authors": "The authors, without agencies, desks and cities.",
        "tags": "The tags that the page states.",
        "text": "The main text; its paragraphs are separated by line breaks.",
        "words": "The number of words of the text.",
        "published_at": "The time of publication in UTC; null if only the day is known.",
        "date_source": "The source of date.",
        "language": "The language of the text.",
        "language_score": "The detector's score for it, 0 to 1.",
        "credit": "The agency that the page credits.",
        "entities": "The mentions: text, kind, start, end, name, score, name_source. start and end count code points "
        "of text from 0, and end is the first one after the mention.",
        "topic_score": "The classifier's score for topic, 0 to 1.",
        "topics": "Up to three topics with their scores; code is that of IPTC.",
        "duplicate_of": "The article_id of the earliest near copy within 30 days (--deduplicate_horizon_days). Exact "
        "copies of any day are rejected.",
        "charset": "The charset of the page.",
        "charset_source": "The source of charset: http, meta, bom, detected; claims that the bytes refute in brackets.",
        "warraq_version": "The version that made the row.",
        "tagger": "The model for entities that made the row.",
        "classifier": "The model for topics that made the row.",
        "text_digest": "Digest of the normalized text: equal for exact copies.",
        "sketch": "MinHash signature of the text, by which later runs find near copies.",
        "page_kind": "article, or other with --kinds all.",
        "extraction_source": "The place of the text in the page.",
        "extraction_score": "The chance, 0 to 1, that the text is that of an article, whole and without the rest of "
        "the page. Null for texts without markup.",
        "opt_out": "What the page, its headers or its host's robots.txt state against use for text mining or training.",
        "license": "The licence that the page states.",
        **_TOPIC,
        **_COPY,
        **_PLACE,
    },
    "rejected": {
        "url": "The address of the page.",
        "detail": "The evidence in a few words; of a copy the article_id of the article that was kept.",
        "bytes": "The size of the page.",
        "run_id": "The run that read the page.",
        "site": "Of a copy: its registered domain.",
        "title": "Of a copy: its headline.",
        "published_at": "Of a copy: its time of publication, if known.",
        "date": "Of a copy: its day of publication.",
        **_COPY,
        **_REASON,
        **_PLACE,
    },
    "signatures": {
        "text_digest": "As in articles.",
        "article_id": "As in articles.",
        "date": "As in articles.",
        "load_id": "As in articles.",
        "part": "The part of the index; a folder of the table.",
        "sketch": "As in articles; null for near copies, and where rows are found by digest.",
    },
    "forgotten": {
        "operation_id": "The take-down.",
        "forgotten_at": "The time of the take-down.",
        "table": "The table of the row that was taken out; empty for a rule, which has no row.",
        "article_id": "Of the article that was taken out.",
        "text_digest": "Of the article that was taken out: the same text stays out.",
        "url_digests": "Digests of the addresses that stay out.",
        "site": "Of a rule: the whole site is kept out.",
        **{name: text for name, text in _PLACE.items() if name != "fetched_at"},
    },
    "runs": {
        "run_id": "The run.",
        "recipe": "Digest of options and version: with the dump, it decides the rows.",
        "options": "The options as JSON.",
        "warraq_version": "The version of the run.",
        "runner": "The engine of the run.",
        "started_at": "The time at which the run began.",
        "committed_at": "The time at which the run was committed.",
        "dumps": "The dumps that were read: `dump` (its name), `format`, `size` in bytes, `fingerprint`.",
        "ledger": "The pages by dump and door: read, article, rejected with stage and reason.",
        "failed": "The dumps that were set aside, with the reason and the number of failures.",
        "beginnings": "Of each dump, what tells its later states if the file grows.",
        "copies": "Files that were not read, because a dump has the same bytes.",
        "taken_back": "Rejections of earlier loads that this run has made good.",
    },
}

# Of the views that are no tables, the columns that have another meaning than in the tables, or are not in them.
VIEW_COLUMNS: Final[dict[str, dict[str, str]]] = {
    "mentions": {
        "text": "The words of the mention, as written.",
        "start": "The first code point of the mention in the article's text, from 0.",
        "end": "The first code point after the mention.",
        "score": "The tagger's score, 0 to 1.",
        "name_source": "The source of the name.",
        "role": "The office or title beside the name, as written.",
        "role_start": "The first code point of the role.",
        "role_end": "The first code point after the role.",
        **_NAMED,
    },
    "entities": {
        "count": "The number of mentions in the article.",
        "first_offset": "The start of the first mention.",
        "name_sources": "The sources of the name.",
        "roles": "The offices and titles beside the name.",
        **_NAMED,
    },
    "topics": {
        "topic": "The topic.",
        "code": "The code of IPTC.",
        "english": "The name in English.",
        "arabic": "The name in Arabic.",
        "score": "The classifier's score, 0 to 1.",
    },
    "places": {
        "name": "The name of the place, as in entities.",
        "country": "The country in which it lies.",
        "latitude": "Degrees north.",
        "longitude": "Degrees east.",
    },
    "copies": {
        "found": "exact or near.",
        "kind": "The relation of the copy to its original: copy, cut, extended or version.",
        "share": "The share of the words of the shorter of the two texts that both have, 0 to 1.",
        "original": "The article_id of the original.",
        "original_url": "The address of the original.",
        "original_site": "The site of the original.",
        "original_date": "The day of the original.",
    },
    "doubtful": {"explain": "The command that shows why the text is doubtful."},
    "reasons": {
        "stage": "The stage.",
        "reason": "The reason.",
        "meaning": "What is wrong with such a page.",
        "remedy": "What to do about it.",
    },
    "days": {"articles": "The number of articles."},
    "loads": {"dump": "The dump.", "size": "Its bytes.", **_RUN},
    "ledger": {
        "dump": "The dump.",
        "door": "read, article or rejected.",
        "pages": "The number of pages.",
        **_REASON,
        **_RUN,
    },
}


def column_text(view: str, column: str) -> str:
    """The sentence of a column of a table or view; "" if there is none."""
    for texts in (VIEW_COLUMNS.get(view, {}), COLUMNS.get(view, {}), COLUMNS["articles"]):
        if column in texts:
            return texts[column]
    return ""
