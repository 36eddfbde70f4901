"""Readers of web archives: WARC and ARC, their compressed members, and the HTTP responses in them."""
