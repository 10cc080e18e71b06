"""Everything about JOSE that is parsed from outside; the only place that names the JOSE library."""
