"""The packages of control that own tables: each has a PostgreSQL schema, migrations and version table of its own."""

from control_api.feeds import migrations as feeds
from control_api.webhooks import migrations as webhooks

OWNERS = (webhooks, feeds)
