"""Bad input of each kind, and the test that shows its reason; `make test-bad-input` runs them all.

| kind | test |
|---|---|
| unknown skill, engine, field | `test_every_door_names_what_is_wrong.py::test_http_and_stream_say_the_same` |
| unknown tool | `core/mcp_kit/test_fastmcp_defaults_are_changed.py::test_3_a_failure_is_a_result` |
| unknown server | `core/agent_engine/test_grants_are_bound_to_the_task.py::test_wrong_skill_is_the_operators` |
| malformed or deeply nested JSON, wrong types, 5 MB, invalid UTF-8, NUL | over HTTP and the stream \
`test_every_door_names_what_is_wrong.py::test_http_and_stream_say_the_same`, on the command line \
`::test_the_command_line_takes_no_such_file`, by webhook `core/control_api/test_webhooks_start_each_task_once.py`, \
from a CLI `core/agent_engine/drivers/test_claude_stream.py` |
| deadline in the past, budget of 0 turns | \
`test_every_door_names_what_is_wrong.py::test_http_and_stream_say_the_same` |
| budget of 0 dollars or tokens | `test_every_door_names_what_is_wrong.py::test_a_budget_of_nothing_ends_as_used_up` |
| a skill or task that asks more than the house allows | \
`core/agent_engine/test_grants_are_bound_to_the_task.py::test_what_is_not_open_is_denied`, \
`core/control_api/test_tasks_over_http.py::test_what_is_no_task_is_refused_by_name` |
| two skills of one name | `test_every_door_names_what_is_wrong.py::test_two_skills_of_one_name_start_no_worker` |
| GitHub 403 for scope and SSO, 404, 409, 410, 422, 502 | `test_githubs_refusals_are_told.py` |
| GitHub 403 for rate, 429, other 5xx | `vendor/github_mcp/test_github_refusals_are_explained.py` |
| PostgreSQL read-only | `test_failing_stores_lose_nothing.py::test_a_database_that_takes_no_writes` |
| PostgreSQL out of connections | `core/control_api/test_a_database_that_fails_accepts_nothing.py`, \
`core/stores/test_pool.py::test_a_database_out_of_connections_is_named` |
| Redis full, failing over | `test_failing_stores_lose_nothing.py::test_a_redis_that_takes_no_writes` |
| Redis evicting | `test_failing_stores_lose_nothing.py::test_a_redis_that_dropped_every_key`; \
`doctor` warns of it: `core/agent_engine/test_doctor_says_what_to_mend.py` |
| another locale or time zone, a path with spaces and umlauts, no HOME | `e2e/apart/test_the_demo_runs_elsewhere.py` |
| Ctrl-C in the middle of the demo | `e2e/apart/test_houses_end_on_ctrl_c.py` |
"""
