"""A rewrite of `articles`, as compaction and take-down do it: the one place to put the real operations."""

import json
from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.transaction import AddAction, RemoveAction

from warraq.schemas.arrow import PARTITIONS, TABLES
from warraq.transforms.dataset import data_files
from warraq.transforms.dataset.dataset import Dataset


def rewrite(dataset: Dataset, forgotten: Collection[str] = ()) -> None:
    """Each partition has one file, without the articles whose ids are `forgotten`; the old files lie in `_replaced`."""
    table, root = dataset.open("articles"), Path(dataset.root)
    old = pa.table(table.get_add_actions()).to_pylist()
    partitions = sorted({tuple(str(entry["partition"][name]) for name in PARTITIONS["articles"]) for entry in old})
    replaced: list[str] = []
    actions: list[AddAction | RemoveAction] = []
    for partition in partitions:
        folder = "/".join(f"{name}={value}" for name, value in zip(PARTITIONS["articles"], partition, strict=True))
        paths = [entry["path"] for entry in old if entry["path"].startswith(folder + "/")]
        rows = pa.concat_tables(pq.ParquetFile(root / "articles" / path).read() for path in sorted(paths))
        rows = rows.filter(pc.invert(pc.is_in(rows["article_id"], pa.array(forgotten, pa.string()))))
        rows = rows.sort_by([("site", "ascending"), ("published_at", "ascending"), ("article_id", "ascending")])
        values = dict(zip(PARTITIONS["articles"], partition, strict=True))
        content, count = data_files.encode("articles", [rows], "rewrite")
        path = f"{folder}/part-{data_files.digest(content)}.parquet"
        if paths == [path]:
            continue
        if count:
            (root / "articles" / path).write_bytes(content)
            actions.append(
                AddAction(path, len(content), values, 0, data_change=False, stats=json.dumps({"numRecords": count}))
            )
        actions += [
            RemoveAction(path, data_change=False, deletion_timestamp=0, partition_values=values) for path in paths
        ]
        replaced += paths
    table.create_write_transaction(
        actions, mode="append", schema=TABLES["articles"], partition_by=list(PARTITIONS["articles"])
    )
    for path in replaced:
        kept = root / "_replaced" / "articles" / path
        kept.parent.mkdir(parents=True, exist_ok=True)
        (root / "articles" / path).rename(kept)
    dataset.open("articles").create_checkpoint()
