"""The remedy for each reason of refusal. The view `reasons` and the reference show it."""

from typing import Final

from warraq.schemas.labels import ERROR_REASON

REMEDIES: Final[dict[str, dict[str, str]]] = {
    "read": {
        "corrupt_record": "Fetch the dump again. The records before and after this one were read.",
        "not_html": "None is needed for pictures, feeds and empty pages. --rejected all gives each a row.",
        "http_error": "Crawl the page again.",
        "too_large": "Raise --read_max_bytes if it is a page, not a file.",
    },
    "screen": {
        "site_rules": "None is needed: it is no page. `opt_out` of the articles that it speaks for has its signals.",
        "site_not_allowed": "Add the site to the list of --sites_allow.",
        "site_blocked": "Take the site off the list of --sites_block.",
        "no_arabic_bytes": "None is needed. --screen_min_letters says how much Arabic is enough.",
    },
    "decode": {"undecodable": "Look at the bytes: the page is damaged, or its charset is unknown to browsers, too."},
    "extract": {
        "no_main_text": "Run warraq explain: a script may load the text, or a login may hide it.",
        "not_an_article": "Use --kinds all to keep such pages; page_kind then tells them from articles.",
        "opted_out": "None: the site reserves this use. With --opt_out mark such pages are kept and marked.",
        "other_day": "Widen --days.",
        "parse_timeout": "Raise --extract_timeout if the page is worth it.",
        "parse_crash": "Raise --extract_memory_mb, or report the page. The rest of the dump was read.",
        "too_large": "Raise --extract_max_markup.",
    },
    "clean": {"too_short": "Lower --clean_min_words."},
    "language": {"not_arabic": "None if detail names the right language; else lower --language_min_score."},
    "quality": {
        "word_count": "Change --quality_min_words or --quality_max_words.",
        "duplicate_lines": "Raise --quality_max_duplicate_lines or --quality_max_duplicate_line_chars.",
        "repeated_words": "Raise the flag of the n-gram in detail, such as --quality_max_top_2gram.",
        "odd_words": "Change --quality_min_word_length or --quality_max_word_length.",
        "few_letters": "Lower --quality_min_letter_words: tables of results are refused by it.",
        "no_stop_words": "Lower --quality_min_function_words and --quality_min_function_share.",
        "short_lines": "Raise --quality_max_short_lines or --quality_max_breaks_per_word: lists, poems.",
        "unpunctuated": "Lower --quality_min_punctuated_lines.",
        "few_sentences": "Lower --quality_min_sentence_words.",
        "odd_marks": "Raise the flag of the mark: --quality_max_bullet_lines, --quality_max_hashes_per_word …",
    },
    "deduplicate": {
        "duplicate": "None is needed: detail is the article_id of the article that was kept.",
        "near_duplicate": "Use --near_duplicates mark to keep such articles, with duplicate_of.",
        "site_opted_out": "None: the site reserves this use. With --opt_out mark such pages are kept and marked.",
        "forgotten": "None: what was taken down stays out.",
    },
}
ERROR_REMEDY: Final = (
    f"Run warraq explain on the page and report it. {ERROR_REASON} is never a fault of the page's text."
)
