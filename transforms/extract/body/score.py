"""The score of an extraction: how likely the text is that of an article, whole and without the rest of the page.

A logistic regression, trained by benchmarks/training/train_extraction_score.py: right is an article of which the text
has an F1 of at least 0.8 against the truth. The figures are in models/page_kind.CARD.md.
"""

import math
from typing import Final

from warraq.schemas.labels import STATED_BODY, WHOLE_PAGE
from warraq.transforms.extract.body.body import ENOUGH
from warraq.transforms.extract.body.choose import Body, count_words, words_in_sentences
from warraq.transforms.extract.body.logistic import estimate
from warraq.transforms.extract.facts import Facts

_MOST_COVER: Final = 1.5
_SHORT_LINE: Final = 5  # words


def score_text(facts: Facts, body: Body, article_share: float) -> float:
    """The probability, 0..1, that the text is right."""
    return estimate("extraction_score", measure_text(facts, body, article_share))


def measure_text(facts: Facts, body: Body, article_share: float) -> dict[str, float]:
    """The numbers by name, always the same names; `article_share` is of the page's shape (page_kind.py)."""
    lines = body.lines
    words = max(1, count_words(lines))
    prose = max(facts.density.prose.values(), default=0)
    linked = {word for link in facts.index.tagged["a"] for word in link.text_content().split()}
    return {
        "article share": math.log((0.001 + article_share) / (1.001 - article_share)),
        "words": math.log1p(words),
        "in sentences": words_in_sentences(lines) / words,
        "cover": min(_MOST_COVER, sum(map(len, lines)) / max(ENOUGH, prose)),
        "short lines": sum(line.count(" ") < _SHORT_LINE for line in lines) / max(1, len(lines)),
        "words in links": sum(word in linked for line in lines for word in line.split()) / words,
        "stated": float(bool(body.stated)),
        "from statement": float(body.source == STATED_BODY),
        "from whole page": float(body.source == WHOLE_PAGE),
    }
