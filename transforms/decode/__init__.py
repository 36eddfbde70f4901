"""Decodes the bytes of pages into text."""
