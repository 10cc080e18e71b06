"""What nobody should have to schedule: jobs that run beside the requests, once for all processes."""
