"""The only outgoing HTTP: one client, which goes to public addresses and to listed ones alone."""
