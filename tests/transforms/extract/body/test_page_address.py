import math

import pytest

from warraq.transforms.extract.body.page_address import measure_address


def truths(url):
    """The truths of an address that hold."""
    return {name for name, value in measure_address(url).items() if value == 1 and "of address" not in name}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/", {"listing address", "front page address"}),
        ("https://a.example/category/fann", {"listing address", "listing in address"}),
        ("https://www.shop.example/", {"listing address", "front page address", "shop host"}),
        ("https://a.example/المنتجات/ساعة", {"shop in address"}),
        ("https://a.example/%D8%AE%D8%AF%D9%85%D8%A7%D8%AA/x", {"service in address"}),
        ("https://a.example/الأقسام/x", {"listing in address"}),
        ("https://a.example/أخبار/x", {"news in address"}),
        ("https://forum.a.example/x", {"forum host"}),
        ("https://a.example/vb/showthread.php?t=12345",
         {"forum in address", "file address", "question in address", "number in address"}),
        ("https://a.example/index.php?id=9", {"file address", "question in address"}),
        ("https://a.example/2024/05/01/khabar", {"news in address", "year in address", "day in address", "number in address"}),
        ("https://a.example/shopping-in-cairo", set()),
        ("page.html", {"file address"}),
        ("", {"file address", "question in address", "number in address"}),
        ("http://[bad", {"front page address"}),
    ],
)  # fmt: skip
def test_words_of_the_address_tell_kinds(url, expected):
    assert truths(url) == expected


def test_numbers_of_the_address():
    numbers = measure_address("https://a.example/news/world/a-long-story-of-12345")
    assert numbers["depth of address"] == 3
    assert numbers["words of address"] == numbers["most words of address"] == math.log1p(4)
    assert numbers["digits of address"] == math.log1p(5)
    assert numbers.keys() == measure_address("").keys()
