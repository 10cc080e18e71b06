"""The only private keys: sealed at rest, loaded once, never given out."""
