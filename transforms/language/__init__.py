"""Keeps articles in Arabic; the detectors of languages."""
