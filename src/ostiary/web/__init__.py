"""The HTTP edge: the provider's endpoints and its pages."""
