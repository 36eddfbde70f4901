"""The day and time of publication, with the source that states it."""
