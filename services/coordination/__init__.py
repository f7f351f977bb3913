"""The chain coordinator's desk: alerts only, no content."""
