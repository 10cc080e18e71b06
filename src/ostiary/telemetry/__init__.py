"""Metrics, and traces for who wants them: what the program tells of itself while it runs."""
