"""Where models come from and what their folders say of them. Loads no weights, imports no torch."""
