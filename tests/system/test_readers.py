"""The answers of each reader of docs/readers.md: before and after a compaction and a take-down, and in the middle of them.

Each line of code is the document's own. It runs in a process that has the packages that the document names.
"""

import datetime as dt
import re
import shutil
from pathlib import Path

import duckdb
import pytest

from tests.support.datasets import publish_run, stage_run
from tests.support.reader_process import plain
from tests.support.readers import DOCUMENT, documented, running, sections
from tests.support.rewrite import rewrite
from warraq.pipelines.query import connect
from warraq.schemas.arrow import article_row
from warraq.schemas.records import Entity, TopicScore
from warraq.transforms.dataset.dataset import Dataset

READERS = {reader.name: reader for reader in documented()}
DAYS = [dt.date(2025, 5, 30), dt.date(2025, 6, 1), dt.date(2025, 6, 2)]
TOPICS = ["sport", "health"]
ALL, FILTERED = 0, 1  # the two results of each block
FORGOTTEN = "id-0-1-0-0"

pytestmark = pytest.mark.slow


@pytest.fixture
def articles(make_article):
    """The articles of two runs: both have an article in each partition. Every kind of column has a value, and a null."""
    return [
        [
            make_article(
                f"نص الخبر رقم {run}{day}{topic}",
                article_id=f"id-{run}-{day}-{topic}-{number}",
                title=None if number else "عنوان «الخبر»",
                authors=["ليلى", "Omar"] if number else [],
                published_at=dt.datetime(2025, 6, 1, 23, 30, number, tzinfo=dt.timezone.utc) if number else None,
                date=DAYS[day],
                topic=TOPICS[topic],
                topics=[TopicScore("medtop:15000000", 0.75)] if number else [],
                entities=[Entity("مصر", "place", 3, 6, "مصر", 0.5)] if number else [],
                sketch=bytes(range(number, number + 4)),
                dump_offset=1000 * run + 100 * day + 10 * topic + number,
            )
            for day in range(len(DAYS))
            for topic in range(len(TOPICS))
            for number in range(2)
        ]
        for run in range(2)
    ]


@pytest.fixture
def dataset(tmp_path, articles):
    dataset = Dataset(str(tmp_path / "dataset"))
    for number, run in enumerate(articles):
        publish_run(dataset, f"run{number}", stage_run(dataset, f"run{number}", run))
    return dataset


@pytest.fixture
def expected(articles):
    """The rows that the dataset must give."""
    return [plain(article_row(article, "1")) for run in articles for article in run]


@pytest.fixture(scope="module", params=READERS.values(), ids=READERS)
def reader(request):
    return request.param


@pytest.fixture(scope="module")
def reading(reader, tmp_path_factory):
    with running(reader, tmp_path_factory.mktemp("reader")) as process:
        yield process


@pytest.fixture
def process(reading, dataset):
    """The reader's process, which reads the dataset of this test."""
    reading.dataset = dataset.root
    return reading


def in_order(rows):
    assert isinstance(rows, list), rows
    return sorted(rows, key=lambda row: row["article_id"])


def given_as(reader, rows):
    """The rows as the reader gives them: some give the day as text."""
    text = [{**row, "date": row["date"]["day"]} for row in rows] if reader.date == "text" else rows
    return in_order(text)


def of_sport_in_june(rows):
    return [row for row in rows if row["topic"] == "sport" and row["date"]["day"] >= "2025-06-01"]


def read(process, reader, result):
    """The rows of a result of the reader's block, or an error's sentence."""
    return process.open(reader.code, result) or process.read()


def test_rows_are_right_before_and_after_each_operation(process, reader, dataset, expected):
    without = [row for row in expected if row["article_id"] != FORGOTTEN]
    assert len(without) == len(expected) - 1
    states = [
        (lambda: None, expected),
        (lambda: rewrite(dataset), expected),
        (lambda: rewrite(dataset, {FORGOTTEN}), without),
    ]
    for operate, rows in states:
        operate()
        assert in_order(read(process, reader, ALL)) == given_as(reader, rows)
        assert in_order(read(process, reader, FILTERED)) == given_as(reader, of_sport_in_june(rows))


def test_what_was_opened_before_a_rewrite_gives_right_rows_or_an_error(process, reader, dataset, expected):
    assert process.open(reader.code, ALL) is None
    rewrite(dataset)
    result = process.read()
    if reader.opened_before == "error":
        assert isinstance(result, str), len(result)
    else:
        assert in_order(result) == given_as(reader, expected)


def test_in_the_middle_of_a_rewrite_the_log_is_right_and_a_glob_gives_rows_twice(process, reader, dataset, expected):
    """The new files are in place before the commit, and the old ones until after it."""
    old, root = Path(dataset.root + "-old"), Path(dataset.root)
    shutil.copytree(root, old)
    rewrite(dataset)
    for before, after in [(old, root), (root, old)]:
        here = Path(dataset.root + "-now")
        shutil.copytree(before, here)
        for file in (after / "articles").glob("*/*/*.parquet"):
            shutil.copy(file, here / file.relative_to(after))
        process.dataset = str(here)
        times = 2 if reader.by == "glob" else 1
        assert in_order(read(process, reader, ALL)) == in_order(given_as(reader, expected) * times)
        shutil.rmtree(here)


def test_a_filter_reads_the_files_that_it_needs(process, reader, dataset, expected):
    """The pages of all other files are overwritten."""
    for path in Path(dataset.root, "articles").glob("*/*/*.parquet"):
        if "topic=sport" not in str(path) or "date=2025-05" in str(path):
            content = path.read_bytes()
            footer = int.from_bytes(content[-8:-4], "little") + 8
            path.write_bytes(content[:4] + bytes(len(content) - 4 - footer) + content[-footer:])
    assert isinstance(read(process, reader, ALL), str)  # the damage shows
    assert in_order(read(process, reader, FILTERED)) == given_as(reader, of_sport_in_june(expected))


def test_warraq_query_opened_before_a_rewrite_gives_an_error_and_right_rows_when_asked_again(dataset, expected):
    connection = connect(dataset)
    rewrite(dataset)
    with pytest.raises(duckdb.Error, match="No files found|No such file"):
        connection.sql("SELECT * FROM articles").fetchall()
    rows = connect(dataset).sql("SELECT * FROM articles").to_arrow_table().to_pylist()
    assert in_order(plain(rows)) == in_order(expected)


def test_files_that_hugging_face_opens_by_themselves_have_no_day_and_no_topic(dataset, expected, tmp_path):
    reader = READERS["Hugging Face datasets"]
    [line] = re.findall(r"`(datasets\.load_dataset\(.*?\))`", DOCUMENT.read_text(encoding="utf-8"))
    with running(reader, tmp_path) as process:
        process.dataset = dataset.root
        assert process.open(f"import datasets\n{line}\nNone", ALL) is None
        rows = process.read()
    lost = [{name: value for name, value in row.items() if name not in {"date", "topic"}} for row in expected]
    assert in_order(rows) == in_order(lost)


def test_each_heading_of_the_document_is_a_reader_of_its_table():
    assert sections() == ["Avoid", *READERS]
    assert all(reader.code and reader.packages for reader in READERS.values())
