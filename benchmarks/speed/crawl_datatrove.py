"""The datatrove pipeline that crawl.py measures. Takes the folder and name of a WARC, and a folder for the Parquet."""

import sys

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.extractors import Trafilatura
from datatrove.pipeline.readers import WarcReader
from datatrove.pipeline.writers import ParquetWriter

if __name__ == "__main__":
    folder, file, output = sys.argv[1:]
    steps = [WarcReader(folder, glob_pattern=file), Trafilatura(), ParquetWriter(f"{output}/rows")]
    LocalPipelineExecutor(steps, tasks=1, workers=1, logging_dir=f"{output}/logs").run()
