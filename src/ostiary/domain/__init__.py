"""What Ostiary keeps and decides, as frozen values and pure functions.

Instants are whole seconds since 1970-01-01 UTC, as in the tokens that carry them.
"""
