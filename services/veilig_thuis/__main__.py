"""Runs the edge of one organisation of this kind: `python -m services.veilig_thuis`."""

from services.organisation.app import main
from services.veilig_thuis.profile import PROFILE

if __name__ == "__main__":
    main(PROFILE)
