"""A provider, school, GP or police unit: answers, sight and side care."""
