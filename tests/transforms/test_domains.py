import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.domains import host_of, is_listed, read_domains


def test_a_file_lists_a_domain_a_line(tmp_path):
    file = tmp_path / "sites.txt"
    file.write_text("\ufeff# ours\nNews.Example\n\n.akhbar.example.  # with dots\nموقع.عرب\n", encoding="utf-8")
    assert read_domains(str(file)) == {"news.example", "akhbar.example", "xn--4gbrim.xn--ngbrx"}


def test_a_folder_of_categories_is_read(tmp_path):
    for category, domain in (("press", "a.example"), ("sports", "b.example")):
        (tmp_path / category).mkdir()
        (tmp_path / category / "domains").write_text(f"{domain}\n", encoding="utf-8")
        (tmp_path / category / "urls").write_text("c.example/path\n", encoding="utf-8")
    assert read_domains(str(tmp_path)) == {"a.example", "b.example"}
    assert read_domains(str(tmp_path / "press")) == {"a.example"}


@pytest.mark.parametrize("text", ["", "# nothing\n", "https://a.example/\n", "a.example b.example\n", "a.example/x\n"])
def test_a_file_that_is_no_list_is_refused_in_one_line(tmp_path, text):
    file = tmp_path / "sites.txt"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="domain") as raised:
        read_domains(str(file))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("host", "listed"),
    [
        ("a.example", True),
        ("www.a.example", True),
        ("deep.www.a.example", True),
        ("ba.example", False),
        ("example", False),
        ("a.example.com", False),
        ("", False),
    ],
)
def test_sub_domains_are_included(host, listed):
    assert is_listed(host, frozenset({"a.example"})) is listed


@given(st.text(max_size=40))
def test_any_address_has_a_host_or_none(text):
    assert host_of(f"https://{text}") == host_of(f"https://{text}").lower()
