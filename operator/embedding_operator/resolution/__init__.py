"""From what a person wrote, and what the installation gives, to what is wanted."""
