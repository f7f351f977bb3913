"""Runs the edge of one organisation of this kind: `python -m services.raad`."""

from services.organisation.app import main
from services.raad.profile import PROFILE

if __name__ == "__main__":
    main(PROFILE)
