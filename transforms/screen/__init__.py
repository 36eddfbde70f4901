"""Drops pages that cannot hold Arabic text, by their bytes."""
