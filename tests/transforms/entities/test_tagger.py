import pytest

from warraq.transforms.entities.tagger import BACKENDS, is_backend, load_tagger, tag_entities


def test_articles_are_tagged(make_article):
    [article] = tag_entities([make_article("زار موسكو")], load_tagger("gazetteer"))
    assert (article.tagger, [entity.name for entity in article.entities]) == ("gazetteer-1", ["موسكو"])


def test_a_name_that_the_tagger_completed_is_from_the_article(make_article):
    text = "قال الوزير سامر الدرويشي أمس. ثم غادر الدرويشي القاعة."
    [article] = tag_entities([make_article(text)], load_tagger("gazetteer"))
    found = [(entity.name, entity.name_source) for entity in article.entities]
    assert found == [("سامر الدرويشي", "written"), ("سامر الدرويشي", "article")]


@pytest.mark.parametrize("name", sorted(BACKENDS.keys() - {"onnx"}))
def test_backends_are_taggers(name):
    assert load_tagger(name) is load_tagger(name)
    assert load_tagger(name).name


def test_an_unknown_backend_is_an_error():
    with pytest.raises(KeyError):
        load_tagger("none")


@pytest.mark.parametrize(
    ("name", "known"),
    [("bilstm", True), ("gazetteer", True), ("onnx:folder", True), ("onnx", False), ("bilstm:x", False), ("", False)],
)
def test_names_of_backends(name, known):
    assert is_backend(name) == known
