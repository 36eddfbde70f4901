"""HTML and text files, single or as members of ZIP and TAR files."""
