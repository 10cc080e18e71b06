"""What operators ask: use cases that the console, the admin API and the command line share."""
