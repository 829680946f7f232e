"""The API's operations, a module per kind of thing."""
