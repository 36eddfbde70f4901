"""Assigns IPTC topics."""
