import datetime as dt
import hashlib
import json
import time

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.paths import ROOT
from warraq.schemas.labels import OTHER_TOPIC, TOPIC_SLUGS, TOPICS
from warraq.schemas.records import Article, Rejected, Source, TopicScore
from warraq.transforms.step import KEPT, REJECTED
from warraq.transforms.topics import stage as topics
from warraq.transforms.topics.stage import (
    BACKENDS,
    COLUMN_OF_SLUG,
    ClassifyTopics,
    LinearClassifier,
    TopicRules,
    assign_topic,
    features,
    folders,
    hints,
    load_classifier,
    read_sections,
    section_key,
    stem,
    words,
)

BENCHMARKS = ROOT / "benchmarks"
DAY = dt.datetime(2024, 5, 1, tzinfo=dt.timezone.utc)
MATCH = "فاز الفريق الضيف بهدفين مقابل هدف في المباراة النهائية، وسجل اللاعب الهدف الثاني من ركلة جزاء في الشوط الثاني."
PRICES = "ارتفعت أسعار النفط في البورصة وتراجع الدولار، وقال البنك المركزي إن التضخم سيبقى مرتفعا وإن الاستثمار يتباطأ."
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
PLAIN = "جلس الرجل على الكرسي ثم نظر إلى الباب."


def article(text="", title=None, url="https://www.example.com/a/1", **known):
    return Article(Source(url, DAY, "d", 7, 100), "", "example.com", title, text, None, DAY.date(), "fetched", **known)


@pytest.fixture(scope="module")
def classifier():
    return load_classifier("linear")


def topic_of(classifier, page):
    return assign_topic(page, classifier.classify([page])[0], classifier.name, TopicRules()).topic


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("المباراة", "مباراه"),
        ("ومباراة", "مباراه"),
        ("شركات", "شركه"),
        ("الرياضيون", "رياضي"),
        ("رياضية", "رياضي"),
        ("اللاعبين", "لاعب"),
        ("لاعبون", "لاعب"),
        ("إقتصاد", "اقتصاد"),
        ("اقتصــاد", "اقتصاد"),
        ("اِقْتِصَاد", "اقتصاد"),
        ("وزير", "وزير"),
        ("من", "من"),
        ("Apple", "apple"),
    ],
)
def test_forms_of_a_word_share_a_stem(word, expected):
    assert stem(word) == expected


def test_riyadh_is_not_sport():
    assert stem("الرياض") != stem("الرياضة")


def test_words_are_runs_of_letters():
    assert words("فاز 3-1 على iPhone، وَقال!") == ["فاز", "على", "iPhone", "وَقال"]


def test_a_word_begins_with_a_letter():
    assert words("ـــ كلمة ً ـكلمة 12 كلـمة") == ["كلمة", "كلمة", "كلـمة"]


def test_features_count_the_title_twice_and_pairs_of_neighbours():
    counts = features(article("كأس العالم", title="كأس"))
    assert counts == {"كاس": 3, "عالم": 1, "كاس عالم": 1}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.example.com/ar/sport/2024/05/01/some-long-title-of-it", ["www", "ar", "sport"]),
        ("https://sport.example.com/title", ["sport"]),
        ("https://example.com/%D8%B1%D9%8A%D8%A7%D8%B6%D8%A9/1234", ["رياضة"]),
        ("https://example.com/a-very-long-slug-here/x?y=/sport/z", []),
        ("file.txt", []),
        ("https://[bad/sport/x", ["sport"]),
        ("", []),
    ],
)
def test_folders_of_an_address(url, expected):
    assert folders(url) == expected


@pytest.mark.parametrize(
    ("known", "slugs"),
    [
        ({"section": "الرياضة"}, {"sport"}),
        ({"section": "الرئيسية > أخبار > رياضة عالمية"}, {"sport"}),
        ({"section": "حوادث"}, {"crime_law_and_justice", "disaster_accident_and_emergency_incident"}),
        ({"section": "أخبار العالم"}, set()),
        ({"url": "https://example.com/culture-and-art/2018/02/title"}, {"arts_culture_entertainment_and_media"}),
        ({"url": "https://example.com/economy/"}, {"economy_business_and_finance"}),
        ({"tags": ["كورونا", "مصر"]}, {"health"}),
        ({"tags": ["رياضة المال والسياسة"]}, set()),
        ({}, set()),
    ],
)
def test_what_the_page_says_about_itself(known, slugs):
    columns = {column for hint in hints(article(**known), read_sections()) for column in hint.columns}
    assert columns == {COLUMN_OF_SLUG[slug] for slug in slugs}


def test_a_section_has_one_key_however_it_is_written():
    assert section_key("الرياضة") == section_key("رياضة") == section_key("رِيَاضَه")


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
    frequencies = {row_of[feature]: n for feature, n in features(page).items() if feature in row_of}
    expected = {row: topics.TERM_FREQUENCY[min(n, 64)] * int(model.rarity[row]) for row, n in frequencies.items()}
    assert dict(zip(rows.tolist(), values.tolist(), strict=True)) == expected


def test_neither_batches_nor_order_make_a_difference(classifier):
    pages = [article(MATCH), article(""), article(PRICES, title="أسعار"), article(PLAIN, section="صحة")]
    alone = [LinearClassifier(classifier.model).classify([page])[0] for page in pages]
    assert classifier.classify(pages) == alone
    assert classifier.classify(pages[::-1]) == alone[::-1]


def test_words_beyond_memory_are_looked_up_again(monkeypatch):
    monkeypatch.setattr(topics._Numbers, "_MOST", 1)
    numbers = topics._Numbers({"مباراه": 7})
    assert [numbers[word] for word in ("كلمة", "المباراة", "المباراة", "كلمة")] == [0, 7, 7, 0]
    assert len(numbers) == 1


@pytest.mark.parametrize("text", [" ".join([MATCH] * 6000), "ا" * 600_000, "a b " * 100_000, "\n" * 600_000])
def test_a_hundred_thousand_words_cost_what_a_few_hundred_do(classifier, text):
    started = time.perf_counter()
    classifier.classify([article(text, title=text)])
    assert time.perf_counter() - started < 0.5


def test_evidence_names_words_as_written_and_the_section(classifier):
    evidence = classifier.evidence(article(MATCH, section="رياضة"))
    assert evidence[0] == "section: رياضة"
    assert {"المباراة", "اللاعب"} & set(evidence)


@pytest.mark.parametrize(
    ("scores", "slug", "kept"),
    [
        ([("medtop:15000000", 0.9), ("medtop:17000000", 0.06)], "sport", 1),
        ([("medtop:15000000", 0.29), ("medtop:17000000", 0.29)], OTHER_TOPIC, 2),
        ([("medtop:15000000", 0.4)] + [("medtop:17000000", 0.15)] * 4, "sport", 3),
        ([("unknown", 0.9)], OTHER_TOPIC, 1),
        ([], OTHER_TOPIC, 0),
    ],
)
def test_scores_become_fields(scores, slug, kept):
    given_scores = [TopicScore(*score) for score in scores]
    labelled = assign_topic(article(), given_scores, "linear-1", TopicRules())
    assert labelled.topic == slug
    assert labelled.topics == given_scores[:kept]
    assert labelled.topic_score == (scores[0][1] if scores else 0.0)
    assert labelled.classifier == "linear-1"


def test_lists_name_only_known_topics_and_no_term_twice():
    for name in ("topics.terms.txt", "topics.sections.txt"):
        for slug, _, terms in topics.read_lists(name):
            assert slug in TOPIC_SLUGS
            assert all(terms)
            assert len(terms) == len(set(terms)), (slug, sorted({term for term in terms if terms.count(term) > 1}))


def test_the_model_is_whole():
    model = topics.read_model()
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


def rows_of(name):
    for line in (BENCHMARKS / name).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield line.split("\t")


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
    terms = [words(term) for _, _, terms in topics.read_lists("topics.terms.txt") for term in terms]
    assert not {term for term, *more in terms if not more and stem(term) in function_words}
    assert not function_words.intersection(topics.read_model().features)


def test_columns_are_not_arts_for_their_style(classifier):
    assert topic_of(classifier, article(WARNING, "حتى لا نندم")) == OTHER_TOPIC
    assert topic_of(classifier, article(JOBLESS, "عن العمل والأمل")) == "labour"


def test_training_twice_gives_the_same_model():
    pytest.importorskip("scipy", reason="training needs scipy")
    from benchmarks.training import train_topics as trainer  # noqa: PLC0415

    categories = {"sport": "sport", "health": "health", "education": "education", "religion": "spiritual"}
    rows = [
        trainer.Row("x", categories.get(topic, "localNews"), page := article(text, title), features(page))
        for topic, title, text in rows_of("accuracy/topics_leads.tsv")
    ]
    few = trainer.Settings(rounds=2, steps=5, directions=5, most_features=2000)
    first, second = (trainer.train(rows, few) for _ in range(2))
    assert first.features == second.features
    assert first.scale == second.scale
    assert np.array_equal(first.weights, second.weights)
    assert np.array_equal(first.rarity, second.rarity)
    assert topic_of(LinearClassifier(first), article(MATCH)) == "sport"


def test_backends_load_once():
    for name in BACKENDS:
        assert load_classifier(name) is load_classifier(name)
    with pytest.raises(KeyError):
        load_classifier("absent")


class Fragile:
    """Breaks on a batch that holds the word "broken"."""

    name = "fragile-1"

    def classify(self, articles):
        if any("broken" in page.text for page in articles):
            raise ValueError("bad text")
        return [[TopicScore("medtop:15000000", 1.0)] for _ in articles]


def test_a_broken_article_costs_one_row(monkeypatch):
    monkeypatch.setitem(BACKENDS, "fragile", f"{__name__}:Fragile")
    pages = [article("one"), article("broken"), article("two")]
    pipeline = TestPipeline()
    kept, rejected = pipeline | beam.Create(pages) | ClassifyTopics(backend="fragile")
    assert_that(
        kept | beam.Map(lambda page: (page.text, page.topic)), equal_to([("one", "sport"), ("two", "sport")]), KEPT
    )
    reasons = rejected | beam.Map(lambda row: (type(row), row.stage, row.reason, row.detail.split(" (")[0]))
    assert_that(reasons, equal_to([(Rejected, "topics", "error", "ValueError: bad text")]), REJECTED)
    assert counters(pipeline.run()) == {"pages_in": 3, "pages_out": 2, "pages_rejected_error": 1}


def test_articles_keep_their_time_and_window():
    pipeline = TestPipeline()
    kept, rejected = (
        pipeline
        | beam.Create([5, 65])
        | beam.Map(at_second).with_output_types(Article)
        | beam.WindowInto(beam.window.FixedWindows(60))
        | ClassifyTopics()
    )
    assert_that(kept | beam.ParDo(TimeOf()), equal_to([("5", 5, 60, "sport"), ("65", 65, 120, "sport")]), label=KEPT)
    assert_that(rejected, equal_to([]), label=REJECTED)
    pipeline.run()


def at_second(second):
    return beam.window.TimestampedValue(article(MATCH, title=str(second)), second)


class TimeOf(beam.DoFn):
    def process(self, page, time=beam.DoFn.TimestampParam, window=beam.DoFn.WindowParam):
        yield page.title, int(time), int(window.end), page.topic


def counters(result):
    found = result.metrics().query(beam.metrics.MetricsFilter().with_namespace("topics"))["counters"]
    return {counter.key.metric.name: counter.result for counter in found}
