"""Rejects pages that can't hold Arabic text, by their bytes."""
