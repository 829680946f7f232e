"""What every stand-in shares; a vendor's own package adds its memory, its routes and its words for errors."""
