"""Networks from the literature, trained here."""
