"""Runs the edge of one organisation of this kind: `python -m services.regional_safety_team`."""

from services.organisation.app import main
from services.regional_safety_team.profile import PROFILE

if __name__ == "__main__":
    main(PROFILE)
