"""What runs leave behind: CLI sessions to resume, transcripts, artifacts. Owns table `ledger.attachments`."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from agent_contracts.result import Artifact
from agent_stores.pool import Connection, Executor, transaction

from agent_ledger.blobs import drop_unused, get_blob, put_blob

Kind = Literal["session", "transcript", "artifact"]


@dataclass(frozen=True)
class SessionRef:
    """A CLI session that can be resumed: its id, the attempt that left it, and the blob that holds it."""

    session_id: str
    attempt: int
    sha256: str


async def save_session(executor: Executor, task_id: UUID, attempt: int, session_id: str, data: bytes) -> bool:
    """Keep the present state of an attempt's CLI session in place of the last; False if the attempt is not live."""
    return await _attach(executor, task_id, attempt, "session", session_id, data) is not None


async def forget_session(executor: Executor, task_id: UUID, attempt: int) -> bool:
    """Drop what an attempt left of its CLI session, so that the next one does not go on from it; False if not live."""
    async with transaction(executor) as connection:
        tenant = await _hold(connection, task_id, attempt)
        if tenant is None:
            return False
        dropped = await connection.fetch(
            "delete from ledger.attachments where task_id = $1 and attempt = $2 and kind = 'session' returning sha256",
            task_id,
            attempt,
        )
        for row in dropped:
            await drop_unused(connection, tenant, row["sha256"])
        return True


async def save_transcript(executor: Executor, task_id: UUID, attempt: int, data: bytes) -> bool:
    """Keep an attempt's raw transcript; False if the attempt is not live, so call it before the attempt ends."""
    return await _attach(executor, task_id, attempt, "transcript", "transcript", data) is not None


async def save_artifact(executor: Executor, task_id: UUID, attempt: int, name: str, data: bytes) -> Artifact | None:
    """Keep a file that a run left; None if the attempt is not live."""
    sha256 = await _attach(executor, task_id, attempt, "artifact", name, data)
    return None if sha256 is None else Artifact(name=name, bytes=len(data), sha256=sha256)


async def get_transcript(executor: Executor, task_id: UUID, *, attempt: int | None = None) -> bytes | None:
    """Return an attempt's transcript; without an attempt, the last one's."""
    row = await executor.fetchrow(
        """
        select tenant, sha256 from ledger.attachments
        where task_id = $1 and kind = 'transcript' and ($2::integer is null or attempt = $2)
        order by attempt desc limit 1
        """,
        task_id,
        attempt,
    )
    return None if row is None else await get_blob(executor, row["tenant"], row["sha256"])


async def last_session(executor: Executor, task_id: UUID) -> SessionRef | None:
    """Find the CLI session that a task's attempts left last."""
    row = await executor.fetchrow(
        """
        select name as session_id, attempt, sha256 from ledger.attachments
        where task_id = $1 and kind = 'session' order by attempt desc, at desc limit 1
        """,
        task_id,
    )
    return None if row is None else SessionRef(**row)


async def _attach(executor: Executor, task_id: UUID, attempt: int, kind: Kind, name: str, data: bytes) -> str | None:
    async with transaction(executor) as connection:
        tenant = await _hold(connection, task_id, attempt)
        if tenant is None:
            return None
        sha256 = await put_blob(connection, tenant, data)
        replaced: str | None = await connection.fetchval(
            """
            with before as (
                select sha256 from ledger.attachments
                where task_id = $1 and attempt = $2 and kind = $3 and name = $4
            )
            insert into ledger.attachments (task_id, attempt, kind, name, tenant, sha256)
            values ($1, $2, $3, $4, $5, $6)
            on conflict (task_id, attempt, kind, name) do update set sha256 = excluded.sha256, at = clock_timestamp()
            returning (select sha256 from before)
            """,
            task_id,
            attempt,
            kind,
            name,
            tenant,
            sha256,
        )
        if replaced not in (None, sha256):
            await drop_unused(connection, tenant, replaced)
        return sha256


async def _hold(connection: Connection, task_id: UUID, attempt: int) -> str | None:
    """Return the tenant of a live attempt, and keep the attempt from ending while the transaction lasts."""
    tenant: str | None = await connection.fetchval(
        """
        select tenant from ledger.tasks
        where id = $1 and attempt = $2 and state = 'running' and lease_until > clock_timestamp() for share
        """,
        task_id,
        attempt,
    )
    return tenant
