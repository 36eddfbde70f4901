"""A reader of datasets, in a process of its own: the readers bring packages that the tests do not have.

    python -m tests.support.reader_process      {"open": code, "result": number} or {"read": true}, one a line, on stdin

The last two expressions of the code are its results. `open` runs the code with one of the two, and keeps the result as it is:
most readers are lazy. `read` answers with its rows. An answer is a line of JSON: {"rows": [{column: value}]}, {"error": text}
or {}.
"""

import ast
import datetime as dt
import json
import os
import sys

import pyarrow as pa


def opened(code, result, names):
    """Runs the code without the other result. Returns the result."""
    statements = ast.parse(code).body
    exec(compile(ast.Module(statements[:-2], []), "document", "exec"), names)
    return eval(compile(ast.Expression(statements[-2:][result].value), "document", "eval"), names)


def rows(result):  # noqa: PLR0911  (a line for each type)
    """The rows of what a reader gives, as dictionaries."""
    kind = f"{type(result).__module__.partition('.')[0]}.{type(result).__name__}"
    if kind.endswith(".DuckDBPyRelation"):
        return [dict(zip(result.columns, row, strict=True)) for row in result.fetchall()]
    if kind == "polars.LazyFrame":
        return result.collect().to_dicts()
    if kind == "pyspark.DataFrame":
        return [row.asDict(recursive=True) for row in result.collect()]

    if kind == "pandas.DataFrame":
        return pa.Table.from_pandas(result, preserve_index=False).to_pylist()
    if kind == "datasets.Dataset":
        return result.with_format("arrow")[:].to_pylist()
    if hasattr(result, "to_table"):  # a dataset of pyarrow
        return result.to_table().to_pylist()
    return pa.table(result).to_pylist()


def plain(value):  # noqa: PLR0911  (a line for each type)
    """The value as JSON has it. A day and its text stay different; a time without a zone is in UTC."""
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=value.tzinfo or dt.timezone.utc).astimezone(dt.timezone.utc).isoformat()
    if isinstance(value, dt.date):
        return {"day": value.isoformat()}
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value


def _spark():
    """A session as `pyspark` starts it with the settings in the environment, on loopback only."""
    from pyspark.sql import SparkSession  # noqa: PLC0415  (only this reader has it)

    session = SparkSession.builder.master("local[1]")
    for name, value in json.loads(os.environ["SPARK_SETTINGS"]).items():
        session = session.config(name, value)
    return session.getOrCreate()


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    names = {}
    result = None
    for line in sys.stdin:
        request = json.loads(line)
        answer = {}
        try:
            if "open" in request:
                if "SPARK_SETTINGS" in os.environ and not names:
                    names["spark"] = _spark()
                result = opened(request["open"], request["result"], names)
            else:
                answer = {"rows": plain(rows(result))}
        except Exception as error:  # noqa: BLE001  (it is the answer)
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    if "spark" in names:
        names["spark"].stop()


if __name__ == "__main__":
    main()
