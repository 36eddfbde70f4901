"""The sizes of the files of a large export, and the memory that it takes to write them.

    python -m benchmarks.speed.export_files FOLDER [--times 12] [--to hf|jsonl]

FOLDER is an export (`warraq export DIR FOLDER`). Its rows are written so many times, with other ids, to a folder that
is removed again. Sizes are in MB, memory is the largest resident size of the process, seconds are the processor's.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from warraq.transforms.export.shards import JsonFile, ParquetFile, Shards

FILES = {"hf": ParquetFile, "jsonl": JsonFile}


def main() -> None:
    """Writes the files and prints what they took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("export", type=Path, metavar="FOLDER")
    parser.add_argument("--times", type=int, default=12)
    parser.add_argument("--to", choices=FILES, default="hf")
    options = parser.parse_args()
    files = sorted((options.export / "data").glob("*.parquet"))
    schema = pq.read_schema(files[0])
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        shards = Shards(Path(folder), schema, FILES[options.to])
        for number in range(options.times):
            for path in files:
                for batch in pq.ParquetFile(path).iter_batches(1000):
                    rows = pa.Table.from_batches([batch])
                    ids = pc.binary_join_element_wise(
                        f"{number:02}", pc.utf8_slice_codeunits(rows["article_id"], 2), ""
                    )
                    shards.write(rows.set_column(rows.schema.get_field_index("article_id"), "article_id", ids))
        for shard in shards.close():
            print(f"{shard.rows:>9,} rows  {shard.size / 1e6:7.1f} MB  {shard.path}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{time.process_time() - started:.0f} s, {memory:.0f} MiB")


if __name__ == "__main__":
    main()
