"""Keeps prose; rejects lists, tables, spam and text that repeats itself."""
