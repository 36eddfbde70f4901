"""The flow, its configuration, the commands and the engines."""
