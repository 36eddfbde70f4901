"""Every flag of the flow, with its default and its help, on the command line and in a configuration file.

The fields of a stage's rules become flags, named after the stage.
"""

import argparse
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from warraq.pipelines import config_file, flag_values
from warraq.pipelines.cli import Parser, ShowAllHelp, dataset_folder
from warraq.pipelines.config import RULES, FlowConfig
from warraq.transforms.deduplicate import deduplicate
from warraq.transforms.entities import tagger as entities
from warraq.transforms.entities import user_names
from warraq.transforms.quality import quality
from warraq.transforms.topics import classifier as topics

JSON: Final = "json"
KEEP, REMOVE = "keep", "remove"  # what happens to segments once they are committed

# Rules whose flags do not have the name of the stage, by stage and field. The preset is no field: it sets all of them.
_NAMED: Final = {
    ("deduplicate", "near"): "near_duplicates",
    ("deduplicate", "prefer"): "prefer",
    ("quality", "preset"): "quality",
    ("extract", "kinds"): "kinds",
    ("extract", "days"): "days",
    ("extract", "opt_out"): "opt_out",
    ("clean", "pii"): "pii",
    ("screen", "sites_allow"): "sites_allow",
    ("screen", "sites_block"): "sites_block",
}


def flag_of(stage: str, field: str) -> str:
    """The name of the flag of a rule."""
    return _NAMED.get((stage, field), f"{stage}_{field}")


# The place of each flag of a rule in a configuration file; other flags are at the top level.
_PLACES: Final = {
    **{
        flag_of(stage, field.name): (stage, field.name)
        for stage, rules in RULES.items()
        for field in dataclasses.fields(rules)
    },
    **{flag: place for place, flag in _NAMED.items()},
}
_SHOWN: Final = ("near_duplicates", "quality")  # on the first screen of help
_NOT_IN_FILES: Final = ("help", "help_all", "config", "print_config")


def ingest_parser(kind: type[Parser] = Parser) -> Parser:
    """The parser of `warraq ingest`, without Beam's own flags."""
    parser = kind(
        prog="warraq ingest",
        usage="warraq ingest INPUT… --output DIR [flags] [flags of Beam]",
        description="Reads crawl dumps and adds the Arabic news articles in them to a dataset.",
        epilog="Example:\n  warraq ingest crawl/*.warc.gz pages/ --output dataset\n"
        '  warraq query dataset "FROM articles LIMIT 5"',
    )
    add = parser.add_argument
    add("inputs", metavar="INPUT", nargs="+", help="files, folders or globs: WARC, HTML, JSON, ZIP …")
    _add_output(parser)
    others = parser.add_mutually_exclusive_group().add_argument
    others("--new", action="store_true", help="skip dumps already read, even with other rules")
    others("--replace", action="store_true", help="replace the rows that other rules made")
    _add_rejected(parser)
    add("--workers", type=flag_values.count, metavar="N", help="processes of a local run (default: as many as help)")
    add_rules(parser)
    run = parser.add_argument_group("run").add_argument
    run("--strict", action="store_true", help="exit with 1 if any page was rejected as `error`")
    _add_max_error_share(run)
    run("--quiet", action="store_true", help="show no progress, and no notes that ask nothing of you")
    run(
        "--summary", choices=("text", JSON), default="text", metavar="FORM", help="text (default), or json for programs"
    )
    run("--wait", action="store_true", help="wait until no other job ingests into the dataset")
    run("--retry_failed", action="store_true", help="try dumps again that failed three times")
    run("--timings", action="store_true", help="show what each stage took, after the run")
    run("--traceback", action="store_true", help="show where in the code a run failed")
    return parser


def stream_parser(kind: type[Parser] = Parser) -> Parser:
    """The parser of `warraq stream`, without Beam's own flags."""
    parser = kind(
        prog="warraq stream",
        usage="warraq stream SOURCE… --output DIR [--every 30s] [flags] [flags of Beam]",
        description="Adds the Arabic news articles in crawl dumps to a dataset as the dumps arrive.\n"
        "Ctrl-C or SIGTERM lets the cycle finish, a second one leaves at once.",
        epilog='Example:\n  warraq stream crawl/ --output dataset --every 30s\n  warraq query dataset "FROM days"',
    )
    add = parser.add_argument
    sources = "folders, globs, s3://… and gs://… prefixes where dumps arrive, kafka://host:port/topic, or pubsub://project/subscription"
    add("inputs", metavar="SOURCE", nargs="+", help=sources)
    _add_output(parser)
    add(
        "--every",
        type=flag_values.seconds,
        default=30.0,
        metavar="TIME",
        help="time between two cycles: 5s, 2m … (default: 30s)",
    )
    add(
        "--windows",
        type=flag_values.seconds,
        metavar="TIME",
        help="one unbounded job on Flink or Dataflow, which commits after each such time, in place of cycles",
    )
    add("--new", action="store_true", help="skip dumps already read, even with other rules")
    _add_rejected(parser)
    add(
        "--workers",
        type=flag_values.count,
        metavar="N",
        help="most processes of a cycle (default: all cores that it is worth)",
    )
    add("--log_format", choices=("text", JSON), default="text", metavar="FORM", help="lines: text (default), or json")
    add_rules(parser)
    run = parser.add_argument_group("run").add_argument
    run("--max_files", type=flag_values.count, default=1000, metavar="N", help="most files of a cycle (default: 1000)")
    run(
        "--max_bytes",
        type=flag_values.size,
        default=256 << 20,
        metavar="SIZE",
        help="most bytes of a cycle's files; a larger file is a cycle of its own (default: 256MB)",
    )
    run(
        "--maintain_every",
        type=flag_values.count_or_none,
        default=100,
        metavar="N",
        help="upkeep, as by `warraq maintain`, after N cycles that added something; 0: never (default: 100)",
    )
    run("--landing", metavar="DIR", help="where messages become files (default: the dataset's name + .landing)")
    run(
        "--landed",
        choices=(KEEP, REMOVE),
        default=KEEP,
        metavar="WHICH",
        help="keep these files once they are committed (default), or remove them",
    )
    run(
        "--kafka_settings",
        metavar="FILE",
        help="settings of librdkafka and schema.registry.url, a line NAME=VALUE each",
    )
    run(
        "--cycles",
        type=flag_values.count_or_none,
        default=0,
        metavar="N",
        help="end after N cycles (default: 0, never)",
    )
    run("--metrics", metavar="FILE", help="write counts for Prometheus to this file after each cycle")
    run(
        "--metrics_port",
        type=flag_values.port,
        metavar="N",
        help="serve them at this port of this machine: /metrics, /ready",
    )
    run(
        "--ready_lag",
        type=flag_values.seconds,
        default=300.0,
        metavar="TIME",
        help="/ready answers 503 while the stream is further behind (default: 5m)",
    )
    _add_max_error_share(run)
    run("--retry_failed", action="store_true", help="try dumps again that failed three times")
    run("--traceback", action="store_true", help="show where in the code a cycle failed, and end")
    return parser


def _add_output(parser: Parser) -> None:
    parser.add_argument(
        "--output", required=True, type=dataset_folder, metavar="DIR", help="the dataset; created if there is none"
    )


def _add_rejected(parser: Parser) -> None:
    parser.add_argument(
        "--rejected",
        choices=("useful", "all"),
        default="useful",
        metavar="WHICH",
        help="rejected pages that get a row: useful (default) or all",
    )


def _add_max_error_share(add: Callable[..., object]) -> None:
    add(
        "--max_error_share",
        type=flag_values.share,
        default=0.05,
        metavar="SHARE",
        help="set a dump aside, and commit the others, if a larger share of its pages broke the code (default: 0.05)",
    )


def add_rules(parser: Parser) -> None:
    """Adds the flags that decide the rows, and `--config FILE`, which gives them in a file."""
    add = parser.add_argument
    add(
        "--quality",
        choices=tuple(quality.PRESETS),
        default="news",
        metavar="PRESET",
        help="rules for good text: news (default), fineweb2, off",
    )
    add(
        "--near_duplicates",
        choices=deduplicate.MODES,
        default="mark",
        metavar="MODE",
        help="near copies: mark (default), drop or off",
    )
    add("--config", metavar="FILE", help="TOML with any of the flags; the command line wins")
    add("--print_config", action="store_true", help="print such a file for this command, and stop")
    add("--help-all", action=ShowAllHelp, help="show all flags, with each rule of each stage")
    models = parser.add_argument_group("models").add_argument
    models(
        "--tagger",
        type=flag_values.tagger,
        default=FlowConfig.tagger,
        help=f"the model for entities: {entities.CHOICES} (default: {FlowConfig.tagger})",
    )
    models(
        "--classifier",
        choices=tuple(topics.BACKENDS),
        default=FlowConfig.classifier,
        help=f"the model for topics (default: {FlowConfig.classifier})",
    )
    models("--names", metavar="FILE", help=f"your own list of names, which wins: {user_names.FORM}")
    tuning = []
    for stage, rules in RULES.items():
        group = parser.add_argument_group(f"rules of {stage}")
        for field in dataclasses.fields(rules):
            if field.metadata.get("tuning"):
                tuning.append((stage, field))
            elif flag_of(stage, field.name) not in _SHOWN:
                _add_rule(group, stage, field)
    group = parser.add_argument_group("tuning", "How the work is cut and guarded. The rows stay the same.")
    for stage, field in tuning:
        _add_rule(group, stage, field)
    parser.defaults = lambda arguments: _arguments_of_file(parser, arguments)


def _add_rule(group: Any, stage: str, field: "dataclasses.Field[Any]") -> None:
    kind = type(field.default)
    settings: dict[str, Any] = {"action": argparse.BooleanOptionalAction} if kind is bool else {"type": kind}
    settings["default"] = argparse.SUPPRESS
    if kind is not bool:
        settings["metavar"] = kind.__name__.upper()
    if choices := field.metadata.get("choices"):
        settings |= {"choices": choices, "default": field.default}  # a console shows both
    text = f"{field.metadata['help']} (default: {'none' if field.default == '' else field.default})"
    group.add_argument(f"--{flag_of(stage, field.name)}", help=text.replace("%", "%%"), **settings)


def _arguments_of_file(parser: Parser, arguments: Sequence[str]) -> list[str]:
    """The file of `--config` as arguments. Keys of flags that only another command has are checked, then skipped.

    Exits with 2 and one line if the file is wrong.
    """
    only = type(parser)(prog=parser.prog, add_help=False)
    only.add_argument("--config")
    only.add_argument("--quality")
    asked = only.parse_known_args(arguments)[0]
    if asked.config is None:
        return []
    actions = actions_in_files(parser)
    kinds = {place: config_file.kind_of(action) for place, action in actions.items()}
    try:
        values = config_file.read(asked.config, {**kinds, ("", config_file.BEAM): list})
    except ValueError as error:
        parser.error(str(error))
    own = {action.dest for action in parser._actions}  # noqa: SLF001  (argparse has no other way to ask)
    inputs, found = values.pop(("", "inputs"), None), values.pop(("", config_file.BEAM), [])
    if "inputs" not in own:
        found = []
    elif inputs:
        parser.set_defaults(inputs=inputs)
    for place, value in values.items():
        if place[0] == "quality" and asked.quality is not None:
            continue  # a preset on the command line replaces all rules of the file's
        if actions[place].dest in own:
            found += config_file.arguments(actions[place], value)
    return found


def _actions(parser: Parser) -> Iterator[tuple[config_file.Key, argparse.Action]]:
    """The flags that a configuration file may give, by their place in it."""
    for action in parser._actions:  # noqa: SLF001  (argparse has no other way to ask)
        if action.dest not in _NOT_IN_FILES:
            yield _PLACES.get(action.dest, ("", action.dest)), action


def actions_in_files(parser: Parser) -> dict[config_file.Key, argparse.Action]:
    """The flags of every command that ingests, by their place in a configuration file, as `parser` has them."""
    of_jobs = {**dict(_actions(stream_parser())), **dict(_actions(ingest_parser()))}
    return {place: dict(_actions(parser)).get(place, action) for place, action in of_jobs.items()}
