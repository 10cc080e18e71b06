"""The command line: one module a command group. Data goes to stdout, talk to stderr."""
