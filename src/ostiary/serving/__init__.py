"""From a composed application to processes that answer: sockets, workers, signals, probes."""
