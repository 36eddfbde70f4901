"""Readers of HTML and text files: single files, and members of ZIP and TAR archives."""
