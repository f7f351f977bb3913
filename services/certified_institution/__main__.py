"""Runs the edge of one organisation of this kind: `python -m services.certified_institution`."""

from services.certified_institution.profile import PROFILE
from services.organisation.app import main

if __name__ == "__main__":
    main(PROFILE)
