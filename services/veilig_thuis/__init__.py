"""Veilig Thuis: advice and report centre for domestic violence and child abuse (Wmo 2015 art. 4.1.1)."""
