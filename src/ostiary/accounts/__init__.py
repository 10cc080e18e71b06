"""People proving who they are: factors and sessions."""
