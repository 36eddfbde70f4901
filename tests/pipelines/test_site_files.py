"""robots.txt and tdmrep.json in a dump: they mark the articles of their host, or take them out."""

import pytest

from tests.pipelines.test_stream import FAST, Fed, ask, assert_same
from tests.support.site_files import EXPECTED, write_dump
from warraq.pipelines.explain import main as explain
from warraq.pipelines.ingest import main as ingest

pytestmark = pytest.mark.slow

MARKED = "SELECT url, opt_out FROM articles ORDER BY ALL"
REFUSED = "SELECT url, stage, reason, detail FROM rejected ORDER BY ALL"
LEDGER = "SELECT door, reason, sum(pages)::INT FROM ledger GROUP BY ALL ORDER BY ALL"
FILES = [
    ("http://www.madar.example/.well-known/tdmrep.json", "screen", "site_rules", "tdm_reservation"),
    ("https://akhbar.example/robots.txt", "screen", "site_rules", "content_signal, ai_robots"),
]


def read(dump, output, *flags):
    assert ingest([str(dump), "--output", str(output), "--quiet", *FAST, *flags]) == 0
    return output


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("marked")
    (folder / "in").mkdir()
    return read(write_dump(folder / "in" / "crawl.warc"), folder / "out")


def test_articles_are_marked_and_every_page_is_in_the_ledger(marked):
    assert ask(marked, MARKED) == sorted(EXPECTED.items())
    assert ask(marked, REFUSED) == FILES
    assert ask(marked, LEDGER) == [("article", "", 6), ("read", "", 9), ("rejected", "not_html", 1),
                                   ("rejected", "site_rules", 2)]  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_neither_the_order_of_records_nor_how_the_dump_is_cut_changes_a_mark(tmp_path, seed):
    output = read(write_dump(tmp_path / "crawl.warc", seed), tmp_path / "out", "--read_split_bytes", "1500")
    assert ask(output, MARKED) == sorted(EXPECTED.items())


def test_dropped_articles_are_in_the_ledger(marked, tmp_path):
    output = read(marked.parent / "in" / "crawl.warc", tmp_path / "out", "--opt_out", "drop")
    dropped = {url: signals for url, signals in EXPECTED.items() if signals}
    assert ask(output, MARKED) == sorted((url, None) for url in EXPECTED if url not in dropped)
    rows = [(url, "deduplicate", "site_opted_out", ", ".join(signals)) for url, signals in dropped.items()]
    assert ask(output, REFUSED) == sorted([*FILES, *rows])
    assert ("rejected", "site_opted_out", 3) in ask(output, LEDGER)


def test_a_file_speaks_for_its_own_dump_whatever_is_read_with_it(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    write_dump(folder / "without.warc", files=False, kind="قديم")
    write_dump(folder / "with.warc")
    together = read(folder, tmp_path / "together", "--near_duplicates", "off")
    alone = read(folder / "without.warc", tmp_path / "alone", "--near_duplicates", "off")
    read(folder / "with.warc", alone, "--near_duplicates", "off")
    marks = "SELECT parse_filename(dump), url, opt_out FROM articles ORDER BY ALL"
    expected = [("with.warc", *one) for one in sorted(EXPECTED.items())]
    expected += [("without.warc", url, None) for url in sorted(EXPECTED)]
    assert ask(together, marks) == ask(alone, marks) == expected


def test_a_stream_marks_the_same_articles(marked):
    folder = marked.parent
    Fed(folder / "in", folder / "streamed").run()
    assert_same(folder / "streamed", marked)


def test_explain_tells_what_a_file_states(marked, capsys):
    dump = marked.parent / "in" / "crawl.warc"
    [[offset]] = ask(marked, "SELECT dump_offset FROM rejected WHERE url LIKE '%robots.txt'")
    assert explain([f"{dump}@{offset}"]) == 0
    assert "site_rules" in capsys.readouterr().out
