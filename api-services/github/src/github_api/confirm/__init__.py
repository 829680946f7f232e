"""Compares GitHub's reply to a write with the request, one module for each topic."""
