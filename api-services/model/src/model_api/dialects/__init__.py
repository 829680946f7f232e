"""The APIs of model vendors that model-api speaks, one package each."""
