"""Readers of JSON lines, arrays of JSON objects, and Parquet: one page a row."""
