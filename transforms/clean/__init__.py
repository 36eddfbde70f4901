"""Gives text, title and names their final form."""
