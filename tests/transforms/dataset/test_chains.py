"""Chains of loads, and what goes with what."""

from pathlib import Path

import pytest

from tests.support.datasets import publish_run, stage_run
from warraq.schemas.arrow import file_table
from warraq.transforms.dataset import loads
from warraq.transforms.dataset.chains import Load, read_holdings, whole_chains, with_continuations, with_former
from warraq.transforms.dataset.data_files import DataFile
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import OvertakenError
from warraq.transforms.dataset.publish import publish
from warraq.transforms.dataset.take_out import Condition, take_out

# b continues a; c and d continue b, under other rules each; e stands alone.
AFTER = {"a": "", "b": "a", "c": "b", "d": "b", "e": ""}
HELD = [Load("run", name, "rules", name, "warc", 1, name, after_load=after) for name, after in AFTER.items()]


@pytest.mark.parametrize(
    ("loads", "later", "former", "whole"),
    [
        ("", "", "", ""),
        ("a", "abcd", "a", "abcd"),
        ("b", "bcd", "ab", "abcd"),
        ("c", "c", "abc", "abcd"),
        ("ce", "ce", "abce", "abcde"),
        ("x", "x", "x", "x"),
    ],
)
def test_loads_go_with_those_that_continue_them(loads, later, former, whole):
    for held in (HELD, HELD[::-1]):
        assert with_continuations(held, loads) == {*later}
        assert with_former(held, loads) == {*former}
        assert whole_chains(held, loads) == {*whole}


def refusal(load, offset):
    return {
        "url": "https://s.example/cut",
        "dump": "log",
        "dump_offset": offset,
        "reason": "corrupt_record",
        "detail": "cut",
        "bytes": 7,
        "fetched_at": None,
        "run_id": "one",
        "load_id": load,
    }


FIRST, SECOND = (loads.load_id("recipe", fingerprint) for fingerprint in ("short", "long"))


def commit(dataset, run_id, fingerprint, rejected=(), taken_back=(), after=None, **more):
    """A run of one dump, `log`, in one of its states."""
    dump = {"dump": "log", "format": "warc", "size": 1, "fingerprint": fingerprint}
    beginning = {
        "dump": "log",
        "beginning": "aa",
        "after": after,
        "after_load": after and loads.load_id("recipe", after),
    }
    files = stage_run(dataset, run_id, [])[:-1]
    row = dict.fromkeys(("options", "warraq_version", "runner"), "") | {
        "started_at": 0,
        "committed_at": 0,
        "failed": [],
    }
    row |= {"run_id": run_id, "recipe": "recipe", "dumps": [dump], "ledger": [], "beginnings": [beginning]}
    row |= {"copies": [{"dump": "twin", "fingerprint": fingerprint}], "taken_back": list(taken_back)}
    parts = [(DataFile("runs", f"run-{run_id}", [], 1, 0, []), [row])]
    parts += [(DataFile("rejected", "stage=read/part", ["read"], 1, 0, []), list(rejected))] if rejected else []
    files += [dataset.write_staged(run_id, part, [file_table(part.table, rows)]) for part, rows in parts]
    keys = {loads.load_key(loads.load_id("recipe", fingerprint)): 1, loads.dump_key(fingerprint): 1}
    keys |= {loads.continued_key(loads.load_id("recipe", after)): 1} if after else {}
    publish_run(dataset, run_id, [*files, *more.get("added", ())], transactions=keys, removed=more.get("removed", ()))


@pytest.fixture
def dataset(tmp_path):
    """Run one with a short dump, whose refusal at 5 the run two, with the longer dump, has taken back."""
    dataset = Dataset(str(tmp_path / "out"))
    commit(dataset, "one", "short", [refusal(FIRST, 5), refusal(FIRST, 3)])
    out = take_out(dataset, "two", Condition(places={(FIRST, 5)}))
    assert [(row["dump_offset"], row["stage"], row["url"]) for row in out.taken_back] == [(5, "read", "")]
    assert (len(out.added), len(out.removed)) == (1, 1)
    assert loads.ROWS_OUT not in out.transactions
    taken_back = [{**row, "by": "log"} for row in out.taken_back]
    commit(dataset, "two", "long", (), taken_back, "short", added=out.added, removed=out.removed)
    return dataset


def rejected(dataset):
    return sorted((row["load_id"], row["dump_offset"], row["url"]) for row in dataset.rows("rejected"))


def test_holdings_tell_chains_and_all_names(dataset):
    held, names = read_holdings(dataset)
    assert sorted((load.load_id, load.after_load) for load in held) == sorted([(FIRST, ""), (SECOND, FIRST)])
    assert names == {"short": ["log", "twin"], "long": ["log", "twin"]}
    assert rejected(dataset) == [(FIRST, 3, "https://s.example/cut")]


def test_a_continuation_that_goes_gives_back_what_it_had_taken(dataset):
    out = take_out(dataset, "op", Condition(loads={SECOND}))
    assert out.loads == {SECOND}
    publish(dataset, "op", out.publication("op"))
    assert rejected(dataset) == [(FIRST, 3, "https://s.example/cut"), (FIRST, 5, "")]
    assert [load.load_id for load in read_holdings(dataset).loads] == [FIRST]
    assert dataset.transactions([loads.continued_key(FIRST), loads.load_key(SECOND)]) == {
        loads.continued_key(FIRST): 0,
        loads.load_key(SECOND): loads.OUT,
    }


def test_a_load_that_goes_takes_its_continuation_along(dataset):
    out = take_out(dataset, "op", Condition(loads={FIRST}))
    assert out.loads == {FIRST, SECOND}
    publish(dataset, "op", out.publication("op"))
    assert rejected(dataset) == []
    assert dataset.rows("runs") == []


def test_a_load_that_is_continued_meanwhile_does_not_go(tmp_path):
    dataset = Dataset(str(tmp_path / "out"))
    commit(dataset, "one", "short", [refusal(FIRST, 5)])
    out = take_out(dataset, "op", Condition(loads={FIRST}))
    commit(dataset, "two", "long", after="short")
    with pytest.raises(OvertakenError) as caught:
        publish(dataset, "op", out.publication("op"))
    assert caught.value.keys == [loads.continued_key(FIRST)]


def test_places_touch_no_other_file(dataset, make_article):
    publish_run(dataset, "three", stage_run(dataset, "three", [make_article("خبر", topic="sport")]))
    for file in dataset.data_files("articles"):
        Path(dataset.path(file)).write_bytes(b"")  # who reads it fails
    out = take_out(dataset, "op", Condition(places={(FIRST, 3)}))
    assert [row["dump_offset"] for row in out.taken_back] == [3]
    assert {file.table for file in [*out.added, *out.removed]} == {"rejected"}
