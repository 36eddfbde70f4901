"""The documents say what is true: every flag, reason, column, command and path in them exists, and none is left out."""

import re

import pytest

from tests.support.damage import page, samples
from tests.support.paths import ROOT
from warraq import transforms
from warraq.pipelines.commands import COMMANDS
from warraq.pipelines.config import FlowConfig
from warraq.pipelines.export.command import export_parser
from warraq.pipelines.export.rehydrate import rehydrate_parser
from warraq.pipelines.flags import ingest_parser, stream_parser
from warraq.pipelines.flow import RefinePages
from warraq.pipelines.maintain import OPERATIONS, maintain_parser
from warraq.pipelines.query import VIEWS, query_parser
from warraq.pipelines.report.command import report_parser
from warraq.pipelines.search import search_parser
from warraq.pipelines.serve.command import serve_parser
from warraq.pipelines.summary import DumpsOf, Totals, as_json
from warraq.schemas.arrow import TABLES
from warraq.schemas.labels import MASS_REASONS, REASONS, STAGES, TOPICS
from warraq.transforms.quality.quality import QualityRules
from warraq.transforms.read.formats import FORMATS

README = (ROOT / "README.md").read_text(encoding="utf-8")
SOURCES = {path: path.read_text(encoding="utf-8") for path in (ROOT / "transforms").rglob("*.py")}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command):
    assert f"warraq {command}" in README


@pytest.mark.parametrize("column", TABLES["articles"].names)
def test_every_column_is_in_the_readme(column):
    assert f"`{column}`" in README


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_in_the_readme(view):
    assert f"`{view}`" in README


@pytest.mark.parametrize("flag", re.findall(r"(?<![\w-])--[a-z_]+", README))
def test_every_flag_in_the_readme_exists(flag):
    commands = (query_parser, search_parser, serve_parser, report_parser, export_parser, rehydrate_parser)
    parsers = [*(make() for make in commands), *map(maintain_parser, [None, *OPERATIONS])]
    known = "".join(parser().format_help_all() for parser in (ingest_parser, stream_parser))
    known += "".join(parser.format_help() for parser in parsers)
    assert flag in known or flag == "--quick"  # of run_tests.sh


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#]+)\)", README))
def test_every_link_in_the_readme_leads_somewhere(path):
    assert path.startswith("http") or (ROOT / path).exists()


def test_every_key_of_the_json_summary_is_in_the_operations():
    found = as_json("done", [], DumpsOf(), [], Totals([], []))
    names = {*found} - {"dumps"} | {f"dumps.{name}" for name in found["dumps"]}
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert {name for name in names if f"`{name}`" not in text} == set()


def test_every_document_is_in_the_readme():
    named = set(re.findall(r"\]\(([^)#]+)\)", README))
    assert {"CONTRIBUTING.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))} - named == set()


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "docs/glossary.md", "transforms/__init__.py"])
def test_every_path_in_a_document_exists(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    paths = re.findall(
        r"(?<![\w/.-])((?:benchmarks|deploy|docs|pipelines|samples|schemas|tests|transforms)/[\w./-]*\w)", text
    )
    assert sorted({path for path in paths if "NAME" not in path and not (ROOT / path).exists()}) == []


def test_the_flow_is_drawn_as_it_is():
    flow = ["ReadPages", *RefinePages(FlowConfig()).steps(), "WriteArticles"]
    drawn = README[README.index("```\nReadPages") :].partition("```\n")[2].partition("```")[0]
    assert re.findall(r"[A-Z]\w+", drawn) == flow
    assert [name for name in re.findall(r"[A-Z]\w+", str(transforms.__doc__)) if name in flow] == flow


def test_every_format_has_a_dump_among_those_that_are_damaged():
    assert {sample.format for sample in samples([page(number) for number in range(3)]).values()} == FORMATS


def test_every_reason_that_a_stage_gives_is_a_label():
    given = {reason for text in SOURCES.values() for reason in re.findall(r"\b(?:Rejection|judge)\(\s*\"(\w+)\"", text)}
    assert given
    assert given - {reason for reasons in REASONS.values() for reason in reasons} == set()


def test_every_reason_is_given_by_some_stage():
    stated = {reason for reasons in REASONS.values() for reason in reasons}
    ours = "\n".join(SOURCES.values())
    by_rule = {reason for rule in QualityRules.__dataclass_fields__.values() if (reason := rule.metadata.get("reason"))}
    assert [reason for reason in stated if f'"{reason}"' not in ours and reason not in by_rule] == []
    assert stated >= MASS_REASONS


def test_labels_are_closed_sets():
    assert list(REASONS) == [stage for stage in STAGES if stage in REASONS]
    assert len({topic.slug for topic in TOPICS}) == len({topic.code for topic in TOPICS}) == len(TOPICS) == 17
    assert all(re.fullmatch(r"[a-z_]+", topic.slug) for topic in TOPICS)


def test_the_project_names_no_machine_or_workplace():
    """Files that others read hold no path of one machine."""
    forbidden = re.compile(r"(?<![\w./-])/(?:work|root|home/\w+)/")
    texts = [
        path for suffix in ("py", "md", "sh", "toml") for path in ROOT.rglob(f"*.{suffix}") if ".venv" not in path.parts
    ]
    assert [
        path for path in texts if path.name != "test_docs.py" and forbidden.search(path.read_text(encoding="utf-8"))
    ] == []
