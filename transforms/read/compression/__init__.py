"""gzip and zstd: decompressed in pieces of bounded size; damage and false lengths cost what they touch."""
