"""Skills: the Agent Skills format, our settings under `metadata`, and what a task makes of them."""
