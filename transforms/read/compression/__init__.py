"""Decompression of gzip and zstd in pieces of bounded size; damage costs only the damaged part."""
