"""Local team (lokaal team): leads most cases, and takes over from and hands over to others."""
