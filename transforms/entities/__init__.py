"""People, places and organisations: taggers, and the canonical names of what they find."""
