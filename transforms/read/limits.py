"""Limits against bombs, damage and false statements: the most that one dump can take of memory and time."""

from typing import Final

# Records
MOST_BYTES: Final = 2**30  # largest page body that a rule may allow: Beam moves no larger record
HEAD_BYTES: Final = 64 * 1024  # longest header of a record or of an HTTP response
MAX_STARTS: Final = 16  # starts of records in one header: more are records whose header ends are lost
MAX_SHORT: Final = 64  # bytes by which a stated length may be too short: writers count characters, or forget newlines
MAX_ENCODINGS: Final = 16  # content encodings of a response: each may be a bomb

# Decompression
PIECE: Final = 1024 * 1024  # bytes decompressed at a time: the memory that a bomb can take at once
FREE_BYTES: Final = 1024 * 1024 * 1024  # bytes decompressed before the ratio counts
MAX_RATIO: Final = 2000  # decompressed bytes for a compressed one: deflate gives half of that at most, zstd 16 times
MAX_REWINDS: Final = 32  # of a stream; each costs a decompression from its start, and false lengths cause them
BOMB_FACTOR: Final = 64  # a gzip member is not inflated to its end beyond so many times the limit of a record
MAX_WINDOW: Final = 128 * 1024 * 1024  # bytes of memory for a zstd frame; the default limit of `zstd -d`
MAX_DICTIONARY: Final = 8 * 1024 * 1024  # bytes of a zstd dictionary; readers must accept so much, WARC-Zstandard 1.0

# Archives of files
MAX_DIRECTORY: Final = 32 * 1024 * 1024  # bytes of a ZIP directory; zipfile needs at least ten times as much memory
MAX_SIZE: Final = 2**60  # bytes of a member; a larger size is damage, and no valid offset
MAX_RETURNS: Final = 100  # into TAR members with a wrong size; each may cost a decompression from the start

# Tables
MAX_VALUES: Final = 2_000_000  # of a JSON object; each takes 100 bytes of memory or more
MAX_ROWS: Final = 2**40  # of a row group; a larger number is damage, and row numbers might not fit a column
# Parquet rows read at a time. A dictionary can state one large value for all rows, a bomb when it is decoded. More rows
# are little faster: 41, 67, 75 thousand news texts a second with 1, 4, 16 (bare pyarrow, 2 cores, November 2026).
ROWS_AT_ONCE: Final = 4
