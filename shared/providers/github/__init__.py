"""GitHub's issues."""
