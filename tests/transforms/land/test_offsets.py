"""The offsets of segments: what a run commits, what another landing folder has covered, and the order."""

import pytest

from warraq.transforms.land.offsets import Span, in_order, moves, span_of
from warraq.transforms.land.segments import Message, Partition

LANDING = "/srv/out.landing"


def path(first, last, partition=0, topic="pages", ending="jsonl"):
    return f"{LANDING}/{topic}/{partition}/{first:020}-{last:020}.{ending}"


@pytest.mark.parametrize(
    ("where", "span"),
    [
        (path(5, 9), Span("pages", 0, 5, 9)),
        (path(5, 9, 12, "a%20b", "warc"), Span("a b", 12, 5, 9)),
        (path(5, 9).replace(LANDING, "/srv/elsewhere"), None),
        (f"{LANDING}/pages/0/notes.jsonl", None),
        (path(5, 9, "x"), None),
        ("crawl.warc.gz", None),
    ],
)
def test_a_path_tells_the_messages_of_a_segment(where, span):
    assert span_of(where, LANDING) == span
    assert span_of(where, f"{LANDING}/") == span


def test_without_a_landing_folder_no_file_is_a_segment():
    """A plain ingest inside that folder names its files so."""
    assert span_of(path(5, 9).removeprefix(f"{LANDING}/"), "") is None


def test_a_run_moves_the_offset_of_each_partition_behind_its_last_message():
    read = [path(0, 4), path(5, 9), path(3, 3, 1), "crawl.warc"]
    reached = {"kafka:pages:0": 0, "kafka:pages:1": 3}
    assert moves(read, [], LANDING, reached) == {"kafka:pages:0": (0, 10), "kafka:pages:1": (3, 4)}


def test_the_offset_stays_before_a_segment_that_is_left_out():
    reached = {"kafka:pages:0": 0}
    assert moves([path(0, 4), path(10, 12)], [path(5, 9)], LANDING, reached) == {"kafka:pages:0": (0, 5)}
    assert moves([path(10, 12)], [path(5, 9)], LANDING, {"kafka:pages:0": 5}) == {"kafka:pages:0": (5, 5)}


def test_an_offset_never_goes_back():
    assert moves([path(5, 9)], [], LANDING, {"kafka:pages:0": 20}) == {"kafka:pages:0": (20, 20)}


def test_no_segment_is_read_before_one_of_its_partition_that_still_waits():
    waiting = [path(0, 4), path(5, 9), path(0, 9, 1), "a.html"]
    assert in_order([path(5, 9), path(0, 9, 1), "a.html"], waiting, LANDING) == {path(0, 9, 1), "a.html"}
    assert in_order(waiting, waiting, LANDING) == set(waiting)


@pytest.mark.parametrize(("offset", "left"), [(0, 3), (5, 3), (7, 1), (9, 1), (10, 3), (15, 3)])
def test_segments_that_another_folder_has_overtaken_are_landed_anew(tmp_path, offset, left):
    partition = Partition(str(tmp_path), "pages", 0)
    for first, last in ((0, 4), (5, 9), (10, 14)):
        partition.write([Message("pages", 0, number, b"{}") for number in (first, last)])
    partition.remove_from(offset)
    assert len([*partition.folder.iterdir()]) == left
