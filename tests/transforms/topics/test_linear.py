import hashlib
import json
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.paths import ROOT
from tests.support.topics import BENCHMARKS, MATCH, PLAIN, PRICES, article, rows_of, topic_of
from warraq.schemas.labels import OTHER_TOPIC, TOPIC_SLUGS, TOPICS
from warraq.transforms.topics import linear
from warraq.transforms.topics.classifier import load_classifier
from warraq.transforms.topics.linear import LinearClassifier
from warraq.transforms.topics.terms import read_lists, stem, term_counts, words

WARNING = (
    "ليس كل من حمل السلاح بطلا، ولا كل من صمت جبانا. هذا ما يجب أن نقوله لأبنائنا قبل أن يقوله لهم غيرنا. كان لنا في ما "
    "مضى من الأيام درس، لكننا لم نتعلم منه إلا القليل. وها هم اليوم شباب في عمر الورد يذهبون إلى الموت وهم لا يعرفون "
    "لماذا، ثم لا يعود منهم أحد. أليس لنا أن نسأل: من الذي أخذهم منا؟ هو التطرف الذي بدأ بكلمة، ولم يجد من يرد عليه."
)
JOBLESS = (
    "كلما جلست إلى شاب يبحث عن وظيفة قال لي الكلام نفسه: لا أحد يريدنا. وهو لا يكذب، فهناك من يطلب خبرة لم يعطها له أحد. "
    "كان أبي يقول إن من جد وجد، لكنه لم ير هذه الأيام. وأنا لا ألوم أحدا، إلا أنني أرى أن البطالة هي ما يأكل العمر، ولا "
    "شيء غيرها. حتى متى؟"
)


@pytest.fixture(scope="module")
def classifier():
    return load_classifier("linear")


def test_a_clear_text_needs_no_page(classifier):
    assert topic_of(classifier, article(MATCH)) == "sport"
    assert topic_of(classifier, article(PRICES)) == "economy_business_and_finance"


def test_the_section_settles_a_text_that_says_little(classifier):
    assert topic_of(classifier, article(PLAIN)) == OTHER_TOPIC
    assert topic_of(classifier, article(PLAIN, section="طقس")) == "weather"


def test_a_clear_text_overrules_the_section(classifier):
    assert topic_of(classifier, article(MATCH, section="اقتصاد")) == "sport"


def test_war_and_politics_are_told_apart(classifier):
    war = "قصف الجيش مواقع المسلحين بالمدفعية وسقط عشرات القتلى من الجنود في معارك عنيفة قرب خط الجبهة."
    politics = (
        "صوت نواب البرلمان على منح الثقة للحكومة الجديدة، وقال رئيس الوزراء إن الأحزاب اتفقت على موعد الانتخابات."
    )
    assert topic_of(classifier, article(war)) == "conflict_war_and_peace"
    assert topic_of(classifier, article(politics)) == "politics_and_government"


@pytest.mark.parametrize("text", ["", "\n", "123 !", "hello world", "كلمة", "\ud7ff\x00", "ا" * 5000])
def test_a_text_without_evidence_is_other(classifier, text):
    assert topic_of(classifier, article(text)) == OTHER_TOPIC


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=300), st.text(max_size=30), st.text(max_size=60))
def test_any_text_gets_its_likely_topics_best_first(text, section, url):
    (scores,) = LinearClassifier.classify(load_classifier("linear"), [article(text, section=section, url=url)])
    codes = [score.code for score in scores]
    assert codes
    assert len(set(codes)) == len(codes)
    assert set(codes) <= {topic.code for topic in TOPICS}
    values = [score.score for score in scores]
    assert values == sorted(values, reverse=True)
    assert all(0.01 <= value <= 1 for value in values)
    assert 0.8 < sum(values) < 1.001


SOME_WORDS = st.lists(st.sampled_from([*words(MATCH + PRICES + PLAIN), "كلمةغريبة", "من", "في"]), max_size=60)


@settings(max_examples=50, deadline=None)
@given(SOME_WORDS, SOME_WORDS)
def test_numbers_stand_for_the_features_that_they_should(title, text):
    model = load_classifier("linear").model
    page = article(" ".join(text), " ".join(title))
    rows, values = model.vector(page)
    row_of = {feature: row for row, feature in enumerate(model.features)}
    frequencies = {row_of[feature]: n for feature, n in term_counts(page).items() if feature in row_of}
    expected = {row: linear.TERM_FREQUENCY[min(n, 64)] * int(model.idf[row]) for row, n in frequencies.items()}
    assert dict(zip(rows.tolist(), values.tolist(), strict=True)) == expected


def test_neither_batches_nor_order_make_a_difference(classifier):
    pages = [article(MATCH), article(""), article(PRICES, title="أسعار"), article(PLAIN, section="صحة")]
    alone = [LinearClassifier(classifier.model).classify([page])[0] for page in pages]
    assert classifier.classify(pages) == alone
    assert classifier.classify(pages[::-1]) == alone[::-1]


def test_words_beyond_memory_are_looked_up_again(monkeypatch):
    monkeypatch.setattr(linear._StemNumbers, "_MOST", 1)
    numbers = linear._StemNumbers({"مباراه": 7})
    assert [numbers[word] for word in ("كلمة", "المباراة", "المباراة", "كلمة")] == [0, 7, 7, 0]
    assert len(numbers) == 1


@pytest.mark.parametrize("text", [" ".join([MATCH] * 6000), "ا" * 600_000, "a b " * 100_000, "\n" * 600_000])
def test_a_hundred_thousand_words_cost_what_a_few_hundred_do(classifier, text):
    started = time.process_time()
    classifier.classify([article(text, title=text)])
    assert time.process_time() - started < 0.5


def test_evidence_names_words_as_written_and_the_section(classifier):
    evidence = classifier.evidence(article(MATCH, section="رياضة"))
    assert evidence[0] == "section: رياضة"
    assert {"المباراة", "اللاعب"} & set(evidence)


def test_the_model_is_whole():
    model = linear.read_model()
    assert model.weights.shape == (len(model.features), len(TOPICS))
    assert model.weights.dtype == np.int8
    assert len(set(model.features)) == len(model.features)


def test_nearly_all_leads_of_the_project_get_their_topic(classifier):
    leads = list(rows_of("accuracy/topics_leads.tsv"))
    right = [topic for topic, title, text in leads if topic_of(classifier, article(text, title)) == topic]
    assert {topic for topic, _, _ in leads} == TOPIC_SLUGS - {OTHER_TOPIC}
    assert len(right) / len(leads) >= 0.97


def test_labels_name_topics_and_no_article_twice():
    slugs, names = zip(*rows_of("training/topics_labels.tsv"), strict=True)
    assert set(slugs) <= TOPIC_SLUGS - {OTHER_TOPIC}
    assert len(set(names)) == len(names)


def test_the_model_was_trained_from_these_lists():
    folder = ROOT / "transforms" / "models"
    digests = json.loads((folder / "topics.model.json").read_text())["sha256"]
    shipped = {"topics.terms.txt", "topics.features.txt", "topics.weights.npy"}
    lists = {"topics_labels.tsv", "topics_function_words.txt"}
    assert set(digests) == shipped | lists
    files = {name: folder / name for name in shipped} | {name: BENCHMARKS / "training" / name for name in lists}
    assert digests == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def test_function_words_say_nothing_of_a_topic():
    lines = (BENCHMARKS / "training" / "topics_function_words.txt").read_text(encoding="utf-8").splitlines()
    function_words = {stem(word) for line in lines if not line.startswith("#") for word in line.split()}
    terms = [words(term) for _, _, terms in read_lists("topics.terms.txt") for term in terms]
    assert not {term for term, *more in terms if not more and stem(term) in function_words}
    assert not function_words.intersection(linear.read_model().features)


def test_columns_are_not_arts_for_their_style(classifier):
    assert topic_of(classifier, article(WARNING, "حتى لا نندم")) == OTHER_TOPIC
    assert topic_of(classifier, article(JOBLESS, "عن العمل والأمل")) == "labour"


def test_training_twice_gives_the_same_model():
    pytest.importorskip("scipy", reason="training needs scipy")
    from benchmarks.training import train_topics as trainer  # noqa: PLC0415

    categories = {"sport": "sport", "health": "health", "education": "education", "religion": "spiritual"}
    rows = [
        trainer.Row("x", categories.get(topic, "localNews"), page := article(text, title), term_counts(page))
        for topic, title, text in rows_of("accuracy/topics_leads.tsv")
    ]
    few = trainer.Settings(rounds=2, steps=5, directions=5, most_features=2000)
    first, second = (trainer.train(rows, few) for _ in range(2))
    assert first.features == second.features
    assert first.scale == second.scale
    assert np.array_equal(first.weights, second.weights)
    assert np.array_equal(first.idf, second.idf)
    assert topic_of(LinearClassifier(first), article(MATCH)) == "sport"
