r"""The cost of a record by compression of its archive: pages per second of `read_range`, and the size of the file.

    python -m benchmarks.speed.compression           (data: $WARRAQ_DATA, else ../shared/data beside the checkout)

600 records, the pages of `pages` repeated, as WARC and ARC, compressed by record (gzip 6, zstd 3 with and without a
dictionary of 110 KiB trained on 400 of the records) and as one stream. Medians of three interleaved rounds of processor
time of one process.
"""

import gzip
import itertools
import statistics
import sys
import tempfile
import time
from pathlib import Path

import zstandard

from benchmarks.speed.reading import DATA, foreign, record
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.formats import read_range
from warraq.transforms.read.rules import ReadRules

RECORDS = 600
ROUNDS = 3
DICTIONARY_BYTES = 110 * 1024


def arc_record(content: bytes, number: int) -> bytes:
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + content
    return b"http://page.example/%d 192.0.2.1 20261101000000 text/html %d\n%s\n" % (number, len(block), block)


def files() -> dict[str, bytes]:
    pages = list(itertools.islice(itertools.cycle(foreign().values()), RECORDS))
    warc = [gzip.decompress(record(page, number)) for number, page in enumerate(pages)]
    arc = [arc_record(page, number) for number, page in enumerate(pages)]
    dictionary = zstandard.train_dictionary(DICTIONARY_BYTES, warc[:400])
    frame = dictionary.as_bytes()
    head = b"\x5d\x2a\x4d\x18" + len(frame).to_bytes(4, "little") + frame
    zstd = zstandard.ZstdCompressor(write_checksum=True).compress
    with_dictionary = zstandard.ZstdCompressor(write_checksum=True, dict_data=dictionary).compress
    return {
        "WARC, plain": b"".join(warc),
        "WARC, gzip": b"".join(gzip.compress(one, 6) for one in warc),
        "WARC, zstd": b"".join(map(zstd, warc)),
        "WARC, zstd with dictionary": head + b"".join(map(with_dictionary, warc)),
        "WARC, one gzip stream": gzip.compress(b"".join(warc), 6),
        "WARC, one zstd frame": zstd(b"".join(warc)),
        "ARC, plain": b"".join(arc),
        "ARC, gzip": b"".join(gzip.compress(one, 6) for one in arc),
    }


def main() -> None:
    if not DATA.is_dir():
        sys.exit(f"no data at {DATA}: set WARRAQ_DATA")
    spent: dict[str, list[float]] = {}
    sizes = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files().items():
            (Path(folder) / name).write_bytes(content)
            sizes[name] = len(content)
        for _, name in itertools.product(range(ROUNDS), sizes):
            [dump] = find_dumps([str(Path(folder) / name)]).dumps
            began = time.process_time()
            assert sum(1 for _ in read_range(dump, 0, None, ReadRules())) == RECORDS
            spent.setdefault(name, []).append(time.process_time() - began)
    print(f"{'':28}{'MB':>7}{'pages/s':>9}{'ms a page':>11}")
    for name, seconds in spent.items():
        median = statistics.median(seconds)
        print(f"{name:28}{sizes[name] / 1e6:7.1f}{RECORDS / median:9.0f}{1000 * median / RECORDS:11.3f}")


if __name__ == "__main__":
    main()
