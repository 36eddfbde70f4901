from warraq.transforms.language.seeded_langdetect import ask_langdetect

ENGLISH = "The council said that the new bridge would open to traffic on Sunday morning."
PERSIAN = "شهرداری اعلام کرد که پل جدید صبح یکشنبه به روی خودروها باز خواهد شد."


def test_langdetect_is_seeded():
    mixed = f"{ENGLISH} Le conseil a dit que le nouveau pont ouvrirait dimanche."
    assert len({ask_langdetect(mixed) for _ in range(5)}) == 1


def test_langdetect_reads_a_bounded_sample():
    assert ask_langdetect(f"{ENGLISH} " * 13) == ask_langdetect(f"{ENGLISH} " * 13 + PERSIAN * 1000)
