"""Others' tools see all of an export: every article and every column. A tool that is not installed is skipped."""

import json
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.support.loads import article, load
from warraq.pipelines.commands import run
from warraq.schemas.records import Entity, TopicScore
from warraq.transforms.dataset.dataset import Dataset

pytestmark = [
    pytest.mark.slow,  # each library takes seconds to import
    pytest.mark.filterwarnings("ignore"),  # of these libraries
]

FORMS = {"hf": [], "jsonl": ["--to", "jsonl"], "fineweb2": ["--to", "fineweb2"], "urls": ["--urls_only"]}


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """The folder of each form."""
    folder = tmp_path_factory.mktemp("exports")
    dataset = Dataset(str(folder / "out"))
    entities = [Entity("ليلى", "person", 0, 4, "ليلى", 0.9), Entity("مصر", "place", 5, 8, "مصر", 0.8)]
    more = {"entities": entities, "topics": [TopicScore("medtop:15000000", 0.5)], "authors": ["سلمى"], "language": "ar"}
    load(dataset, "r1", [article("a", n, f"{n:032x}", day=1 + n % 3, title="عنوان", **more) for n in range(7)])
    for name, flags in FORMS.items():
        assert run(["export", dataset.root, str(folder / name), *flags]) == 0
    return folder


def columns(folder):
    return json.loads((folder / "export.json").read_text(encoding="utf-8"))["columns"]


def installed(name):
    return pytest.importorskip(name, reason=f"{name} is not installed")


@pytest.mark.parametrize("form", FORMS)
def test_datasets_loads_it(exports, tmp_path, form):
    rows = installed("datasets").load_dataset(str(exports / form), split="train", cache_dir=str(tmp_path))
    assert rows.num_rows == 7
    assert rows.column_names == columns(exports / form)
    if form in ("hf", "jsonl"):  # no article of these states a time, so it can't be guessed
        assert rows.features["published_at"].dtype == "timestamp[us, tz=UTC]"
        assert rows.features["entities"].feature["role"].dtype == "string"


@pytest.mark.parametrize("form", FORMS)
def test_croissant_is_valid_and_reads_every_field(exports, form):
    found = installed("mlcroissant").Dataset(str(exports / form / "croissant.json"))
    assert [*found.metadata.issues.errors, *found.metadata.issues.warnings] == []
    assert str(found.metadata.conforms_to[0]).endswith("1.1")
    assert found.metadata.data_limitations
    assert found.metadata.personal_sensitive_information
    rows = [*found.records("articles")]
    assert len(rows) == 7
    assert [name.removeprefix("articles/") for name in rows[0]] == columns(exports / form)


def test_polars_reads_it(exports):
    polars = installed("polars")
    read = polars.read_parquet(exports / "hf" / "data" / "*.parquet")
    assert (read.height, read.columns) == (7, columns(exports / "hf"))
    [lines] = (exports / "jsonl" / "data").iterdir()
    assert polars.read_ndjson(lines, infer_schema_length=None).shape == (7, len(read.columns))


@pytest.mark.parametrize("form", FORMS)
def test_duckdb_reads_it(exports, form):
    read = "read_json" if form == "jsonl" else "read_parquet"
    rows = duckdb.sql(f"FROM {read}('{exports}/{form}/data/*')")
    assert (len(rows), rows.columns) == (7, columns(exports / form))


@pytest.mark.parametrize("form", ["hf", "fineweb2"])
def test_nemo_curator_reads_parquet_so(exports, form):
    """Its ParquetReaderStage calls pandas with these arguments."""
    pandas = installed("pandas")
    files = sorted((exports / form / "data").iterdir())
    read = pandas.concat([pandas.read_parquet(file, engine="pyarrow", dtype_backend="pyarrow") for file in files])
    assert [*read.columns] == columns(exports / form)
    assert len(read) == 7


@pytest.mark.parametrize(("form", "id_key"), [("hf", "article_id"), ("fineweb2", "id"), ("jsonl", "article_id")])
def test_datatrove_reads_it(exports, form, id_key):
    readers = installed("datatrove.pipeline.readers")
    reader = readers.JsonlReader if form == "jsonl" else readers.ParquetReader
    documents = [*reader(str(exports / form / "data"), text_key="text", id_key=id_key).run()]
    assert [document.id for document in documents] == [
        row[id_key] for row in pq.read_table(exports / ("hf" if form == "jsonl" else form) / "data").to_pylist()
    ]
    assert {*documents[0].metadata} >= {*columns(exports / form)} - {"text", id_key}


def test_spark_reads_it(exports):
    sql = installed("pyspark.sql")
    spark = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        for form in ("hf", "fineweb2"):
            read = spark.read.parquet(str(Path(exports, form, "data")))
            assert (read.count(), read.columns) == (7, columns(exports / form))
    finally:
        spark.stop()
