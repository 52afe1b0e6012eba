"""The outside services, one folder each, all of one shape: client, errors, webhook."""
