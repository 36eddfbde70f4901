import pytest

from warraq.transforms.addresses import is_public_suffix, page_key, registered_domain, without_tracking


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://arabic.rt.com/x", "rt.com"),
        ("https://news.gov.eg/x", "news.gov.eg"),
        ("http://127.0.0.1:80/", "127.0.0.1"),
        ("http://localhost/", "localhost"),
        ("https://x.blogspot.com/", "x.blogspot.com"),
    ],
)
def test_registered_domain(url, site):
    assert registered_domain(url) == site


def test_an_address_without_tracking_is_otherwise_as_stated():
    assert without_tracking("https://a.example/x?b=%D9%85&a=1") == "https://a.example/x?b=%D9%85&a=1"


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/x",
        "https://a.example/x/",
        "https://www.a.example/x",
        "https://A.Example:443/x#more",
        "http://a.example:80/x?utm_source=mail&fbclid=1",
    ],
)
def test_addresses_of_one_page_have_one_key(url):
    assert page_key(url) == page_key("https://a.example/x")


def test_a_host_may_be_in_arabic():
    assert page_key("https://أخبار.example/x") == page_key("https://xn--igbicxr.example/x")


def test_letters_of_a_path_may_be_encoded():
    assert page_key("https://a.example/%D8%AE%d8%a8%D8%B1") == page_key("https://a.example/خبر")


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/X",
        "https://a.example/x?id=1",
        "https://b.a.example/x",
        "https://a.example:8080/x",
        "ftp://a.example/x",
        "/srv/pages/x",
        "http://[bad",
        "",
    ],
)
def test_other_addresses_have_another_key(url):
    assert page_key(url) != page_key("https://a.example/x")


@pytest.mark.parametrize(
    ("domain", "anybody"),
    [("com", True), ("com.sa", True), ("blogspot.com", True), ("a.com.sa", False), ("localhost", False)],
)
def test_is_public_suffix(domain, anybody):
    assert is_public_suffix(domain) is anybody
