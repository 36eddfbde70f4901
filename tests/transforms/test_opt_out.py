import pytest

from warraq.transforms.opt_out import header_signals, meta_signals


@pytest.mark.parametrize(
    ("fields", "signals"),
    [
        ({}, []),
        ({"x-robots-tag": ["noindex, nofollow"]}, []),
        ({"x-robots-tag": ["noindex", "NoAI, noimageai"]}, ["noai", "noimageai"]),
        ({"x-robots-tag": ["otherbot: noindex, noml"]}, ["noml"]),
        ({"tdm-reservation": ["1"]}, ["tdm_reservation"]),
        ({"tdm-reservation": ["0"]}, []),
        ({"content-usage": ["train-ai=n"]}, ["content_usage"]),
        ({"content-usage": ["search=y, train-ai=n;exp=1"]}, ["content_usage"]),
        ({"content-usage": ["train-ai=y, search=n"]}, []),
        ({"content-usage": ["nonsense"]}, []),
        ({"tdm-reservation": [" 1 "], "x-robots-tag": ["noai"]}, ["noai", "tdm_reservation"]),
    ],
)
def test_headers(fields, signals):
    assert header_signals(fields) == signals


@pytest.mark.parametrize(
    ("tags", "signals"),
    [
        ({"robots": ["index, follow"]}, []),
        ({"robots": ["noai,noimageai"]}, ["noai", "noimageai"]),
        ({"tdm-reservation": ["1"], "robots": ["max-image-preview:large"]}, ["tdm_reservation"]),
        ({"description": ["noai"]}, []),
    ],
)
def test_meta_tags(tags, signals):
    assert meta_signals(tags) == signals
