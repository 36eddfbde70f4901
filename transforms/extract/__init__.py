"""Document → Article: facts, candidates and decisions on text, metadata and date, in a sandbox."""
