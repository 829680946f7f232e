"""What is read of GitHub's replies, and how it reads in one row: one module for each topic."""
