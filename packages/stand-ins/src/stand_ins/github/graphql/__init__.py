"""GitHub's GraphQL: the part of its schema that this project asks for, and what answers it."""
