"""The laws of the house: imports run one way, a stage has one address, and pure functions import no Beam."""

import ast
import subprocess
import sys

import pytest

from tests.support.paths import ROOT
from warraq.pipelines.config import FlowConfig
from warraq.pipelines.flow import RefinePages
from warraq.transforms.read.stage import ReadPages
from warraq.transforms.write.stage import CommitRun, WriteArticles, WriteRejected

LAYERS = ("schemas", "transforms", "pipelines")  # each may import itself and those before it
SOURCES = [path for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py"))]
TRANSFORMS = [path for path in SOURCES if path.is_relative_to(ROOT / "transforms")]
OTHERS = {"tests", "benchmarks", "samples", "deploy"}


def imports(path, *, only_at_start=False):
    """The modules, and names in them, that a file imports; on request without imports inside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body if only_at_start else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room(module):
    """The name at the root of transforms/: of a stage (a file, or a folder with a stage.py), or of a shared file."""
    return module.removeprefix("warraq.").split(".")[1]


def stages():
    """The names at the root of transforms/ that the flow's transforms have."""
    flow = [ReadPages, *map(type, RefinePages(FlowConfig()).steps().values()), WriteArticles, WriteRejected, CommitRun]
    return {room(transform.__module__) for transform in flow}


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_imports_run_one_way(path):
    layer = LAYERS.index(path.relative_to(ROOT).parts[0])
    ours = [module.split(".")[1] for module in imports(path) if module.startswith("warraq.")]
    assert {*ours} - {"__version__"} <= {*LAYERS[: layer + 1]}
    assert not {module.split(".")[0] for module in imports(path)} & {*LAYERS, *OTHERS}


def test_a_stage_is_a_file_or_a_folder_of_the_flow():
    for transform in (ReadPages, *map(type, RefinePages(FlowConfig()).steps().values()), WriteArticles):
        module = transform.__module__
        assert module in (f"warraq.transforms.{room(module)}", f"warraq.transforms.{room(module)}.stage")
    folders = {path.parent.name for path in TRANSFORMS if path.name == "stage.py"}
    assert folders <= stages()


@pytest.mark.parametrize("path", TRANSFORMS, ids=name)
def test_a_stage_imports_what_is_shared_and_no_other_stage(path):
    rooms = {room(module) for module in imports(path) if module.startswith("warraq.transforms.")}
    assert rooms & stages() <= {room(f"warraq.{name(path)}") if path.parent != ROOT / "transforms" else path.stem}


def test_beam_is_imported_only_where_a_stage_meets_it():
    """Rules and pure functions start without it. `storage.py` imports it when a bucket needs it, not before."""
    shells = {"stage.py", "step.py", "ledger.py", "coders.py"}
    files = [path for path in SOURCES if not path.is_relative_to(ROOT / "pipelines") and path.name not in shells]
    breaking = [
        name(path)
        for path in files
        for module in imports(path, only_at_start=path.name == "storage.py")
        if module.startswith("apache_beam")
    ]
    assert breaking == []


@pytest.mark.parametrize(
    "modules",
    [
        "warraq.transforms.extract.page, warraq.transforms.extract.sandbox",  # each worker has such a process
        "warraq.pipelines.commands",
        "warraq.pipelines.query, warraq.pipelines.search",
        "warraq.pipelines.maintain",
        "warraq.transforms.maintain.compact, warraq.transforms.maintain.vacuum",
        "warraq.pipelines.interface",
        "warraq.pipelines.explain",
        "warraq.pipelines.options",
    ],
)
def test_what_does_not_run_the_flow_does_without_beam(modules):
    """Beam's import takes two seconds of the processor."""
    code = f"import sys, {modules}; print('apache_beam' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "False\n"


STATE = """
import importlib, logging, os, pkgutil, signal, sys, tempfile, warnings

def state():
    loggers = {name: logging.getLogger(name).level for name in ("", "apache_beam", "trafilatura", "deltalake")}
    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
    return [*sys.path], dict(os.environ), loggers, handlers, [*logging.root.handlers], tempfile.tempdir, [*warnings.filters]

import apache_beam, deltalake, duckdb, lxml.html, numpy, pyarrow, threadpoolctl, trafilatura
from apache_beam.runners.portability import fn_api_runner, portable_runner
before = state()
import warraq
for module in sorted(found.name for found in pkgutil.walk_packages(warraq.__path__, "warraq.")):
    if module != "warraq.__main__" and not module.endswith((".onnx", ".extras")):
        importlib.import_module(module)
after = state()
print([name for name, one, two in zip("path environ levels handlers root tempdir filters".split(), before, after) if one != two])
"""


def test_no_module_changes_the_process_that_imports_it():
    done = subprocess.run([sys.executable, "-c", STATE], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "[]\n"
