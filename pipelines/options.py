"""The options of a command that ingests: what the flags of `flags.py` mean. Imports Beam only when a job needs it."""

import argparse
import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from warraq.pipelines import config_file
from warraq.pipelines.cli import DONE, Parser
from warraq.pipelines.config import RULES, FlowConfig
from warraq.pipelines.flags import JSON, actions_in_files, flag_of, ingest_parser, stream_parser
from warraq.transforms.entities import user_names
from warraq.transforms.quality import quality

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

_INT64: Final = 2**63  # what a worker can be sent
DATAFLOW: Final = "DataflowRunner"
LOCAL: Final = "local"  # the runner when none is named: Beam's in-process one, spread over worker processes


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
        return _of_beam(tuple(self.beam_flags)).get("runner") or LOCAL

    @property
    def is_template(self) -> bool:
        """True if Dataflow only stores the job, to run it later."""
        return bool(_of_beam(tuple(self.beam_flags)).get("template_location"))

    def config_json(self, *, tuning: bool = False, **more: Any) -> str:
        """Everything besides the dumps that decides the articles, and `more`, in a fixed order."""
        return self.config.to_json(tuning=tuning, **more)


@functools.lru_cache(maxsize=1)  # 18 ms, which each cycle of a stream would pay several times
def _of_beam(flags: tuple[str, ...]) -> Mapping[str, Any]:
    """All options of Beam by name, as these flags set them."""
    from apache_beam.options.pipeline_options import PipelineOptions  # noqa: PLC0415  (two seconds)

    return PipelineOptions(list(flags)).get_all_options()


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
        metrics_port=known.metrics_port or 0,
        ready_lag=known.ready_lag,
        windows=known.windows or 0.0,
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
        flags = {field.name: flag_of(stage, field.name) for field in dataclasses.fields(rules)}
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
    actions = actions_in_files(parser)
    for place, action in actions.items():
        if place[0] == "" and hasattr(known, action.dest):
            value, text = getattr(known, action.dest), (action.help or "").replace("%%", "%")
            is_always = action.dest in ("inputs", "tagger", "classifier")  # those of a file are defaults, too
            is_set = value is not None and (is_always or value != action.default)
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
    parser.add_argument("--savepoint_path")  # Flink's job server takes it, and Beam's Python lists it nowhere
    return list(parser.parse_known_args(arguments)[1])
