"""The architecture, held: imports run one way, and the core knows no Beam."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = [path for folder in ("schemas", "transforms", "pipelines") for path in sorted((ROOT / folder).rglob("*.py"))]
MAY_IMPORT = {
    "schemas": {"schemas"},
    "transforms": {"schemas", "transforms"},
    "pipelines": {"schemas", "transforms", "pipelines"},
}
OURS = {*MAY_IMPORT, "tests", "benchmarks", "samples"}
# What every stage may use: how a failure becomes a row, the books, where things lie, and how a process is started.
_SHARED = (
    "rejection",
    "step",
    "ledger",
    "dataset",
    "delta_log",
    "storage",
    "set_aside",
    "child",
    "import_path",
    "file_names",
)
SHARED = {f"transforms.{shared}" for shared in _SHARED}
# A stage of more than one file, beside the folders read/ and extract/.
PARTS = {
    "transforms.clean": {"transforms.furniture"},
    "transforms.entities": {
        f"transforms.{part}"
        for part in ("bilstm", "gazetteer", "lexicon", "names", "network", "onnx_tagger", "word_features")
    },
}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            ours = node.module.split(".")[0] in OURS and "." not in node.module
            yield from ([f"{node.module}.{alias.name}" for alias in node.names] if ours else [node.module])


def name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_imports_run_one_way(path):
    layer = path.relative_to(ROOT).parts[0]
    ours = {module.split(".")[0] for module in imports(path)} & OURS
    assert ours <= MAY_IMPORT[layer]


@pytest.mark.parametrize("path", [path for path in SOURCES if "transforms" in path.parts], ids=name)
def test_stages_do_not_import_each_other(path):
    stage = ".".join(name(path).split(".")[:2])
    others = {module for module in imports(path) if module.startswith("transforms.")} - SHARED
    family = {stage, *PARTS.get(stage, set()), *(part for parts in PARTS.values() if stage in parts for part in parts)}
    assert {".".join(module.split(".")[:2]) for module in others} <= family


@pytest.mark.parametrize("path", [path for path in SOURCES if "transforms" in path.parts], ids=name)
def test_only_classes_name_beam(path):
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            named = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
            assert "beam" not in named, f"{node.name} names beam: a function of the core must not"


@pytest.mark.parametrize(
    "modules",
    [
        "transforms.extract, transforms.extract.guard",  # each worker has such a process
        "pipelines.__main__",
        "pipelines.query",
    ],
)
def test_what_does_not_run_the_flow_does_without_beam(modules):
    """Its import takes two seconds of the processor."""
    code = f"import sys, {modules}; print('apache_beam' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "False\n"
