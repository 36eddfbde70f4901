"""Rejects exact copies; links or rejects near copies."""
