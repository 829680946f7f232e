"""Takes tasks, runs real agent CLIs confined and headless, and answers with a verdict that rests on evidence."""
