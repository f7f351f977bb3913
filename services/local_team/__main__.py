"""Runs the edge of one organisation of this kind: `python -m services.local_team`."""

from services.local_team.profile import PROFILE
from services.organisation.app import main

if __name__ == "__main__":
    main(PROFILE)
