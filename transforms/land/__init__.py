"""Landing: what comes from a broker becomes files that never change, which are read as dumps."""
