import pytest

from tests.support.topics import article
from warraq.transforms.topics.hints import COLUMN_OF_SLUG, folders, metadata_hints, read_sections, section_key


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
    columns = {column for hint in metadata_hints(article(**known), read_sections()) for column in hint.columns}
    assert columns == {COLUMN_OF_SLUG[slug] for slug in slugs}


def test_a_section_has_one_key_however_it_is_written():
    assert section_key("الرياضة") == section_key("رياضة") == section_key("رِيَاضَه")
