"""GitHub's errors in GraphQL, by their types."""

from graphql import GraphQLError


class NotFoundError(GraphQLError):
    """GitHub's error for what is not there, or is not the caller's to see."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"type": "NOT_FOUND"})


class ForbiddenError(GraphQLError):
    """GitHub's error for what the caller may not do."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"type": "FORBIDDEN"})
