"""Shell kit of every service: settings, Kafka clients, logging, health. Knows no rule of the domain."""
