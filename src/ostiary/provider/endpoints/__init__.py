"""One module for each endpoint: one function from a request and a provider to an answer."""
