"""Effects and spending: what gateways write before they act, and the engine and control read."""
