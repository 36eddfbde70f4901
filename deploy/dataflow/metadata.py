"""Writes metadata.json, the parameters of the flex template for Dataflow: our flags with their help.

python deploy/dataflow/metadata.py
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from warraq.pipelines.flags import ingest_parser

TARGET: Final = Path(__file__).with_name("metadata.json")
# Flags without effect on a job that only the service watches, and files of this machine.
LEFT_OUT: Final = frozenset(
    {"help", "help_all", "config", "print_config", "workers", "strict", "quiet", "timings", "traceback"}
)
# POSIX extended regular expressions, as Dataflow needs them.
ADDRESS: Final = "(gs|s3)://[^ ]+"
NUMBERS: Final[dict[Any, str]] = {int: "^-?[0-9]+$", float: "^-?[0-9]*[.]?[0-9]+$"}


def parameters() -> Iterator[dict[str, Any]]:
    """The parameters of the template, in the order of `warraq ingest --help-all`."""
    parser = ingest_parser()
    for group in parser._action_groups:  # noqa: SLF001  (argparse has no other way to ask)
        for action in group._group_actions:  # noqa: SLF001
            if action.dest not in LEFT_OUT:
                place = {"groupName": group.title} if group in parser._action_groups[2:] else {}  # noqa: SLF001
                yield {**_describe(action), **place}
    yield {
        "name": "sdk_container_image",
        "label": "Worker image",
        "helpText": "the image of the template; workers run in it, too",
        "isOptional": False,
        "regexes": ["^[^ ]+$"],
        "paramType": "TEXT",
    }


def _describe(action: argparse.Action) -> dict[str, Any]:
    words = action.dest.replace("_", " ")
    described = {"name": action.dest, "label": words.capitalize(), "helpText": (action.help or "").replace("%%", "%")}
    if action.dest == "inputs":
        help_text = f"{described['helpText']}; addresses in buckets, separated by spaces"
        return {**described, "helpText": help_text, "isOptional": False, "regexes": [f"^{ADDRESS}( +{ADDRESS})*$"]}
    if action.required:
        return {**described, "isOptional": False, "regexes": [f"^{ADDRESS}$"], "paramType": "GCS_WRITE_FOLDER"}
    return {**described, "isOptional": True, **_kind(action)}


def _kind(action: argparse.Action) -> dict[str, Any]:
    """The type of an optional parameter in the console.

    Only flags with a default of their own get one here: the console passes on every value that it shows, and such a
    rule would win over the presets of --quality. It shows an untouched BOOLEAN as false, so a rule is TEXT.
    """
    if action.choices:
        options = [{"value": choice, "label": choice} for choice in action.choices]
        return {"paramType": "ENUM", "enumOptions": options, "defaultValue": action.default}
    if isinstance(action, argparse.BooleanOptionalAction):
        return {"paramType": "TEXT", "regexes": ["^(true|false)$"]}
    if action.nargs == 0:
        return {"paramType": "BOOLEAN", "defaultValue": "false"}
    if action.type in NUMBERS:
        return {"paramType": "NUMBER", "regexes": [NUMBERS[action.type]]}
    return {"paramType": "TEXT"}


def metadata() -> dict[str, Any]:
    """The content of metadata.json."""
    return {
        "name": "Warraq",
        "description": "Crawled web pages in, a clean Arabic news dataset out: Parquet partitions and a Delta table.",
        "streaming": False,
        "parameters": [*parameters()],
    }


if __name__ == "__main__":
    TARGET.write_text(json.dumps(metadata(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
