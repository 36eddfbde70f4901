"""The sentences on an export that both its card and its Croissant metadata have."""

from typing import Final

from warraq.transforms.export.facts import Facts

COLLECTION: Final = (
    "Pages of crawl dumps, read by Warraq: pages without Arabic text are left out, the main text, title, authors and "
    "date are extracted from the page, page furniture is removed, texts in other languages and poor texts are left "
    "out, exact copies are left out and near copies are marked, names and topics are assigned by models."
)
MISSING: Final = (
    "A value is null if the page does not state it. An article whose page states no date has the day of the crawl, and "
    "date_source is `fetched`."
)
LICENCE: Final = (
    "The texts belong to their publishers. Whoever uses them must have a right to do so: a licence that the page "
    "states, an agreement, or an exception of the law."
)
LIMITATIONS: Final = (
    "Dates, titles and texts are extracted by rules and can be wrong: extraction_score tells how sure a text is.",
    "Entities and topics come from models and are not checked by people.",
    "News texts report what their publishers say. Nothing here tells whether it is true.",
)
BIASES: Final = (
    "Sites are as the crawl found them: large sites and state agencies have more articles than small ones.",
    "Days of the crawl and shortly before have more articles than older days.",
    "Dialects are rare: news is mostly written in Modern Standard Arabic.",
)
USES: Final = (
    "Training and evaluation of language models for Arabic.",
    "Research on news: names, topics, copies, time.",
)
IMPACT: Final = (
    "News names people, also in connection with crimes, illness and death. Whoever publishes the texts or a model "
    "trained on them must be able to take an article out again."
)
MAINTENANCE: Final = (
    "Articles can be taken down at their source. take_downs.txt lists the article_id of each that was: delete them "
    "from your copy. A newer export has a higher version."
)


def personal_data(facts: Facts) -> list[str]:
    """The sentences on personal data, with the counts of this export."""
    lines = [f"Names of people are in the texts and in the column entities. Mentions: {facts.names:,}."]
    if not facts.has_text:
        return ["The files have addresses, places and digests only. An address may have the name of a person in it."]
    if facts.with_email is not None:
        lines.append(f"Texts with an e-mail address: {facts.with_email:,}.")
    lines.append("Authors are named as the pages name them.")
    masked = next((values for stage, rule, values in facts.settings if (stage, rule) == ("clean", "pii")), [])
    lines.append(
        "E-mail addresses, phone numbers and numbers of identity cards and accounts are masked in the texts."
        if list(masked) == ["mask"]
        else "E-mail addresses and phone numbers in texts are not masked."
    )
    return lines
