"""WARC and ARC: records, their packed members, and the HTTP responses in them."""
