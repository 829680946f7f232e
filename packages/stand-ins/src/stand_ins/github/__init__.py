"""A GitHub to try things against: repositories, issues and pull requests in memory, and signed webhooks of its own."""
