import pytest

from tests.support.topics import article
from warraq.schemas.labels import OTHER_TOPIC
from warraq.schemas.records import TopicScore
from warraq.transforms.topics.classifier import BACKENDS, TopicRules, assign_topic, load_classifier


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


def test_backends_load_once():
    for name in BACKENDS:
        assert load_classifier(name) is load_classifier(name)
    with pytest.raises(KeyError):
        load_classifier("absent")


@pytest.mark.parametrize(
    ("rule", "value"),
    [("min_score", 7), ("min_score", -0.1), ("min_further", 1.5), ("min_score", float("nan")), ("max_topics", -1)],
)
def test_rules_that_make_no_sense_are_refused(rule, value):
    with pytest.raises(ValueError, match=f"^topics_{rule} must be .*, not {value}$"):
        TopicRules(**{rule: value})
