"""Alembic's environment for every owner: the connection, with its lock and schema, comes from agent_stores.migrate."""

from alembic import context

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    version_table="alembic_version",
    version_table_schema=attributes["schema"],
    include_schemas=True,
)
with context.begin_transaction():
    context.run_migrations()
