"""The day and time of publication, with its source."""
