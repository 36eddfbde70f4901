"""The stages, in the order of the flow, and the files that they share.

A stage is a folder: `stage.py` holds its PTransform, and the other files its rules and pure functions, which import no
Beam and can be called and tested alone. A stage imports shared files, never another stage.

    read/         ReadPages         one Page for each crawled HTML response
    screen/       ScreenPages       drops pages that can't hold Arabic, by their bytes
    decode/       DecodePages       bytes become text
    extract/      ExtractArticles   main text, metadata and date
    clean/        CleanText         the final form of text, title and names
    language/     KeepArabic        drops other languages
    quality/      KeepGoodText      drops lists, tables and spam
    deduplicate/  Deduplicate       drops exact copies, links near copies
    entities/     TagEntities       people, places, organisations
    topics/       ClassifyTopics    one IPTC topic, others with scores
    write/        WriteArticles, WriteRejected, CommitRun

Shared: rejection.py and step.py (a failure of a page becomes a row), ledger.py (each page is counted), dataset/ (the
tables on disk), storage.py and file_names.py (files on disks and in buckets), arabic.py (spelling), mojibake.py and
letter_frequencies.py (Arabic read in wrong charsets), backends.py (models loaded by name), rule_checks.py, errors.py,
child.py and import_path.py (Python processes), models/ (files of models).
"""
