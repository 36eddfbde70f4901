import time

import pytest

from warraq.transforms.site_rules import PathRule, Reservation, is_site_file, joined, reservations, signals_for

ROBOTS = "https://akhbar.example/robots.txt"
TDMREP = "https://akhbar.example/.well-known/tdmrep.json"


def signals(stated, path, where=ROBOTS):
    return signals_for(f"https://akhbar.example{path}", reservations(where, stated.encode()))


@pytest.mark.parametrize(
    ("url", "is_file"),
    [
        (ROBOTS, True),
        ("http://akhbar.example:8080/robots.txt", True),
        (TDMREP, True),
        ("https://akhbar.example/a/robots.txt", False),
        ("https://akhbar.example/?file=/robots.txt", False),
        ("https://akhbar.example/robots.txt.html", False),
        ("http://[::1/robots.txt", False),
        ("", False),
    ],
)
def test_addresses_of_site_files(url, is_file):
    assert is_site_file(url) == is_file


@pytest.mark.parametrize(
    ("robots", "found"),
    [
        ("", []),
        ("User-agent: *\nDisallow: /\n", []),  # for all robots: no word on training
        ("User-agent: GPTBot\nDisallow: /\n", ["ai_robots"]),
        ("user-agent : gptbot \n disallow: / # all\r\n", ["ai_robots"]),
        ("\ufeffUser-agent: CCBot\nDisallow: /", ["ai_robots"]),
        ("User-agent: Googlebot\nDisallow: /", []),
        ("User-agent: Googlebot\nUser-agent: Google-Extended\nDisallow: /", ["ai_robots"]),
        ("User-agent: GPTBot\nDisallow:\n", []),
        ("User-agent: GPTBot\nSitemap: https://akhbar.example/map.xml\nUser-agent: x\nDisallow: /", ["ai_robots"]),
        ("User-agent: GPTBot\nDisallow: /\nAllow: /2025/\n", []),  # the longer rule
        ("User-agent: GPTBot\nAllow: /2025/\n\nUser-agent: GPTBot\nDisallow: /\n", []),  # groups of one robot are one
        ("User-agent: GPTBot\nDisallow: /2025/\nAllow: /2025/\n", []),  # of equals the one that allows
        ("User-agent: GPTBot\nAllow: /\nUser-agent: CCBot\nDisallow: /2025/\n", ["ai_robots"]),  # one robot is enough
        ("User-agent: *\nContent-Usage: train-ai=n\n", ["content_usage"]),
        ("Content-Usage: train-ai=n\n", ["content_usage"]),
        ("User-agent: *\nContent-Usage: search=y, train-ai=n;exp=1\nAllow: /", ["content_usage"]),
        ("User-agent: *\nContent-Usage: train-ai=n\nContent-Usage: /2025/ train-ai=y\n", []),
        ("User-agent: *\nContent-Usage: train-ai=y\nContent-Usage: /2025 train-ai=n\n", ["content_usage"]),
        ("User-agent: *\nContent-Usage: /2025/ train-ai=y\nContent-Usage: /2025/ train-ai=n\n", ["content_usage"]),
        ("User-agent: *\nContent-Usage: train-ai=n\nContent-Usage: /2025/ search=n\n", ["content_usage"]),
        ("User-agent: ExampleBot\nContent-Usage: train-ai=n\n", []),
        ("User-agent: *\nContent-Signal: search=yes,ai-train=no\nAllow: /", ["content_signal"]),
        ("User-agent: *\nContent-Signal: ai-train=yes, search=no", []),
        ("User-agent: *\nContent-Signal: /2024/ ai-train=no", []),
        ("User-agent: *\nDisallowAITraining: /2025/", ["noai"]),
        ("User-agent: *\nDisallowAITraining: /2024/", []),
        (
            "User-agent: *\nContent-Signal: ai-train=no\nUser-agent: CCBot\nDisallow: /",
            ["content_signal", "ai_robots"],
        ),
        ("<html><body>Not found</body></html>", []),
        ("noai\nDisallow /\n::::\n", []),
    ],
)
def test_robots(robots, found):
    assert signals(robots, "/2025/05/a.html") == found


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/a", "/a", True),
        ("/a", "/abc", True),
        ("/a/", "/a", False),
        ("/A", "/a", False),
        ("*", "/a", True),
        ("/*.html", "/x/y.html?z", True),
        ("/*.html$", "/x/y.html?z", False),
        ("/*.html$", "/x.html/y.html", True),
        ("/a$", "/a", True),
        ("/a$", "/ab", False),
        ("/a*b*c", "/a-c-b", False),
        ("/a*a$", "/a", False),  # one letter is not two
        ("/أخبار", "/%d8%a3%d8%ae%d8%a8%d8%a7%d8%b1/1", True),
        ("/%D8%A3%d8%ae", "/أخبار", True),
        ("/a%7eb", "/a~b", True),
        ("/a%2Fb", "/a/b", False),
        ("/?id=", "/?id=3", True),
    ],
)
def test_patterns(pattern, path, fits):
    assert signals(f"User-agent: CCBot\nDisallow: {pattern}", path) == ["ai_robots"] * fits


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ('[{"location": "/", "tdm-reservation": 1}]', ["tdm_reservation"]),
        ('[{"location": "/", "tdm-reservation": "1", "tdm-policy": "https://x"}]', ["tdm_reservation"]),
        ('{"location": "/", "tdm-reservation": 1}', ["tdm_reservation"]),
        ('[{"location": "/", "tdm-reservation": 0}]', []),
        ('[{"location": "/a/*.jpg", "tdm-reservation": 1}]', []),
        (
            '[{"location": "/a/", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}]',
            [],
        ),  # the first counts
        ('[{"location": "/", "tdm-reservation": 1}, {"location": "/a/", "tdm-reservation": 0}]', ["tdm_reservation"]),
        ('[{"location": 3, "tdm-reservation": 1}, 4, null]', []),
        ('[{"location": "/"}]', []),
        ('[{"location": "/", "tdm-reservation": 1}', []),  # cut
        ("[" * 100_000, []),
        ("", []),
    ],
)
def test_tdmrep(stated, found):
    assert signals(stated, "/a/b.html", TDMREP) == found


def test_a_page_is_no_site_file():
    assert reservations("https://akhbar.example/1", b"User-agent: CCBot\nDisallow: /") == []


def test_files_of_a_host_are_joined_in_any_order():
    files = [
        b"User-agent: CCBot\nDisallow: /a\n",
        b"User-agent: *\nContent-Signal: ai-train=no\n",
        b"User-agent: GPTBot\nDisallow: /a\nUser-agent: CCBot\nDisallow: /a",
    ]
    stated = [one for file in files for one in reservations(ROBOTS, file)]
    expected = [
        Reservation("ai_robots", [PathRule("/a", True)]),
        Reservation("content_signal", [PathRule("", True)]),
    ]
    assert joined(stated) == joined(stated[::-1]) == expected


def test_a_hostile_file_costs_little():
    lines = "".join(f"Disallow: /{'a*' * 20}{number}\n" for number in range(20_000))
    begun = time.process_time()
    stated = joined(reservations(ROBOTS, f"User-agent: CCBot\nDisallow: /x\n{lines}".encode()) * 50)
    assert sum(len(one.rules) for one in stated) == 1000
    assert signals_for("https://akhbar.example/x", stated) == ["ai_robots"]
    assert signals_for(f"https://akhbar.example/{'a' * 2000}", stated) == []
    assert time.process_time() - begun < 5
