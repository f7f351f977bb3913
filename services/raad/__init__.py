"""Raad voor de Kinderbescherming: investigates and advises the court; never holds regie."""
