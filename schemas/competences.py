"""What professionals are trained for."""

from enum import StrEnum


class Competence(StrEnum):
    """What a professional is trained for, as the signing organisation asserts."""

    SAFETY = "SAFETY"
    BEHAVIOURAL_SCIENCE = "BEHAVIOURAL_SCIENCE"
    MANAGEMENT = "MANAGEMENT"
