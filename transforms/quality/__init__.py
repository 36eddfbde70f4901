"""Keeps prose; refuses lists, tables, spam and text that repeats itself."""
