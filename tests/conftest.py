"""Settings and records of all tests. A new field of a record is added here once."""

import datetime as dt
import logging
import os
from pathlib import Path

import pytest
from hypothesis import settings

logging.getLogger().addHandler(logging.NullHandler())  # otherwise Beam prints a warning at the end of a test run

from warraq.schemas.records import Article, Page, Source  # noqa: E402

# With CI set, each run tries the same examples; otherwise each run tries new ones. `--hypothesis-profile=thorough` tries
# many more.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile("ci" if os.environ.get("CI") else "default")

# Commands that tests start are those of a plain install. Who needs more sets PYTHONPATH to something else.
os.environ.setdefault("PYTHONPATH", str(Path(__file__).parent / "support" / "plain_install"))


def pytest_collection_modifyitems(items):
    """Files with slow tests come first, those with servers and engines before others: workers end at about one time."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path not in slow, item.path.parent.name not in {"system", "attack"}))


FETCHED = dt.datetime(2025, 6, 1, 12, tzinfo=dt.timezone.utc)


def source_of(fields):
    """A source with the fields of it in `fields`, which are removed there, and defaults for the others."""
    default = Source("https://akhbar.example/1", FETCHED, "crawl.warc.gz", 0, 1000)
    return default._replace(**{name: fields.pop(name) for name in Source._fields if name in fields})


@pytest.fixture
def make_article():
    """A function that makes an extracted article from the fields that matter to the test."""

    def make(text="نص الخبر كما نشر في الصحيفة", **fields):
        source = source_of(fields)
        defaults = {
            "source": source,
            "canonical_url": source.url,
            "site": "akhbar.example",
            "title": "عنوان",
            "published_at": None,
            "date": dt.date(2025, 5, 30),
            "date_source": "byline",
        }
        return Article(text=text, **{**defaults, **fields})

    return make


@pytest.fixture
def make_page():
    """A function that makes a fetched page from the fields that matter to the test."""

    def make(content=b"<p>x</p>", **fields):
        defaults = {
            "source": source_of(fields)._replace(bytes=len(content)),
            "is_text": False,
            "charset": None,
            "title": None,
        }
        return Page(content=content, **{**defaults, **fields})

    return make
