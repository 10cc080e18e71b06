"""What our own endpoints take and answer: one document for each issuer, and a page made of it."""
