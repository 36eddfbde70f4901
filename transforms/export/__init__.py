"""Exports of a dataset: plain files with every column in them, a card, and metadata that other tools read."""
