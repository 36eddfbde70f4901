"""Keeps Arabic; the detectors of language."""
