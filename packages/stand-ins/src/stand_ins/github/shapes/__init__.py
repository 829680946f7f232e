"""Records as the JSON of GitHub's REST API, whole enough for its own OpenAPI description."""
