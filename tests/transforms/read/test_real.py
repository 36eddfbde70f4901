"""The archives of other projects' tests, intact and damaged, give their pages and refusals.

Checked against warcio 1.8 and FastWARC 2.0: where those read a file to its end, they find as many responses, resources
and conversions as we find pages and refusals. They differ where a record is broken, which ends their reading and costs
us one row: an example cut in the midst of a header, and, for warcio, brotli and files without a version in the first
line. Of two records whose stated length is a few bytes short, we lose these bytes. FastWARC reads no ARC.
"""

import itertools
import os
from collections import Counter

import pytest

from tests.support.paths import DATA
from warraq.schemas.records import Rejected
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.formats import read_range
from warraq.transforms.read.rules import ReadRules

DATA = DATA / "warc"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no data in {DATA}; set WARRAQ_DATA")

# File → format, pages, refusals by reason.
EXPECTED = {
    "N0taN3rd+node-warc/books.toscrape.warc": ("warc", 1, {"not_html": 29}),
    "N0taN3rd+node-warc/parseMe.warc": ("warc", 1, {"http_error": 6, "not_html": 7}),
    "N0taN3rd+node-warc/parseMe.warc.gz": ("warc.gz", 1, {"http_error": 6, "not_html": 7}),
    "chatnoir-eu+chatnoir-resiliparse/block-sized-records.warc": ("warc", 0, {}),
    "chatnoir-eu+chatnoir-resiliparse/block-sized-records.warc.gz": ("warc.gz", 0, {}),
    "chatnoir-eu+chatnoir-resiliparse/clipped.warc.gz": ("warc.gz", 0, {"corrupt_record": 1}),
    "chatnoir-eu+chatnoir-resiliparse/clueweb-quirk.warc.gz": ("warc.gz", 29, {}),
    "chatnoir-eu+chatnoir-resiliparse/warcfile.warc": ("warc", 16, {}),
    "chatnoir-eu+chatnoir-resiliparse/warcfile.warc.gz": ("warc.gz", 16, {}),
    "commoncrawl+whirlwind-python/whirlwind.warc": ("warc", 1, {}),
    "commoncrawl+whirlwind-python/whirlwind.warc.gz": ("warc.gz", 1, {}),
    "commoncrawl+whirlwind-python/whirlwind.warc.wat": ("warc", 0, {}),
    "commoncrawl+whirlwind-python/whirlwind.warc.wat.gz": ("warc.gz", 0, {}),
    "commoncrawl+whirlwind-python/whirlwind.warc.wet": ("warc", 1, {}),
    "commoncrawl+whirlwind-python/whirlwind.warc.wet.gz": ("warc.gz", 1, {}),
    "iipc+jwarc/cc.warc.gz": ("warc.gz", 1, {}),
    "iipc+jwarc/gzip_extra_sl.warc.gz": ("warc.gz", 0, {}),
    "iipc+webarchive-commons/IAH-20080430204825-00000-blackbook-truncated.arc": ("arc", 2, {"not_html": 6}),
    "iipc+webarchive-commons/IAH-urls-wget.warc": ("warc", 2, {"http_error": 9, "not_html": 8}),
    "iipc+webarchive-commons/IAH-urls-wget.warc.gz": ("warc.gz", 2, {"http_error": 9, "not_html": 8}),
    "iipc+webarchive-commons/link-extraction-test.warc": ("warc", 7, {}),
    "iipc+webarchive-commons/mutliple-headers.warc": ("warc", 1, {}),
    "ukwa+webarchive-discovery/BL-20140325121225068-00000-32090~opera~8443.warc.gz": (
        "warc.gz",
        32,
        {"http_error": 5, "not_html": 28},
    ),
    "ukwa+webarchive-discovery/BL-20140325122341434-00000-32090~opera~8443.warc.gz": (
        "warc.gz",
        6,
        {"http_error": 1, "not_html": 3},
    ),
    "ukwa+webarchive-discovery/IAH-20080430204825-00000-blackbook-truncated.arc": ("arc", 2, {"not_html": 6}),
    "ukwa+webarchive-discovery/IAH-20080430204825-00000-blackbook-truncated.arc.gz": ("arc.gz", 2, {"not_html": 6}),
    "ukwa+webarchive-discovery/IAH-20080430204825-00000-blackbook-truncated.warc": ("warc", 2, {"not_html": 6}),
    "ukwa+webarchive-discovery/IAH-20080430204825-00000-blackbook-truncated.warc.gz": ("warc.gz", 2, {"not_html": 6}),
    "ukwa+webarchive-discovery/IAH-urls-wget.warc.gz": ("warc.gz", 2, {"http_error": 9, "not_html": 8}),
    "ukwa+webarchive-discovery/flashfrozen-jwat-recompressed.warc.gz": ("warc.gz", 2, {"not_html": 40}),
    "ukwa+webarchive-discovery/ip-host-testcase.warc.gz": ("warc.gz", 0, {"http_error": 1, "not_html": 2}),
    "ukwa+webarchive-discovery/transfer_compression_brotli.warc": ("warc", 1, {"not_html": 1}),
    "ukwa+webarchive-discovery/transfer_compression_brotli.warc.gz": ("warc.gz", 1, {"not_html": 1}),
    "ukwa+webarchive-discovery/transfer_compression_gzip.warc": ("warc", 1, {"not_html": 1}),
    "ukwa+webarchive-discovery/transfer_compression_gzip.warc.gz": ("warc.gz", 1, {"not_html": 1}),
    "ukwa+webarchive-discovery/transfer_compression_none.warc": ("warc", 1, {"not_html": 1}),
    "ukwa+webarchive-discovery/transfer_compression_none.warc.gz": ("warc.gz", 1, {"not_html": 1}),
    "ukwa+webarchive-discovery/truncated_datetime.warc": ("warc", 1, {"not_html": 1}),
    "webrecorder+pywb/warcs_bad.arc": ("arc", 0, {"corrupt_record": 2, "not_html": 1}),
    "webrecorder+pywb/warcs_dupes.warc.gz": ("warc.gz", 1, {"http_error": 1, "not_html": 1}),
    "webrecorder+pywb/warcs_example-extra.warc": ("warc", 2, {}),
    "webrecorder+pywb/warcs_example-url-agnostic-orig.warc.gz": ("warc.gz", 1, {}),
    "webrecorder+pywb/warcs_example-url-agnostic-revisit.warc.gz": ("warc.gz", 0, {}),
    "webrecorder+pywb/warcs_example-wget-1-14.warc.gz": ("warc.gz", 1, {"not_html": 3}),
    "webrecorder+pywb/warcs_example-wpull.warc.gz": ("warc.gz", 1, {"not_html": 1}),
    "webrecorder+pywb/warcs_example.arc": ("arc", 1, {}),
    "webrecorder+pywb/warcs_example.arc.gz": ("arc.gz", 1, {}),
    "webrecorder+pywb/warcs_example.warc": ("warc", 1, {"http_error": 1}),
    "webrecorder+pywb/warcs_example.warc.gz": ("warc.gz", 1, {"http_error": 1}),
    "webrecorder+pywb/warcs_example2.warc.gz": ("warc.gz", 1, {}),
    "webrecorder+pywb/warcs_httpbin-resource.warc.gz": ("warc.gz", 0, {"not_html": 1}),
    "webrecorder+pywb/warcs_iana.warc.gz": ("warc.gz", 16, {"http_error": 4, "not_html": 28}),
    "webrecorder+pywb/warcs_missing-status-text.warc": ("warc", 0, {"corrupt_record": 1}),
    "webrecorder+pywb/warcs_post-test.warc.gz": ("warc.gz", 0, {"not_html": 3}),
    "webrecorder+warcio/bad.arc": ("arc", 0, {"corrupt_record": 2, "not_html": 1}),
    "webrecorder+warcio/example-bad-non-chunked.warc.gz": ("warc.gz.solid", 1, {}),
    "webrecorder+warcio/example-digest.warc": ("warc", 0, {}),
    "webrecorder+warcio/example-iana.org-chunked.warc": ("warc", 1, {}),
    "webrecorder+warcio/example-resource.warc.gz": ("warc.gz", 1, {}),
    "webrecorder+warcio/example-space-in-target-uri.warc.gz": ("warc.gz", 0, {"not_html": 1}),
    "webrecorder+warcio/example-space-in-url.arc": ("arc", 0, {"corrupt_record": 1}),
    "webrecorder+warcio/example-trunc.warc": ("warc", 1, {}),
    "webrecorder+warcio/example-wget-bad-target-uri.warc.gz": ("warc.gz", 1, {"not_html": 2}),
    "webrecorder+warcio/example-wrong-chunks.warc.gz": ("warc.gz", 1, {}),
    "webrecorder+warcio/example.arc": ("arc", 1, {}),
    "webrecorder+warcio/example.arc.gz": ("arc.gz", 1, {}),
    "webrecorder+warcio/example.warc": ("warc", 1, {}),
    "webrecorder+warcio/example.warc.gz": ("warc.gz", 1, {}),
    "webrecorder+warcio/post-test.warc.gz": ("warc.gz", 0, {"not_html": 3}),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_pages_and_refusals(name):
    format_, pages, refusals = EXPECTED[name]
    (dump,) = find_dumps([str(DATA / name)]).dumps
    items = list(read_range(dump, 0, None, ReadRules()))
    counts = Counter(item.reason if isinstance(item, Rejected) else "pages" for item in items)
    assert (dump.format, counts.pop("pages", 0), counts) == (format_, pages, refusals)
    if not format_.endswith(".solid"):
        edges = [dump.size * n // 7 for n in range(8)]
        parts = [item for edge in itertools.pairwise(edges) for item in read_range(dump, *edge, ReadRules())]
        assert parts == items


def test_no_archive_is_left_out():
    found = {dump.path: dump.format for dump in find_dumps([str(DATA)]).dumps}
    archives = {os.path.relpath(path, DATA) for path, format_ in found.items() if "arc" in format_}
    assert archives == EXPECTED.keys()
