"""Records for tests, made in one place so that a new field is added once."""

import datetime as dt
import logging
import os

import pytest
from hypothesis import settings

logging.getLogger().addHandler(logging.NullHandler())  # or Beam's words on import would be the last of a test run

from warraq.schemas.records import Article, Page  # noqa: E402

# The same examples in each CI run, others at each run by hand; `--hypothesis-profile=thorough` looks for long.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile("ci" if os.environ.get("CI") else "default")

FETCHED = dt.datetime(2025, 6, 1, 12, tzinfo=dt.timezone.utc)


@pytest.fixture
def make_article():
    """An extracted article; name what matters to the test."""

    def make(text="نص الخبر كما نشر في الصحيفة", **fields):
        defaults = {
            "url": "https://akhbar.example/1",
            "canonical_url": fields.get("url", "https://akhbar.example/1"),
            "site": "akhbar.example",
            "title": "عنوان",
            "published_at": None,
            "date": dt.date(2025, 5, 30),
            "date_source": "byline",
            "fetched_at": FETCHED,
            "dump": "crawl.warc.gz",
            "dump_offset": 0,
            "bytes": 1000,
        }
        return Article(text=text, **{**defaults, **fields})

    return make


@pytest.fixture
def make_page():
    """A fetched page; name what matters to the test."""

    def make(content=b"<p>x</p>", **fields):
        defaults = {
            "url": "https://akhbar.example/1",
            "is_text": False,
            "charset": None,
            "title": None,
            "fetched_at": FETCHED,
            "dump": "crawl.warc.gz",
            "dump_offset": 0,
        }
        return Page(content=content, **{**defaults, **fields})

    return make
