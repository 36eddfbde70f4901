"""Every flag, its default and its help: the only place that knows flags.

The rules of a stage are dataclasses in the stage's file; their fields become flags here, named after the stage.
"""

import argparse
import dataclasses
import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from apache_beam.options.pipeline_options import PipelineOptions

from warraq.pipelines.cli import Parser, dataset_folder
from warraq.pipelines.config import RULES, FlowConfig
from warraq.transforms.deduplicate import deduplicate
from warraq.transforms.entities import tagger as entities
from warraq.transforms.quality import quality
from warraq.transforms.topics import classifier as topics

LOCAL: Final = "local"  # the runner when none is named: Beam's in-process one, spread over worker processes

# Fields that have a flag of their own below.
_NAMED: Final = {("deduplicate", "near")}


@dataclass(frozen=True)
class IngestOptions:
    """What `warraq ingest` was asked to do."""

    inputs: Sequence[str]
    output: str
    config: FlowConfig
    all_rejected: bool
    only_new: bool
    workers: int
    strict: bool
    quiet: bool
    timings: bool
    traceback: bool
    max_error_share: float
    beam_flags: Sequence[str]

    @property
    def beam(self) -> PipelineOptions:
        """The flags that Beam understands."""
        return PipelineOptions(list(self.beam_flags))

    @property
    def runner(self) -> str:
        """The runner's name."""
        return self.beam.get_all_options().get("runner") or LOCAL

    def config_json(self) -> str:
        """All that decides the rows besides the dumps, in a fixed order."""
        return self.config.to_json(all_rejected=self.all_rejected)


def ingest_parser() -> Parser:
    """The parser of `warraq ingest`, without Beam's own flags."""
    parser = Parser(
        prog="warraq ingest",
        usage="warraq ingest INPUT… --output DIR [flags] [Beam pipeline options]",
        description="Reads crawl dumps and adds the Arabic news articles in them to a dataset.",
        epilog="Example:\n  warraq ingest crawl/*.warc.gz pages/ --output dataset\n\n"
        "All that Beam understands may follow, for example --runner=PortableRunner --job_endpoint=localhost:8099.",
    )
    add = parser.add_argument
    add(
        "inputs",
        metavar="INPUT",
        nargs="+",
        help="WARC, ARC, WET, HTML, text, ZIP, TAR, JSON, Parquet: files, folders, globs",
    )
    add("--output", required=True, type=dataset_folder, metavar="DIR", help="the dataset; made if it is not there")
    add("--new", action="store_true", help="only dumps that the dataset has not committed yet, under whatever options")
    add(
        "--rejected",
        choices=("useful", "all"),
        default="useful",
        help="rows in rejected/ for every refusal but the mass ones of a crawl (not_html, no_arabic_bytes), or for all",
    )
    add("--workers", type=_count, default=_cores(), metavar="N", help="processes of a local run (default: all cores)")
    add("--strict", action="store_true", help="exit with 1 if any page was rejected as `error`")
    add("--quiet", action="store_true", help="no progress")
    add("--timings", action="store_true", help="after a run, show what each stage took")
    add("--traceback", action="store_true", help="if the run fails, show where in the code")
    add(
        "--max_error_share",
        type=_share,
        default=0.05,
        metavar="SHARE",
        help="set a dump aside, and commit the others, if a larger share of its pages broke the code (default: 0.05)",
    )
    add_rules(parser)
    return parser


def add_rules(parser: Parser) -> None:
    """Adds the flags that decide the rows."""
    add = parser.add_argument
    add("--quality", choices=tuple(quality.PRESETS), default="news", help="rules for good text (default: news)")
    add(
        "--near_duplicates",
        choices=deduplicate.MODES,
        default="mark",
        help="near copies: mark sets duplicate_of, drop rejects them (default: mark)",
    )
    add(
        "--tagger",
        type=_tagger,
        default=FlowConfig.tagger,
        help=f"what finds the entities: {entities.CHOICES}",
    )
    add("--classifier", choices=tuple(topics.BACKENDS), default=FlowConfig.classifier, help="what assigns the topics")
    for stage, rules in RULES.items():
        _add_rules(parser, stage, rules)


def _add_rules(parser: Parser, stage: str, rules: type) -> None:
    group = parser.add_argument_group(f"rules of {stage}")
    for field in dataclasses.fields(rules):
        if (stage, field.name) in _NAMED:
            continue
        kind = type(field.default)
        how: dict[str, Any] = {"action": argparse.BooleanOptionalAction} if kind is bool else {"type": kind}
        if kind is not bool:
            how["metavar"] = kind.__name__.upper()
        text = f"{field.metadata['help']} (default: {'none' if field.default == '' else field.default})"
        group.add_argument(f"--{stage}_{field.name}", default=argparse.SUPPRESS, help=text.replace("%", "%%"), **how)


def _tagger(text: str) -> str:
    if not entities.is_backend(text):
        raise argparse.ArgumentTypeError(f"{text}: use one of {entities.CHOICES}")
    return text


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: must be a whole number, 1 or more")
    return number


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text}: must be a share from 0 to 1")
    return share


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def parse_ingest(arguments: Sequence[str]) -> IngestOptions:
    """The options of `warraq ingest`. Exits with 2 and one line if a flag is wrong."""
    parser = ingest_parser()
    known, others = parser.parse_known_args(arguments)
    unknown = _unknown_to_beam(others)
    if unknown:
        parser.error(_unknown_flag(parser, unknown[0]))
    return IngestOptions(
        inputs=known.inputs,
        output=known.output,
        config=config_of(parser, known),
        all_rejected=known.rejected == "all",
        only_new=known.new,
        workers=known.workers,
        strict=known.strict,
        quiet=known.quiet,
        timings=known.timings,
        traceback=known.traceback,
        max_error_share=known.max_error_share,
        beam_flags=others,
    )


def config_of(parser: Parser, known: argparse.Namespace) -> FlowConfig:
    """The recipe that the flags describe. Exits with 2 and one line if a rule can't be followed."""
    try:
        return _config(known)
    except ValueError as error:
        parser.error(str(error))


def _config(known: argparse.Namespace) -> FlowConfig:
    """As `config_of`; raises ValueError, from a rule's own `validate`."""
    presets = {
        "quality": quality.PRESETS[known.quality],
        "deduplicate": deduplicate.DuplicateRules(near=known.near_duplicates),
    }
    chosen = {}
    for stage, rules in RULES.items():
        base = presets.get(stage, rules())
        given = {
            field.name: getattr(known, f"{stage}_{field.name}")
            for field in dataclasses.fields(rules)
            if hasattr(known, f"{stage}_{field.name}")
        }
        chosen[stage] = dataclasses.replace(base, **given) if base and given else base
        if hasattr(chosen[stage], "validate"):
            chosen[stage].validate()
    return FlowConfig(**chosen, tagger=known.tagger, classifier=known.classifier)


def _unknown_to_beam(arguments: Sequence[str]) -> list[str]:
    """The arguments that no Beam option takes (Beam itself would pass over them with a warning)."""
    parser = Parser(prog="warraq ingest", add_help=False)
    for options in PipelineOptions.__subclasses__():
        options._add_argparse_args(parser)  # noqa: SLF001  (the hook by which every Beam option is declared)
    return parser.parse_known_args(arguments)[1]


def _unknown_flag(parser: Parser, flag: str) -> str:
    names = [name for action in parser._actions for name in action.option_strings]  # noqa: SLF001
    close = difflib.get_close_matches(flag.split("=", maxsplit=1)[0], names, 1)
    return f"unknown flag {flag.split('=', maxsplit=1)[0]}" + (f"; did you mean {close[0]}?" if close else "")
