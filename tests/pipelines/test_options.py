import argparse
import contextlib
import dataclasses
import hashlib
import io
import json
import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warraq.pipelines.cli import Parser
from warraq.pipelines.config import RULES, FlowConfig
from warraq.pipelines.flags import add_rules, ingest_parser
from warraq.pipelines.options import config_of, parse_ingest, parse_stream

BASE = ["a.warc", "--output", "out"]
NAMED = {
    ("deduplicate", "near"): "--near_duplicates",
    ("deduplicate", "prefer"): "--prefer",
    ("extract", "kinds"): "--kinds",
    ("extract", "days"): "--days",
    ("extract", "opt_out"): "--opt_out",
    ("clean", "pii"): "--pii",
    ("screen", "sites_allow"): "--sites_allow",
    ("screen", "sites_block"): "--sites_block",
}


def test_defaults_are_those_of_the_rules():
    assert parse_ingest(BASE).config == FlowConfig()


def test_every_rule_has_a_flag_and_help():
    text = ingest_parser().format_help_all()
    for stage, rules in RULES.items():
        for field in dataclasses.fields(rules):
            assert field.metadata["help"], f"{stage}.{field.name}"
            flag = NAMED.get((stage, field.name), f"--{stage}_{field.name}")
            assert flag in text


@pytest.mark.parametrize(
    ("flags", "get", "value"),
    [
        (["--kinds", "all"], lambda o: o.config.extract.kinds, "all"),
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
        ([], "required: INPUT, --output DIR"),
        (["a.warc"], "required: --output DIR"),
        (["a.warc", "--outptu", "out"], "unknown flag --outptu; did you mean --output?"),
        (["--outptu=out"], "unknown flag --outptu; did you mean --output?"),
        ([*BASE, "b.warc"], "b.warc: one argument too many"),
        ([*BASE, "--quality", "off", "--quality_min_words", "5"], "quality_min_words has no effect with --quality off"),
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
        ([*BASE, "--extract_memory_mb", str(2**50)], "extract_memory_mb can be 1073741824 at most"),
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
    assert json.loads(one.config_json())["deduplicate"] == {
        "near": "mark",
        "min_similarity": 0.56,
        "horizon_days": 30,
        "prefer": "earliest",
    }
    assert parse_ingest([*BASE, "--clean_min_words", "3"]).config_json() != one.config_json()


@pytest.mark.parametrize("flags", [["--read_split_bytes", "999"], ["--read_split_bytes", "1", "--quiet"]])
def test_how_the_work_is_cut_makes_no_other_rows(flags):
    tuned = parse_ingest([*BASE, *flags])
    assert tuned.config != FlowConfig()
    assert tuned.config_json() == parse_ingest(BASE).config_json()


def test_the_default_rules_are_those_of_the_last_change():
    """Committed dumps are known by a digest of this JSON: a change here makes the rows of every dump anew."""
    digest = hashlib.sha256(parse_ingest(BASE).config_json().encode()).hexdigest()
    assert digest == "34ca952226715a9fa016da8a5726f67cdaba7f80263a7cca81e0a8d3115429bb"


def test_rows_for_more_rejections_make_no_dump_new():
    assert parse_ingest([*BASE, "--rejected", "all"]).config_json() == parse_ingest(BASE).config_json()


def test_the_help_fits_one_screen(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = ingest_parser().format_help().splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert "  warraq ingest crawl/*.warc.gz pages/ --output dataset" in lines
    assert any("--help-all" in line for line in lines)


def test_all_help_has_the_stages_in_order_of_the_flow_and_tuning_apart():
    titles = re.findall(r"^(rules of \w+|tuning):", ingest_parser().format_help_all(), re.MULTILINE)
    assert titles == [*(f"rules of {stage}" for stage in RULES), "tuning"]
    tuning = ingest_parser().format_help_all().partition("\ntuning:")[2]
    assert "--read_split_bytes" in tuning
    assert "--read_max_bytes" not in tuning


@pytest.fixture
def file(tmp_path):
    """Writes a configuration file; returns the flags that name it."""

    def write(text):
        (tmp_path / "rules.toml").write_text(text, encoding="utf-8")
        return ["--config", str(tmp_path / "rules.toml")]

    return write


def test_a_file_gives_what_flags_give(file):
    flags = file(
        'inputs = ["a.warc"]\noutput = "out"\nworkers = 3\nstrict = true\nquiet = false\nmax_error_share = 1\n'
        'tagger = "gazetteer"\nbeam_flags = ["--runner=FlinkRunner"]\n'
        '[read]\nmax_bytes = 5\n[extract]\nguard = false\n[quality]\npreset = "fineweb2"\nmin_words = 7\n'
        '[deduplicate]\nnear = "drop"\n'
    )
    expected = [
        *(*BASE, "--workers", "3", "--strict", "--max_error_share", "1", "--tagger", "gazetteer"),
        *("--runner=FlinkRunner", "--read_max_bytes", "5", "--no-extract_guard", "--quality", "fineweb2"),
        *("--quality_min_words", "7", "--near_duplicates", "drop"),
    ]
    assert parse_ingest(flags) == parse_ingest(expected)


@pytest.mark.parametrize(
    "flags",
    [
        ["--read_max_bytes", "6"],
        ["--extract_guard"],
        ["--quality", "off"],
        ["--quality", "fineweb2", "--near_duplicates", "off"],
    ],
)
def test_a_flag_wins_over_the_file(file, flags):
    file_flags = file("[read]\nmax_bytes = 6\n[extract]\nguard = true\n[quality]\nmin_words = 7\n")
    both = parse_ingest([*BASE, *flags, *file_flags]).config
    assert (
        both
        == parse_ingest(
            [*BASE, *flags, "--read_max_bytes", "6", *([] if "--quality" in flags else ["--quality_min_words", "7"])]
        ).config
    )


def test_inputs_of_the_command_line_replace_those_of_the_file(file):
    assert parse_ingest([*BASE, *file('inputs = ["b.warc"]')]).inputs == ["a.warc"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[read]\nmax_byte = 5", "unknown key [read] max_byte; did you mean [read] max_bytes?"),
        ("[raed]\nmax_bytes = 5", "unknown key [raed] max_bytes; did you mean [read] max_bytes?"),
        ("read_max_bytes = 5", "unknown key read_max_bytes; did you mean [read] max_bytes?"),
        ("config = 'other.toml'", "unknown key config; --print_config shows every key"),
        ("[read]\nmax_bytes = '5'", "[read] max_bytes must be a whole number"),
        ("[read]\nmax_bytes = true", "[read] max_bytes must be a whole number"),
        ("[extract]\ntimeout = 'long'", "[extract] timeout must be a number"),
        ("strict = 1", "strict must be true or false"),
        ("inputs = 'a.warc'", "inputs must be a list of texts in quotes"),
        ("rejected = 'some'", "--rejected: invalid choice: 'some'"),
        ("[extract]\ntimeout = 0", "extract_timeout"),
        ("a = ", "not a TOML file in UTF-8"),
        ("a = " + "[" * 10_000, "not a TOML file in UTF-8"),
    ],
)
def test_a_wrong_file_costs_one_line(file, text, complaint, capsys):
    with pytest.raises(SystemExit) as stop:
        parse_ingest([*BASE, *file(text)])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1


def test_a_file_that_cannot_be_read_costs_one_line(tmp_path, capsys):
    for name in ("missing.toml", "."):
        with pytest.raises(SystemExit):
            parse_ingest([*BASE, "--config", str(tmp_path / name)])
        assert capsys.readouterr().err.count("can't be read") == 1


def printed(capsys, arguments):
    """The file that --print_config writes."""
    with pytest.raises(SystemExit) as stop:
        parse_ingest([*arguments, "--print_config"])
    assert stop.value.code == 0
    return capsys.readouterr().out


def test_the_printed_file_explains_every_key_and_needs_no_input(capsys):
    text = printed(capsys, [])
    for stage, rules in RULES.items():
        section = text.partition(f"\n[{stage}]\n")[2].partition("\n[")[0]
        for field in dataclasses.fields(rules):
            assert f"# {field.metadata['help']}\n{field.name} = " in section


def _value(field):
    """Values of a rule near its default."""
    default = field.default
    if isinstance(default, bool):
        return st.booleans()
    if isinstance(default, int):
        return st.integers(default, default + 1000)
    return (
        st.just(default)
        if isinstance(default, str)
        else st.floats(min(default, default * 0.9), max(default, default * 0.9))
    )


RULE_FLAGS = {
    f"{stage}_{field.name}": _value(field)
    for stage, rules in RULES.items()
    for field in dataclasses.fields(rules)
    if (stage, field.name) not in NAMED
}


@settings(max_examples=25)
@given(
    st.sampled_from(["news", "fineweb2", "off"]),
    st.sampled_from(["mark", "drop", "off"]),
    st.fixed_dictionaries({}, optional=RULE_FLAGS),
    st.sampled_from(["bilstm", "gazetteer", 'onnx:/a "b"\\n\x7f\u202e\'c']),
)
def test_a_printed_file_reads_back(tmp_path_factory, preset, near, rules, tagger):
    flags = [f"--quality={preset}", f"--near_duplicates={near}", f"--tagger={tagger}"]
    for name, value in rules.items():
        if preset != "off" or not name.startswith("quality_"):
            no = "no-" if value is False else ""
            flags.append(f"--{no}{name}" if isinstance(value, bool) else f"--{name}={value}")
    path = tmp_path_factory.mktemp("config") / "rules.toml"
    text = io.StringIO()
    with contextlib.redirect_stdout(text), pytest.raises(SystemExit):
        parse_ingest([*BASE, *flags, "--strict", "--runner=FlinkRunner", "--print_config"])
    path.write_text(text.getvalue(), encoding="utf-8")
    assert parse_ingest(["--config", str(path)]) == parse_ingest([*BASE, *flags, "--strict", "--runner=FlinkRunner"])


def test_a_file_that_stream_prints_reads_back(tmp_path, capsys):
    flags = ["in", "--output", "out", "--every", "2m", "--max_bytes", "1GB", "--maintain_every", "0", "--rejected=all"]
    with pytest.raises(SystemExit):
        parse_stream([*flags, "--print_config"])
    path = tmp_path / "stream.toml"
    text = capsys.readouterr().out
    path.write_text(text, encoding="utf-8")
    assert parse_stream(["--config", str(path)]) == parse_stream(flags)
    with pytest.raises(SystemExit):
        parse_stream(["--config", str(path), "--print_config"])
    assert capsys.readouterr().out == text


def test_every_default_that_stream_prints_may_be_stated(tmp_path, capsys):
    with pytest.raises(SystemExit):
        parse_stream(["in", "--output", "out", "--print_config"])
    stated = re.sub(r'^# (\w+ = (?!"[A-Z]+"$))', r"\1", capsys.readouterr().out, flags=re.MULTILINE)
    assert "\nmaintain_every = 100\n" in stated
    path = tmp_path / "stream.toml"
    path.write_text(stated, encoding="utf-8")
    assert parse_stream(["--config", str(path)]) == parse_stream(["in", "--output", "out"])


def test_one_file_serves_stream_and_ingest(file):
    flags = file('every = "5s"\nmax_bytes = 7\nstrict = true\n[read]\nmax_bytes = 9\n')
    streamed, ingested = parse_stream([*BASE, *flags]), parse_ingest([*BASE, *flags])
    assert (streamed.every, streamed.most_bytes, streamed.ingest.config.read.max_bytes) == (5.0, 7, 9)
    assert (ingested.strict, ingested.config) == (True, streamed.ingest.config)


def test_explain_takes_the_file_of_ingest(file):
    parser = Parser(prog="warraq explain")
    add_rules(parser)
    known = parser.parse_args(file('output = "out"\nworkers = 2\nbeam_flags = ["--a"]\n[clean]\nmin_words = 3\n'))
    assert config_of(parser, known) == parse_ingest([*BASE, "--clean_min_words", "3"]).config


def test_a_name_that_is_not_utf8_is_not_printed(capsys):
    with pytest.raises(SystemExit) as stop:
        parse_ingest([os.fsdecode(b"caf\xe9.warc"), "--output", "out", "--print_config"])
    assert stop.value.code == 2
    assert "not UTF-8, which TOML needs" in capsys.readouterr().err


def test_flags_of_a_group_that_was_added_are_only_in_all_help():
    parser = Parser(prog="warraq ingest")
    parser.add_argument("--here")
    parser.add_argument_group("more").add_argument("--there")
    assert "--there" not in parser.format_help()
    assert "--there" in parser.format_help_all()


@pytest.mark.parametrize(
    ("flag", "screen"), [("--kinds", "--help-all"), ("--max_error_share", "--help-all"), ("--quality", "--help")]
)
def test_a_wrong_value_points_to_the_help_that_has_the_flag(flag, screen, capsys):
    with pytest.raises(SystemExit):
        parse_ingest([*BASE, flag, "none"])
    assert capsys.readouterr().err.endswith(f"(see warraq ingest {screen})\n")


def test_a_required_argument_may_stay_away_until_the_flags_are_known(capsys):
    parser = Parser(prog="warraq explain")
    parser.add_argument("page", metavar="FILE")
    assert parser.parse_args(["a"]) == argparse.Namespace(page="a")
    for arguments, complaint in (([], "required: FILE"), (["--pgae=a"], "unknown flag --pgae"), (["a", "b"], "b: one")):
        with pytest.raises(SystemExit):
            parser.parse_args(arguments)
        assert complaint in capsys.readouterr().err


def test_flags_of_beam_are_read_back_one_by_one():
    options = parse_ingest([*BASE, "--runner", "FlinkRunner", "--streaming", "--parallelism=4"])
    assert options.beam_flags == ["--runner=FlinkRunner", "--streaming", "--parallelism=4"]


def test_a_rule_that_no_worker_can_be_sent_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        parse_ingest([*BASE, "--clean_min_words", "9" * 23])
    assert stop.value.code == 2
    assert "clean_min_words must be below 9223372036854775808" in capsys.readouterr().err


def test_a_configuration_file_may_begin_with_a_byte_order_mark(tmp_path):
    file = tmp_path / "rules.toml"
    file.write_bytes(b"\xef\xbb\xbf[clean]\nmin_words = 7\n")
    assert parse_ingest([*BASE, "--config", str(file)]).config.clean.min_words == 7
