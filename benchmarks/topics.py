"""How often the topic classifier is right: on portals it has not seen, on other corpora, on the project's own leads.

    PYTHONPATH=. python benchmarks/topics.py            # the shipped model
    PYTHONPATH=. python benchmarks/topics.py --train    # also trains without each portal in turn: three minutes more

Data comes from WARRAQ_DATA; what is missing there is skipped with a line that says so. Texts are judged alone, without
address and section, unless the line says otherwise. The leads (topics_leads.tsv) need no data.
"""

import csv
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import train_topics
from train_topics import DATA, Row

from schemas.labels import TOPICS
from schemas.records import Article
from transforms.topics import LinearClassifier, LinearModel, TopicRules, assign_topic, features, ranked

SLUGS: Final = {topic.code: topic.slug for topic in TOPICS}
LEADS: Final = Path(__file__).with_name("topics_leads.tsv")

# Categories of corpora → the topics that are right.
ANT: Final[dict[str, set[str]]] = {
    "culture": {"arts_culture_entertainment_and_media"},
    "economy": {"economy_business_and_finance"},
    "sport": {"sport"},
    "technology": {"science_and_technology"},
}
# Jawhara's "society" is mostly arrests and accidents, so little of it can be found again as IPTC's society.
ANT_ALL: Final[dict[str, set[str]]] = {**ANT, "politic": {"politics_and_government"}, "society": {"society"}}
ASND: Final[dict[str, set[str]]] = {
    "art-and-entertainment": {"arts_culture_entertainment_and_media"},
    "business-and-economy": {"economy_business_and_finance", "labour"},
    "crime-war-conflict": {"conflict_war_and_peace", "crime_law_and_justice"},
    "education": {"education"},
    "environment": {"environment"},
    "health": {"health"},
    "politics": {"politics_and_government", "conflict_war_and_peace"},
    "science-and-technology": {"science_and_technology"},
    "spiritual": {"religion"},
    "sports": {"sport"},
}
SIB: Final[dict[str, set[str]]] = {
    "science/technology": {"science_and_technology"},
    "travel": {"lifestyle_and_leisure"},
    "politics": {"politics_and_government"},
    "sports": {"sport"},
    "health": {"health"},
    "entertainment": {"arts_culture_entertainment_and_media"},
}


class Tally:
    """Right and wrong answers; each is (topics that would be right, the topic given)."""

    def __init__(self) -> None:
        self.answers: list[tuple[set[str], str]] = []

    def add(self, truth: set[str], answer: str) -> None:
        self.answers.append((truth, answer))

    def accuracy(self) -> float:
        return sum(answer in truth for truth, answer in self.answers) / len(self.answers)

    def macro_f1(self) -> float:
        """Mean over the true topics of 2tp / (2tp + fp + fn); a right answer counts for its own topic."""
        right: Counter[str] = Counter()
        given: Counter[str] = Counter()
        true: Counter[str] = Counter()
        for truth, answer in self.answers:
            label = answer if answer in truth else min(truth)
            right[label] += answer in truth
            given[answer] += 1
            true[label] += 1
        return sum(2 * right[topic] / (given[topic] + true[topic]) for topic in true) / len(true)

    def __str__(self) -> str:
        return f"n={len(self.answers):<5} accuracy {self.accuracy():.3f}  macro F1 {self.macro_f1():.3f}"


def best_topic(model: LinearModel, counts: Counter[str], among: Sequence[str] = ()) -> str:
    """The likeliest topic by the text alone, among all or among those named."""
    logits = model.logits(counts)
    columns = [place for place, topic in enumerate(TOPICS) if not among or topic.slug in among]
    return TOPICS[max(columns, key=lambda column: logits[column])].slug


def judge(model: LinearModel, rows: Sequence[Row], truth: dict[str, set[str]], *, closed: bool = False) -> Tally:
    """The model's answers on the rows whose category is in `truth`; `closed`: only those topics may be given."""
    among = sorted(set().union(*truth.values())) if closed else []
    tally = Tally()
    for row in rows:
        if row.category in truth:
            tally.add(truth[row.category], best_topic(model, row.counts, among))
    return tally


def certain(model: LinearModel, rows: Sequence[Row], least: float) -> str:
    """The share of the four classes' texts that get a topic if `least` is asked for, and the share of these right."""
    tally, asked = Tally(), 0
    for row in rows:
        if row.category in ANT:
            asked += 1
            best = ranked(model.logits(row.counts))[0]
            if best.score >= least:
                tally.add(ANT[row.category], SLUGS[best.code])
    return f"{len(tally.answers) / asked:.3f} get a topic, of them right {tally.accuracy():.3f}"


def without_each_portal(rows: Sequence[Row]) -> None:
    """Trains without a portal, judges on it; and the same without every fifth text, for comparison."""
    for portal in ("Jawhara FM", "alarabia", "skynews"):
        seen = [row for row in rows if row.portal not in {portal, "asnd_dev"}]
        _compare(f"ANT, {portal} never seen", seen, [row for row in rows if row.portal == portal])
    seen = [row for place, row in enumerate(rows) if place % 5 and row.portal != "asnd_dev"]
    held = [row for place, row in enumerate(rows) if not place % 5]
    model = _compare("ANT, every fifth text", seen, held)
    print("ASND dev              ", judge(model, [row for row in rows if row.portal == "asnd_dev"], ASND))


def _compare(name: str, seen: Sequence[Row], held: Sequence[Row]) -> LinearModel:
    model = train_topics.train(seen)
    print(f"{name}: 4 classes, 17 possible ", judge(model, held, ANT))
    print(f"{name}: 4 classes, 4 possible  ", judge(model, held, ANT, closed=True))
    for category in ANT_ALL:
        if any(row.category == category for row in held):
            recall = judge(model, held, {category: ANT_ALL[category]}).accuracy()
            print(f"{name}: recall of {category}, 17 possible {recall:.3f}")
    print(f"{name}: 6 classes, 17 possible ", judge(model, held, ANT_ALL))
    for least in (0.3, 0.5, 0.7):
        print(f"{name}: 4 classes, score at least {least}", certain(model, held, least))
    return model


def read_leads() -> Iterator[tuple[str, Article]]:
    """The project's own leads: topic, article."""
    for line in LEADS.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            topic, title, text = line.split("\t")
            yield topic, train_topics.article(title, text)


def judge_leads(classifier: LinearClassifier) -> None:
    """Accuracy alone, under the right section, and under every wrong one; then what was taken for what."""
    leads = list(read_leads())
    sections = {"sport": "رياضة", "economy_business_and_finance": "اقتصاد", "health": "صحة", "religion": "دين"}
    plain, right, wrong = Tally(), Tally(), Tally()
    confused: dict[str, Counter[str]] = defaultdict(Counter)
    for topic, lead in leads:
        given = topic_of(classifier, lead)
        plain.add({topic}, given)
        confused[topic][given] += 1
        for owner, name in sections.items():
            (right if owner == topic else wrong).add({topic}, topic_of(classifier, lead._replace(section=name)))
    print("leads, text alone     ", plain)
    print("leads, right section  ", right)
    print("leads, wrong section  ", wrong)
    for topic, answers in confused.items():
        print(f"    {topic:44}", ", ".join(f"{answer} {n}" for answer, n in answers.most_common()))


def topic_of(classifier: LinearClassifier, article: Article) -> str:
    """The topic as the stage gives it, `other` included."""
    return assign_topic(article, classifier.classify([article])[0], classifier.name, TopicRules()).topic


def judge_sib(classifier: LinearClassifier) -> None:
    """Single sentences of encyclopedias and news, translated: hard, and unlike anything in training."""
    tally, closed = Tally(), Tally()
    model, among = classifier.model, sorted(set().union(*SIB.values()))
    for split in ("train", "dev"):
        path = DATA / "langid" / "sib200" / "arb_Arab" / f"{split}.tsv"
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                if row["category"] in SIB:
                    counts = features(train_topics.article("", row["text"]))
                    tally.add(SIB[row["category"]], best_topic(model, counts))
                    closed.add(SIB[row["category"]], best_topic(model, counts, among))
    print("SIB-200 sentences, 17 possible", tally)
    print("SIB-200 sentences, 6 possible ", closed)


def judge_pages(classifier: LinearClassifier) -> None:
    """Six real pages, with their addresses."""
    articles = {row["file"]: row for row in _json_lines(DATA / "pages" / "gt_ar.jsonl")}
    for row in _json_lines(DATA / "pages" / "entities_topic_ar.jsonl"):
        page = articles[row["file"]]
        article = train_topics.article(page["title"], page["text"])._replace(url=page["url"])
        given = topic_of(classifier, article)
        right = given in {name.replace(", ", " ").replace(" ", "_") for name in row["iptc_top_acceptable"]}
        print(f"page {row['file']:24} {given:44} {'right' if right else 'WRONG: ' + row['iptc_top']}")
        print("    ", " | ".join(classifier.evidence(article)))


def _json_lines(path: Path) -> Iterator[dict]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def measure_speed() -> None:
    """CPU seconds to load, and articles a CPU second, on long articles made of the leads."""
    started = time.process_time()
    classifier = LinearClassifier()
    loaded = time.process_time()
    leads = [article for _, article in read_leads()]
    texts = "\n".join(article.text for article in leads)
    articles = [article._replace(text=texts[place * 80 :][:2500]) for place, article in enumerate(leads)]
    classifier.classify(articles)  # fills the stemmer's cache, as a run soon does
    warm = time.process_time()
    for _ in range(5):
        classifier.classify(articles)
    seconds = time.process_time() - warm
    print(f"load {loaded - started:.2f} s; {5 * len(articles) / seconds:.0f} articles of 2,500 characters a CPU second")


def main() -> None:
    classifier = LinearClassifier()
    judge_leads(classifier)
    measure_speed()
    if DATA.is_dir():
        judge_sib(classifier)
        judge_pages(classifier)
    else:
        print(f"other corpora skipped: no folder {DATA}; set WARRAQ_DATA")
    if "--train" in sys.argv and DATA.is_dir():
        without_each_portal(train_topics.read_rows())


if __name__ == "__main__":
    main()
