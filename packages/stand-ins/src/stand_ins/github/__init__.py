"""A GitHub to try things against: keeps repositories, issues and pull requests in memory and sends its own signed webhooks."""
