"""The transactional engine: reads, decides and writes in one Kafka transaction per batch. Knows no domain.

`types` is what a decider sees; `relay` starts everything; `memory` runs a decider without Kafka.
"""
