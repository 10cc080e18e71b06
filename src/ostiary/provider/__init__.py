"""What clients and browsers ask of an OpenID Provider."""
