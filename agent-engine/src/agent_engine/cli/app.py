"""Puts the command line together."""

import typer

from agent_engine.cli import doctor, skills, submit, tasks, triggers, worker

EPILOG = "Exit status: 0 done (and succeeded), 1 failed or not as it should be, 2 wrong use or configuration."

app = typer.Typer(
    name="agent-engine",
    help="Takes tasks, runs agent CLIs confined and headless, and judges what they did by evidence.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("worker", epilog=EPILOG)(worker.worker)
app.command("enqueue", epilog=EPILOG)(submit.enqueue)
app.command("run", epilog=EPILOG)(submit.run)
app.command("tasks", epilog=EPILOG)(tasks.tasks)
app.command("show", epilog=EPILOG)(tasks.show)
app.command("tail", epilog=EPILOG)(tasks.tail)
app.command("cancel", epilog=EPILOG)(tasks.cancel)
app.command("retry", epilog=EPILOG)(tasks.retry)
app.command("prune", epilog=EPILOG)(tasks.prune)
app.command("doctor", epilog=EPILOG)(doctor.doctor)
app.add_typer(skills.app, name="skills")
app.add_typer(triggers.app, name="triggers")
