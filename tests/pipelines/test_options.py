import dataclasses
import hashlib
import json

import pytest

from warraq.pipelines.config import FlowConfig
from warraq.pipelines.options import RULES, ingest_parser, parse_ingest

BASE = ["a.warc", "--output", "out"]


def test_defaults_are_those_of_the_rules():
    assert parse_ingest(BASE).config == FlowConfig()


def test_every_rule_has_a_flag_and_help():
    text = ingest_parser().format_help()
    for stage, rules in RULES.items():
        for field in dataclasses.fields(rules):
            assert field.metadata["help"], f"{stage}.{field.name}"
            flag = "--near_duplicates" if (stage, field.name) == ("deduplicate", "near") else f"--{stage}_{field.name}"
            assert flag in text


@pytest.mark.parametrize(
    ("flags", "get", "value"),
    [
        (["--near_duplicates", "drop"], lambda o: o.config.deduplicate.near, "drop"),
        (["--quality", "off"], lambda o: o.config.quality, None),
        (["--read_max_bytes", "5"], lambda o: o.config.read.max_bytes, 5),
        (["--no-extract_guard"], lambda o: o.config.extract.guard, False),
        (["--deduplicate_min_similarity=0.9"], lambda o: o.config.deduplicate.min_similarity, 0.9),
        (["--rejected", "all"], lambda o: o.all_rejected, True),
        (["--workers", "3"], lambda o: o.workers, 3),
        (["--new"], lambda o: o.only_new, True),
        (
            ["--runner=FlinkRunner", "--parallelism=4"],
            lambda o: (o.runner, o.beam.get_all_options()["parallelism"]),
            ("FlinkRunner", 4),
        ),
        ([], lambda o: o.runner, "local"),
    ],
)
def test_flags_reach_the_job(flags, get, value):
    assert get(parse_ingest(BASE + flags)) == value


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "required"),
        (["a.warc"], "--output"),
        ([*BASE, "--near_duplicate", "drop"], "unknown flag --near_duplicate; did you mean --near_duplicates?"),
        ([*BASE, "--workers", "0"], "--workers: 0: must be a whole number, 1 or more"),
        ([*BASE, "--workers", "many"], "--workers: many: must be a whole number, 1 or more"),
        ([*BASE, "--max_error_share", "-1"], "must be a share from 0 to 1"),
        ([*BASE, "--max_error_share", "few"], "few: must be a share from 0 to 1"),
        ([*BASE, "--quality", "best"], "invalid choice"),
        ([*BASE, "--read_fields", "address=url"], "read_fields"),
        ([*BASE, "--read_max_bytes", "0"], "read_max_bytes"),
        ([*BASE, "--extract_timeout", "0"], "must be above 0"),
        ([*BASE, "--extract_timeout", "nan"], "must be above 0"),
        ([*BASE, "--extract_timeout", "inf"], "extract_timeout can be 1000000 at most"),
        ([*BASE, "--extract_memory_mb", str(2**50)], "extract_memory_mb 1073741824"),
        ([*BASE, "--read_max_bytes", str(2**64)], "read_max_bytes must be from 1 to 1073741824"),
    ],
)
def test_a_wrong_flag_costs_one_line(arguments, complaint, capsys):
    with pytest.raises(SystemExit) as stop:
        parse_ingest(arguments)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1


def test_the_recipe_names_all_that_decides_the_rows():
    one, other = parse_ingest(BASE), parse_ingest([*BASE, "--workers", "7", "--quiet"])
    assert one.config_json() == other.config_json()
    assert json.loads(one.config_json())["deduplicate"] == {"near": "mark", "min_similarity": 0.7}
    assert parse_ingest([*BASE, "--clean_min_words", "3"]).config_json() != one.config_json()


@pytest.mark.parametrize("flags", [["--read_split_bytes", "999"], ["--read_split_bytes", "1", "--quiet"]])
def test_how_the_work_is_cut_makes_no_other_rows(flags):
    tuned = parse_ingest([*BASE, *flags])
    assert tuned.config != FlowConfig()
    assert tuned.config_json() == parse_ingest(BASE).config_json()


def test_the_rows_of_the_first_release_are_not_made_again():
    """Committed dumps are known by a digest of this JSON."""
    digest = hashlib.sha256(parse_ingest(BASE).config_json().encode()).hexdigest()
    assert digest == "db2f60fc6189e98677993d117fbb2e848e57b6770b17ba3251561e9236c0f44b"
