"""Tasks over HTTP: submit, list, show, cancel, and follow their events."""
