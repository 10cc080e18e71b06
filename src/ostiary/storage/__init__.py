"""What Ostiary remembers: the only SQL of the program.

Statements are plain text in the subset that SQLite 3.40 and PostgreSQL 15 share, with named
parameters; the issuer comes first in every key and every query. Verbs are atomic: a rule that
must hold under concurrency is the condition of one statement.
"""
