"""Bytes become text."""
