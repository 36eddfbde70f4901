"""Document → Article: main text, metadata and date from one parse of the page, in a sandbox."""
