"""Control's OpenAPI document; each noun's package describes its own routes in its `openapi` module."""
