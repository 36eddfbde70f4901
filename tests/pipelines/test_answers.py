"""Answers as files that other programs open, and as tables on a terminal."""

import builtins
import csv
import datetime as dt
import json
import re

import duckdb
import openpyxl
import pytest

from warraq.pipelines import xlsx
from warraq.pipelines.answers import ENDINGS, FORMATS, FormError, deliver, for_terminal, form_of

NESTED = (
    "SELECT 'عنوان, \"مقتبس\"' AS title, [{name: 'مصر', score: 0.5}] AS entities, ['أ', 'ب'] AS \"its \"\"tags\"\"\", "
    "{x: DATE '2025-05-01'} AS s, NULL AS nothing, 'سطر' || chr(10) || 'سطر' AS lines, '=1+1' AS formula"
)


def write(sql, target, form=None):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    deliver(connection, connection.sql(sql), form_of(form, str(target)), str(target))


@pytest.mark.parametrize(("ending", "form"), ENDINGS.items())
def test_the_ending_tells_the_format(ending, form):
    assert form_of(None, f"answer{ending}") == form_of(form, f"Answer{ending.upper()}") == form_of(form, "a") == form
    assert form_of(None, None) == "table"
    assert {*ENDINGS.values()} == {*FORMATS}


@pytest.mark.parametrize(
    ("form", "target", "complaint"),
    [
        (None, "a.doc", "the ending .doc tells no format; use .txt, .csv, .json, .jsonl, .ndjson, .parquet, .xlsx"),
        (None, "a.csv.gz", "the ending .gz tells no format"),
        (None, "folder.csv/a", "no ending tells the format"),
        ("csv", "a.xlsx", "its ending says xlsx, --format csv; change one of them"),
        ("parquet", None, "--format parquet needs --to FILE"),
        ("xlsx", None, "--format xlsx needs --to FILE"),
    ],
)
def test_a_format_that_cannot_be_told_is_a_mistake_with_a_remedy(form, target, complaint):
    with pytest.raises(FormError, match=re.escape(complaint)):
        form_of(form, target)


def test_a_missing_library_is_named_with_its_extra(monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name == "xlsxwriter":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(FormError, match=re.escape("pip install 'warraq[xlsx]'")):
        form_of(None, "answer.xlsx")


def test_excel_opens_csv_and_nested_columns_are_json(tmp_path):
    write(NESTED, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbftitle,entities,")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        [row] = csv.DictReader(file)
    assert row["title"] == 'عنوان, "مقتبس"'
    assert json.loads(row["entities"]) == [{"name": "مصر", "score": 0.5}]
    assert json.loads(row['its "tags"']) == ["أ", "ب"]
    assert json.loads(row["s"]) == {"x": "2025-05-01"}
    assert (row["nothing"], row["lines"], row["formula"]) == ("", "سطر\nسطر", "=1+1")


def test_json_has_one_object_a_line(tmp_path):
    write(f"{NESTED} UNION ALL {NESTED}", tmp_path / "a.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["entities"] for row in rows] == [[{"name": "مصر", "score": 0.5}]] * 2


def test_parquet_keeps_the_types(tmp_path):
    write("SELECT [1] AS l, DATE '2025-05-01' AS d", tmp_path / "a.parquet")
    assert duckdb.sql(f"FROM '{tmp_path}/a.parquet'").fetchall() == [([1], dt.date(2025, 5, 1))]


def sheet(path):
    return list(openpyxl.load_workbook(path).active.iter_rows(values_only=True))


def test_excel_files_hold_what_the_answer_has(tmp_path):
    write(
        f"{NESTED}, 7 AS i, 2.5 AS f, true AS yes, DATE '2025-05-01' AS d, TIMESTAMPTZ '2025-05-01 10:00+03' AS t, "
        "DATE '1200-01-01' AS old, 9007199254740993 AS big, 'NaN'::DOUBLE AS nan, 1.50::DECIMAL(9, 2) AS m",
        tmp_path / "a.xlsx",
    )
    names, row = sheet(tmp_path / "a.xlsx")
    cells = dict(zip(names, row, strict=True))
    assert json.loads(cells["entities"]) == [{"name": "مصر", "score": 0.5}]
    assert cells["title"] == 'عنوان, "مقتبس"'
    assert (cells["formula"], cells["nothing"], cells["lines"]) == ("=1+1", None, "سطر\nسطر")
    assert (cells["i"], cells["f"], cells["yes"], cells["m"]) == (7, 2.5, True, 1.5)
    assert [cells["d"].isoformat(), cells["t"].isoformat()] == ["2025-05-01T00:00:00", "2025-05-01T07:00:00"]
    assert (cells["old"], cells["big"], cells["nan"]) == ("1200-01-01", "9007199254740993", "nan")
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").active["G2"].data_type == "s"  # no formula


def test_a_text_that_no_cell_holds_is_cut_and_told(tmp_path, capsys):
    write("SELECT repeat('ا', 40000) AS text FROM range(2)", tmp_path / "a.xlsx")
    assert [len(text) for (text,) in sheet(tmp_path / "a.xlsx")[1:]] == [xlsx.MOST_CHARACTERS] * 2
    assert "2 texts cut" in capsys.readouterr().err


def test_an_answer_that_no_sheet_holds_is_refused_and_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx, "MOST_ROWS", 3)
    write("FROM range(3)", tmp_path / "a.xlsx")
    assert sheet(tmp_path / "a.xlsx") == [("range",), (0,), (1,), (2,)]
    with pytest.raises(OSError, match="at most 3 rows; use .csv or .parquet"):
        write("FROM range(4)", tmp_path / "b.xlsx")
    assert [path.name for path in tmp_path.iterdir()] == ["a.xlsx"]


WIDTHS = ["مصر", "مُحَمَّدٌ", "بِسْمِ ٱللَّهِ", "العـــربية", "لا", "قٰ", "«أخبار»", "٣٤٪", "日本"]


@pytest.mark.parametrize("text", WIDTHS)
def test_columns_of_arabic_are_aligned(text):
    """DuckDB counts marks as no width, and each letter as one: the terminal shows a box, whatever is in its cells."""
    box = str(duckdb.sql("SELECT $text AS cell, 'next' AS next", params={"text": text})).splitlines()
    marks = "\u064b-\u065f\u0670"
    wide = {line: len(re.sub(f"[{marks}]", "", line)) + len(re.findall("[日本]", line)) for line in box[:6]}
    assert len({*wide.values()}) == 1, wide


def test_columns_keep_their_order_on_a_terminal_that_turns_arabic_around():
    """Without the marks, the Unicode algorithm takes all from the first Arabic letter to the number for one run."""
    assert for_terminal("│ مصر     │       10 │\n") == "\u200e│ مصر     \u200e│       10 \u200e│\n"
    assert for_terminal("│ Egypt │ 10 │") == "│ Egypt │ 10 │"
