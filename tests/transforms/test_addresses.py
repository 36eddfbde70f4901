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
    assert without_tracking("https://a.example/x?b=%CE&utm_source=y") == "https://a.example/x?b=%CE"


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/%D8%AE%d8%a8%D8%B1", "/خبر"),
        ("/x?q=%D8%AE%d8%a8%D8%B1&utm_source=mail", "/x?q=خبر"),
    ],
)
def test_letters_may_be_encoded(one, other):
    assert page_key(f"https://a.example{one}") == page_key(f"https://a.example{other}")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/%CE%C8%D1", "/%C7%C8%CA"),  # in windows-1256
        ("/x?q=%CE%C8%D1&utm_source=mail", "/x?q=%C7%C8%CA&utm_source=mail"),
        ("/a%2Fb", "/a/b"),
        ("/x?q=a%26b", "/x?q=a&b"),
    ],
)
def test_what_is_encoded_is_told_apart(one, other):
    assert page_key(f"https://a.example{one}") != page_key(f"https://a.example{other}")


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
