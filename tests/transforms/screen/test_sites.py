import datetime as dt

import pytest

from warraq.schemas.records import Page, Source
from warraq.transforms.rejection import Rejection
from warraq.transforms.screen.screen import ScreenRules, screen

CONTENT = "<p>أعلنت وزارة الصحة عن افتتاح مستشفى جديد في العاصمة.</p>".encode() * 5


def page(url):
    return Page(Source(url, dt.datetime(2025, 6, 1, tzinfo=dt.timezone.utc), "d", 0, 1), CONTENT, False, None, None)


@pytest.fixture
def sites(tmp_path):
    file = tmp_path / "sites"
    file.write_text("news.example\n", encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("url", "allowed", "blocked"),
    [
        ("https://news.example/1", True, False),
        ("https://WWW.News.Example:8080/1", True, False),
        ("https://fakenews.example/1", False, True),
        ("", False, True),
    ],
)
def test_pages_of_listed_sites_are_taken_or_left_out(sites, url, allowed, blocked):
    for rules, reason, is_kept in (
        (ScreenRules(sites_allow=str(sites)), "site_not_allowed", allowed),
        (ScreenRules(sites_block=str(sites)), "site_blocked", blocked),
    ):
        if is_kept:
            assert screen(page(url), rules) == page(url)
        else:
            with pytest.raises(Rejection) as raised:
                screen(page(url), rules)
            assert raised.value.reason == reason


def test_a_list_is_known_by_its_content(sites):
    before = ScreenRules(sites_block=str(sites))
    assert ScreenRules(sites_block=before.sites_block) == before
    sites.write_text("news.example\nb.example\n", encoding="utf-8")
    assert ScreenRules(sites_block=str(sites)) != before
    with pytest.raises(ValueError, match="has changed"):
        ScreenRules(sites_block=before.sites_block)


def test_a_wrong_list_is_told_in_one_line(tmp_path):
    with pytest.raises(ValueError, match="sites_allow: .*missing: can't be read"):
        ScreenRules(sites_allow=str(tmp_path / "missing"))
