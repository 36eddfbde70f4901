"""Accuracy of the topic classifier: on portals it has not seen, on other corpora, on the project's own leads.

    PYTHONPATH=. python -m benchmarks.accuracy.topics            # the shipped model
    OPENBLAS_NUM_THREADS=1 PYTHONPATH=. python -m benchmarks.accuracy.topics --train

With --train it also trains without each portal in turn: ten minutes more.

Data comes from WARRAQ_DATA; what is missing there is skipped with a line that says so. Texts are judged alone, without
address and section, unless the line says otherwise. The leads (topics_leads.tsv) need no data.
"""

import csv
import functools
import json
import sys
import time
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from benchmarks.data import ROOT
from benchmarks.training import train_topics
from benchmarks.training.train_topics import DATA, Row
from warraq.schemas.labels import TOPICS
from warraq.schemas.records import Article
from warraq.transforms.topics.classifier import TopicRules, assign_topic
from warraq.transforms.topics.linear import LinearClassifier, LinearModel, ranked

SLUGS: Final = {topic.code: topic.slug for topic in TOPICS}
LEADS: Final = Path(__file__).with_name("topics_leads.tsv")
PAPERS: Final = Path(__file__).with_name("topics_papers.tsv")
COLUMNS: Final = Path(__file__).with_name("topics_columns.tsv")
SAMPLES: Final = ROOT / "samples" / "expected.jsonl"

# Categories of corpora → the topics that are right.
ANT: Final[dict[str, set[str]]] = {
    "culture": {"arts_culture_entertainment_and_media"},
    "economy": {"economy_business_and_finance"},
    "sport": {"sport"},
    "technology": {"science_and_technology"},
}
# Sky News files health studies under "technology". IPTC has "medical research" under science, and health beside it.
ANT_EITHER: Final[dict[str, set[str]]] = {**ANT, "technology": {"science_and_technology", "health"}}
SECTIONS: Final = {"culture": "ثقافة", "economy": "اقتصاد", "sport": "رياضة", "technology": "تكنولوجيا"}
# The categories whose confusion is published: those above, and the texts labelled by hand. Jawhara's "society" is
# mostly arrests and accidents, so it says nothing about IPTC's society.
TRUTH: Final[dict[str, set[str]]] = {
    **ANT,
    "politic": {"politics_and_government"},
    **{f"hand: {topic.slug}": {topic.slug} for topic in TOPICS},
}
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
    """Answers, each with the topics that would be right."""

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


def best_topic(model: LinearModel, article: Article, among: Sequence[str] = ()) -> str:
    """The likeliest topic by the text alone, among all topics or among the named ones."""
    logits = model.logits(article)
    columns = [place for place, topic in enumerate(TOPICS) if not among or topic.slug in among]
    return TOPICS[max(columns, key=lambda column: logits[column])].slug


def judge(model: LinearModel, rows: Sequence[Row], truth: dict[str, set[str]], *, closed: bool = False) -> Tally:
    """The model's answers on the rows with a category in `truth`; if `closed`, only among those topics."""
    among = sorted(set().union(*truth.values())) if closed else []
    tally = Tally()
    for row in rows:
        if row.category in truth:
            tally.add(truth[row.category], best_topic(model, row.article, among))
    return tally


Answer = tuple[str, str, float]  # category, topic given, its score


def without_each_portal(rows: Sequence[Row]) -> None:
    """Trains without a portal and judges on it, for each portal; for comparison also without every fifth text."""
    answers: list[Answer] = []
    for portal in ("Jawhara FM", "alarabia", "skynews"):
        seen = [row for row in rows if row.portal not in {portal, "asnd_dev"}]
        answers += _compare(f"ANT, {portal} never seen", seen, [row for row in rows if row.portal == portal])
    print("The three portals, each never seen")
    print_curve(answers)
    print_confusion(answers)
    seen = [row for place, row in enumerate(rows) if place % 5 and row.portal != "asnd_dev"]
    print_curve(_compare("ANT, every fifth text", seen, [row for place, row in enumerate(rows) if not place % 5]))
    model = train_topics.train([row for row in rows if row.portal != "asnd_dev"])
    print("ASND dev              ", judge(model, [row for row in rows if row.portal == "asnd_dev"], ASND))


def _compare(name: str, seen: Sequence[Row], held: Sequence[Row]) -> list[Answer]:
    model = train_topics.train(seen)
    print(f"{name}: 4 classes, 17 possible ", judge(model, held, ANT))
    print(f"{name}: health in technology is right: {judge(model, held, ANT_EITHER).accuracy():.3f}")
    print(f"{name}: 4 classes, 4 possible  ", judge(model, held, ANT, closed=True), flush=True)
    judge_sections(name, LinearClassifier(model), [row for row in held if row.category in ANT])
    best = [(row.category, ranked(model.logits(row.article))[0]) for row in held if row.category in TRUTH]
    return [(category, SLUGS[score.code], score.score) for category, score in best]


def judge_sections(name: str, classifier: LinearClassifier, rows: Sequence[Row]) -> None:
    """Accuracy with the right section, and with a wrong one."""
    right, wrong = Tally(), Tally()
    for place, row in enumerate(rows):
        others = [category for category in SECTIONS if category != row.category]
        named = {row.category: right, others[place % len(others)]: wrong}
        for category, tally in named.items():
            best = classifier.classify([row.article._replace(section=SECTIONS[category])])[0][0]
            tally.add(ANT[row.category], SLUGS[best.code])
    print(f"{name}: 17 possible, right section    ", right)
    print(f"{name}: 17 possible, wrong section    ", wrong, flush=True)


def print_curve(answers: Sequence[Answer]) -> None:
    """For each least score: the share of the four classes' texts with a topic, and of right ones among them."""
    four = [answer for answer in answers if answer[0] in ANT]
    for least in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        given = [given in ANT[category] for category, given, score in four if score >= least]
        print(f"    from {least}: {len(given) / len(four):.3f} have a topic, {sum(given) / len(given):.3f} right")


def print_confusion(answers: Sequence[Answer]) -> None:
    """A line for each category, a column for each topic, in the order of TOPICS."""
    print(f"{'':50}", *(f"{topic.slug[:5]:>5}" for topic in TOPICS), "  right")
    for category, truth in TRUTH.items():
        given = Counter(topic for label, topic, _ in answers if label == category)
        if given:
            right = sum(given[topic] for topic in truth) / given.total()
            print(f"{category:50}", *(f"{given[topic.slug]:5}" for topic in TOPICS), f"{right:7.3f}")


def read_leads() -> Iterator[tuple[str, Article]]:
    """The project's own leads: topic, article."""
    for line in LEADS.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            topic, title, text = line.split("\t")
            yield topic, train_topics.article(title, text)


def judge_leads(classifier: LinearClassifier) -> None:
    """Accuracy by text alone, with the right section and with each wrong one; then the answers by topic."""
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


def judge_samples(classifier: LinearClassifier) -> None:
    """Accuracy on the project's sample articles, which have another author: acceptable topics, and the best one."""
    acceptable, best = Tally(), Tally()
    for row in _json_lines(SAMPLES):
        if "topics_ok" in row:
            given = best_topic(classifier.model, train_topics.article(row["title"], row["text"]))
            acceptable.add(set(row["topics_ok"]), given)
            best.add({row["topic"]}, given)
    print("samples, acceptable   ", acceptable)
    print("samples, best         ", best)


def judge_columns(classifier: LinearClassifier) -> None:
    """Accuracy on opinion columns, whose style is like that of arts pages whatever their topic."""
    tally = Tally()
    for line in COLUMNS.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            day, place, slugs = line.split("\t")
            column = _saudi_news(day)[int(place)]
            tally.add(
                set(slugs.split()), topic_of(classifier, train_topics.article(column["title"], column["content"]))
            )
    arts = [truth for truth, given in tally.answers if given == "arts_culture_entertainment_and_media"]
    wrongly = sum("arts_culture_entertainment_and_media" not in truth for truth in arts)
    print("columns               ", tally, f" {len(arts)} called arts, {wrongly} of them wrongly")


def judge_papers(classifier: LinearClassifier) -> None:
    """Accuracy, macro F1 and calibration on papers that were never seen, for each of the two days."""
    answers: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    tallies: dict[str, Tally] = defaultdict(Tally)
    main: Counter[bool] = Counter()
    for line in PAPERS.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            day, place, slugs = line.split("\t")
            row = _saudi_news(day)[int(place)]
            best = classifier.classify([train_topics.article(row["title"], row["content"])])[0][0]
            for name in (day, "both days"):
                tallies[name].add(set(slugs.split()), SLUGS[best.code])
            answers[day].append((SLUGS[best.code] in slugs.split(), best.score))
            main[SLUGS[best.code] == slugs.split()[0]] += 1
    for name, tally in tallies.items():
        print(f"papers, {name:14}", tally)
    print(f"papers, the main topic  {main[True] / main.total():.3f}")
    together = [answer for found in answers.values() for answer in found]
    for low, high in pairwise((0.0, 0.3, 0.5, 0.7, 0.9, 0.95, 1.01)):
        given = [answer for answer in together if low <= answer[1] < high]
        right, score = (sum(values) / max(len(given), 1) for values in zip(*given, strict=True))
        print(f"    score {low:.2f} to {high:.2f}: {len(given):4}, mean {score:.3f}, right {right:.3f}")


@functools.cache
def _saudi_news(day: str) -> list[dict]:
    with zipfile.ZipFile(DATA / "newstext" / "saudinewsnet" / f"{day}.zip") as packed:
        return json.loads(packed.read(packed.namelist()[0]).decode("utf-8-sig"))


def topic_of(classifier: LinearClassifier, article: Article) -> str:
    """The topic as the stage gives it, `other` included."""
    return assign_topic(article, classifier.classify([article])[0], classifier.name, TopicRules()).topic


def judge_sib(classifier: LinearClassifier) -> None:
    """Accuracy on single sentences, translated from encyclopedias and news: hard, and unlike the training data."""
    tally, closed = Tally(), Tally()
    model, among = classifier.model, sorted(set().union(*SIB.values()))
    for split in ("train", "dev"):
        path = DATA / "langid" / "sib200" / "arb_Arab" / f"{split}.tsv"
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                if row["category"] in SIB:
                    sentence = train_topics.article("", row["text"])
                    tally.add(SIB[row["category"]], best_topic(model, sentence))
                    closed.add(SIB[row["category"]], best_topic(model, sentence, among))
    print("SIB-200 sentences, 17 possible", tally)
    print("SIB-200 sentences, 6 possible ", closed)


def judge_pages(classifier: LinearClassifier) -> None:
    """Six real pages, with their addresses."""
    articles = {row["file"]: row for row in _json_lines(DATA / "pages" / "gt_ar.jsonl")}
    for row in _json_lines(DATA / "pages" / "entities_topic_ar.jsonl"):
        page = articles[row["file"]]
        article = train_topics.article(page["title"], page["text"], page["url"])
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
    leads = [article for _, article in read_leads()]
    classifier.classify(leads[:1])
    loaded = time.process_time()
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
    judge_samples(classifier)
    measure_speed()
    if DATA.is_dir():
        judge_sib(classifier)
        judge_pages(classifier)
        judge_columns(classifier)
        judge_papers(classifier)
    else:
        print(f"other corpora skipped: no folder {DATA}; set WARRAQ_DATA")
    if "--train" in sys.argv and DATA.is_dir():
        without_each_portal(train_topics.read_rows())


if __name__ == "__main__":
    main()
