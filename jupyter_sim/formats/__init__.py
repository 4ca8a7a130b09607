"""Forms that a history is written in and shown in, one file for each."""
