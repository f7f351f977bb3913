"""The catalogue of Kafka topics as data."""
