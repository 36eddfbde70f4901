"""Every flag of the flow, with its default and its help. Imports Beam only when a job needs it.

The fields of a stage's rules become flags, named after the stage.
"""

import argparse
import dataclasses
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from warraq.pipelines import config_file
from warraq.pipelines.cli import DONE, Parser, ShowAllHelp, dataset_folder
from warraq.pipelines.config import RULES, FlowConfig
from warraq.transforms.deduplicate import deduplicate
from warraq.transforms.entities import tagger as entities
from warraq.transforms.entities import user_names
from warraq.transforms.quality import quality
from warraq.transforms.topics import classifier as topics

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

_INT64: Final = 2**63  # what a worker can be sent
JSON: Final = "json"
KEEP, REMOVE = "keep", "remove"  # what happens to segments once they are committed
LOCAL: Final = "local"  # the runner when none is named: Beam's in-process one, spread over worker processes

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


def _flag(stage: str, field: str) -> str:
    """The name of the flag of a rule."""
    return _NAMED.get((stage, field), f"{stage}_{field}")


# The place of each flag of a rule in a configuration file; other flags are at the top level.
_PLACES: Final = {
    **{
        _flag(stage, field.name): (stage, field.name)
        for stage, rules in RULES.items()
        for field in dataclasses.fields(rules)
    },
    **{flag: place for place, flag in _NAMED.items()},
}
_SHOWN: Final = ("near_duplicates", "quality")  # on the first screen of help
_NOT_IN_FILES: Final = ("help", "help_all", "config", "print_config")


@dataclass(frozen=True)
class IngestOptions:
    """The flags of one `warraq ingest`."""

    inputs: Sequence[str]
    output: str
    config: FlowConfig
    all_rejected: bool
    only_new: bool
    replace: bool
    retry_failed: bool
    wait: bool
    workers: int | None  # of a local run; None: as many as its dumps are worth
    strict: bool
    quiet: bool
    summary: str
    timings: bool
    traceback: bool
    max_error_share: float
    beam_flags: Sequence[str]
    is_command: bool = True  # False inside another program: then Beam's own words on stderr are not held back
    is_stream: bool = False  # a run for each cycle: what it costs must not grow with the runs before

    @property
    def beam(self) -> "PipelineOptions":
        """The flags that Beam understands."""
        from apache_beam.options.pipeline_options import PipelineOptions  # noqa: PLC0415  (two seconds)

        return PipelineOptions(list(self.beam_flags))

    @property
    def runner(self) -> str:
        """The runner's name."""
        return self.beam.get_all_options().get("runner") or LOCAL

    def config_json(self, *, tuning: bool = False, **more: Any) -> str:
        """Everything besides the dumps that decides the articles, and `more`, in a fixed order."""
        return self.config.to_json(tuning=tuning, **more)


@dataclass(frozen=True)
class StreamOptions:
    """The flags of one `warraq stream`."""

    ingest: IngestOptions  # of each cycle; its inputs are the sources
    every: float  # seconds between the beginnings of two cycles
    most_files: int  # of a cycle
    most_bytes: int  # of the files of a cycle; a larger file is a cycle of its own
    maintain_every: int  # cycles with a commit between two rounds of upkeep; 0: none
    cycles: int  # after which the stream ends; 0: none
    is_json: bool  # each line on stderr is a JSON object
    landing: str  # the folder in which messages of brokers become files
    landed: str  # KEEP or REMOVE
    kafka_settings: str | None  # a file
    metrics: str | None  # a file for the counts
    metrics_port: int  # 0: none
    ready_lag: float  # seconds
    windows: float  # seconds of each; 0: a loop of cycles, not one job


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
    add("--workers", type=_count, metavar="N", help="processes of a local run (default: as many as help)")
    add_rules(parser)
    run = parser.add_argument_group("run").add_argument
    run("--strict", action="store_true", help="exit with 1 if any page was rejected as `error`")
    _add_max_error_share(run)
    run("--quiet", action="store_true", help="show no progress")
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
    add("--every", type=_seconds, default=30.0, metavar="TIME", help="time between two cycles: 5s, 2m … (default: 30s)")
    add(
        "--windows",
        type=_seconds,
        default=0.0,
        metavar="TIME",
        help="one unbounded job on Flink, which commits after each such time, in place of cycles",
    )
    add("--new", action="store_true", help="skip dumps already read, even with other rules")
    _add_rejected(parser)
    add("--workers", type=_count, metavar="N", help="most processes of a cycle (default: all cores that it is worth)")
    add("--log_format", choices=("text", JSON), default="text", metavar="FORM", help="lines: text (default), or json")
    add_rules(parser)
    run = parser.add_argument_group("run").add_argument
    run("--max_files", type=_count, default=1000, metavar="N", help="most files of a cycle (default: 1000)")
    run(
        "--max_bytes",
        type=_bytes,
        default=256 << 20,
        metavar="SIZE",
        help="most bytes of a cycle's files; a larger file is a cycle of its own (default: 256MB)",
    )
    run(
        "--maintain_every",
        type=_count_or_none,
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
    run("--cycles", type=_count_or_none, default=0, metavar="N", help="end after N cycles (default: 0, never)")
    run("--metrics", metavar="FILE", help="write counts for Prometheus to this file after each cycle")
    run(
        "--metrics_port",
        type=_port,
        default=0,
        metavar="N",
        help="serve them at this port of this machine: /metrics, /ready",
    )
    run(
        "--ready_lag",
        type=_seconds,
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
        type=_share,
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
        type=_tagger,
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
            elif _flag(stage, field.name) not in _SHOWN:
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
    group.add_argument(f"--{_flag(stage, field.name)}", help=text.replace("%", "%%"), **settings)


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
    actions = _actions_in_files(parser)
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


def _actions_in_files(parser: Parser) -> dict[config_file.Key, argparse.Action]:
    """The flags of every command that ingests, by their place in a configuration file, as `parser` has them."""
    of_jobs = {**dict(_actions(stream_parser())), **dict(_actions(ingest_parser()))}
    return {place: dict(_actions(parser)).get(place, action) for place, action in of_jobs.items()}


def _tagger(text: str) -> str:
    if not entities.is_backend(text):
        raise argparse.ArgumentTypeError(f"{text}: use one of {entities.CHOICES}")
    return text


def _count(text: str, least: int = 1) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < least:
        raise argparse.ArgumentTypeError(f"{text}: must be a whole number, {least} or more")
    return number


def _count_or_none(text: str) -> int:
    return _count(text, least=0)


def _port(text: str) -> int:
    port = _count(text, least=0)
    if port >= 1 << 16:
        raise argparse.ArgumentTypeError(f"{text}: must be a port, 1 to 65535")
    return port


def _seconds(text: str) -> float:
    """Seconds of a time such as `30s`, `2m`, `1h` or `5`."""
    match = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)([smh]?)", text)
    seconds = float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]] if match else 0
    if not seconds:
        raise argparse.ArgumentTypeError(f"{text}: must be a time such as 5s, 30s or 2m")
    return seconds


def _bytes(text: str) -> int:
    match = re.fullmatch(r"(\d{1,15})(|MB|GB)", text, re.IGNORECASE)
    if not match or not int(match[1]):
        raise argparse.ArgumentTypeError(f"{text}: must be a size such as 256MB or 1GB")
    return int(match[1]) << {"": 0, "MB": 20, "GB": 30}[match[2].upper()]


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text}: must be a share from 0 to 1")
    return share


def parse_ingest(arguments: Sequence[str], kind: type[Parser] = Parser) -> IngestOptions:
    """The options of `warraq ingest`. Exits with 2 and one line if a flag is wrong."""
    parser = ingest_parser(kind)
    known = _parse(parser, arguments, kind)
    return _options(
        parser,
        known,
        replace=known.replace,
        wait=known.wait,
        strict=known.strict,
        quiet=known.quiet,
        summary=known.summary,
        timings=known.timings,
    )


def parse_stream(arguments: Sequence[str], kind: type[Parser] = Parser) -> StreamOptions:
    """The options of `warraq stream`. Exits with 2 and one line if a flag is wrong."""
    parser = stream_parser(kind)
    known = _parse(parser, arguments, kind)
    absent = {"replace": False, "wait": False, "strict": False, "quiet": True, "summary": "text", "timings": False}
    return StreamOptions(
        ingest=_options(parser, known, **absent, is_stream=True),
        every=known.every,
        most_files=known.max_files,
        most_bytes=known.max_bytes,
        maintain_every=known.maintain_every,
        cycles=known.cycles,
        is_json=known.log_format == JSON,
        landing=known.landing or f"{known.output.rstrip('/')}.landing",
        landed=known.landed,
        kafka_settings=known.kafka_settings,
        metrics=known.metrics,
        metrics_port=known.metrics_port,
        ready_lag=known.ready_lag,
        windows=known.windows,
    )


def _parse(parser: Parser, arguments: Sequence[str], kind: type[Parser]) -> argparse.Namespace:
    """The flags; those of Beam are in `beam_flags`."""
    known, others = parser.parse_known_args(arguments)
    parser.refuse(_unknown_to_beam(others, kind))
    parser.require(known)
    known.beam_flags = [*_joined(others)]
    return known


def _options(parser: Parser, known: argparse.Namespace, **more: Any) -> IngestOptions:
    return IngestOptions(
        inputs=known.inputs,
        output=known.output,
        config=config_of(parser, known),
        all_rejected=known.rejected == "all",
        only_new=known.new,
        retry_failed=known.retry_failed,
        workers=known.workers,
        traceback=known.traceback,
        max_error_share=known.max_error_share,
        beam_flags=known.beam_flags,
        **more,
    )


def config_of(parser: Parser, known: argparse.Namespace) -> FlowConfig:
    """The configuration that the flags describe. Exits with 2 and one line if a rule is wrong.

    With `--print_config`, prints it and exits with 0.
    """
    try:
        config = _config(known)
        if known.print_config:
            for line in config_file.lines([*_entries(parser, known, config)]):
                print(line)
            raise SystemExit(DONE)
    except ValueError as error:
        parser.error(str(error))
    return config


def _config(known: argparse.Namespace) -> FlowConfig:
    """As `config_of`; raises ValueError with one line, which begins with the flag's name."""
    presets = {
        "quality": quality.PRESETS[known.quality],
    }
    chosen = {}
    for stage, rules in RULES.items():
        base = presets.get(stage, rules())
        flags = {field.name: _flag(stage, field.name) for field in dataclasses.fields(rules)}
        given = {name: getattr(known, flag) for name, flag in flags.items() if hasattr(known, flag)}
        if given and base is None:
            raise ValueError(f"{stage}_{next(iter(given))} has no effect with --{stage} off; leave one of them out")
        chosen[stage] = dataclasses.replace(base, **given) if base and given else base
        for name, value in given.items():
            if isinstance(value, int) and abs(value) >= _INT64:
                raise ValueError(f"{flags[name]} must be below {_INT64}, not {value:.3g}")
    names = user_names.names_as_json(known.names) if known.names else ""
    return FlowConfig(**chosen, tagger=known.tagger, classifier=known.classifier, names=names)


def _entries(
    parser: Parser, known: argparse.Namespace, config: FlowConfig
) -> Iterator[tuple[config_file.Key, Any, str, bool]]:
    """The entries of a configuration file: flags of the run, comments where they have their default, then all rules."""
    actions = _actions_in_files(parser)
    for place, action in actions.items():
        if place[0] == "" and hasattr(known, action.dest):
            value, text = getattr(known, action.dest), (action.help or "").replace("%%", "%")
            is_set = value not in (None, action.default) or action.dest in ("tagger", "classifier")
            absent = [action.metavar] if action.dest == "inputs" else action.metavar
            yield place, absent if value is None else value, text, is_set
    if beam_flags := getattr(known, "beam_flags", ()):
        yield ("", config_file.BEAM), beam_flags, "flags of Beam", True
    for stage, rules in RULES.items():
        chosen = getattr(config, stage)
        if stage == "quality":
            yield (stage, "preset"), known.quality, actions[stage, "preset"].help or "", True
        for field in dataclasses.fields(rules) if chosen else ():
            yield (stage, field.name), getattr(chosen, field.name), field.metadata["help"], True


def _joined(arguments: Sequence[str]) -> Iterator[str]:
    """The flags with their values in one argument, `--runner=FlinkRunner`, so that each can be read by itself."""
    flag = ""
    for argument in arguments:
        if argument.startswith("-") or not flag:
            yield from [flag] * bool(flag)
            flag = argument
        else:
            yield f"{flag}={argument}"
            flag = ""
    yield from [flag] * bool(flag)


def _unknown_to_beam(arguments: Sequence[str], kind: type[Parser]) -> list[str]:
    """The arguments that no option of Beam takes. Beam itself would only warn."""
    if not arguments:
        return []
    from apache_beam.options.pipeline_options import PipelineOptions  # noqa: PLC0415  (two seconds)

    parser = kind(prog="warraq ingest", add_help=False)
    for options in PipelineOptions.__subclasses__():
        options._add_argparse_args(parser)  # noqa: SLF001  (declares the options of the class)
    return list(parser.parse_known_args(arguments)[1])
