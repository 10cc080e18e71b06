"""The pages that people see: plain forms that work without a script."""
