"""Keeps prose; drops lists, tables, spam and text that repeats itself."""
