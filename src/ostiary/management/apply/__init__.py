"""Applying a file: what it says is compared with what there is, planned, and carried out.

What the file does not say stays as it is: an entry changes the keys that it names, and nothing is
ever deleted.
"""
