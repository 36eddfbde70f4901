"""What worker processes bring on one machine: seconds and memory of `warraq ingest` for 1 and 2 workers, side by side.

    python benchmarks/local_engine.py [COPIES]      (data: $WARRAQ_DATA, else ../shared/data beside the checkout)

The dump is made of the 194 real page templates of pages_arabised, COPIES (default 6) times over. Copies are read,
extracted and cleaned like any page, and leave as duplicates before they are tagged.
"""

import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_ROUNDS = 2


def record(url: str, body: bytes, content_type: str) -> bytes:
    """One gzip member with a WARC response record."""
    payload = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n".encode() + body
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-12-31T00:00:00Z\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(payload)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + payload + b"\r\n\r\n", mtime=0)


def write_dump(data: Path, target: Path, copies: int) -> int:
    """Writes the dump; returns its number of pages."""
    folder = data / "pages_arabised"
    truth = [json.loads(line) for line in (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
    with target.open("wb") as dump:
        for copy in range(copies):
            for page in truth:
                body = gzip.decompress((folder / page["file"]).read_bytes())
                dump.write(record(f"{page['url']}?copy={copy}", body, page["http_content_type"] or "text/html"))
    return copies * len(truth)


def ingest(dump: Path, workers: int) -> tuple[float, float]:
    """Seconds, and the largest memory of any one process in MiB."""
    with tempfile.TemporaryDirectory() as output:
        command = [sys.executable, "-m", "pipelines", "ingest", str(dump), "--output", f"{output}/out", "--quiet"]
        start = time.perf_counter()
        subprocess.run([*command, "--workers", str(workers)], check=True, capture_output=True)
        seconds = time.perf_counter() - start
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main() -> None:
    """Prints a line for each round."""
    data = Path(os.environ.get("WARRAQ_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not data.is_dir():
        sys.exit(f"no data at {data}: set WARRAQ_DATA")
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder, "pages.warc.gz")
        pages = write_dump(data, dump, int(sys.argv[1]) if len(sys.argv) > 1 else 6)
        print(f"{pages} pages, {dump.stat().st_size / 2**20:.0f} MiB")
        for _ in range(_ROUNDS):
            seconds = {workers: ingest(dump, workers) for workers in (1, 2)}
            shown = "   ".join(f"{n} workers {s:6.1f} s {pages / s:5.1f} pages/s" for n, (s, _) in seconds.items())
            print(f"{shown}   ratio {seconds[1][0] / seconds[2][0]:.2f}   largest process {seconds[2][1]:.0f} MiB")


if __name__ == "__main__":
    main()
