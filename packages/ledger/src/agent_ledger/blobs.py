"""Compressed bytes by tenant and SHA-256. Owns table `ledger.blobs`."""

import asyncio
import hashlib
import zlib

from agent_stores.pool import Connection, Executor


async def put_blob(executor: Executor, tenant: str, data: bytes) -> str:
    """Keep bytes once, and give the SHA-256 by which they are found; unused blobs fall to `prune`.

    The row stays locked until the transaction ends.
    """
    sha256, packed = await asyncio.to_thread(lambda: (hashlib.sha256(data).hexdigest(), zlib.compress(data, 6)))
    await executor.execute(
        """
        insert into ledger.blobs (tenant, sha256, size, data) values ($1, $2, $3, $4)
        on conflict (tenant, sha256) do update set used_at = clock_timestamp()
        """,
        tenant,
        sha256,
        len(data),
        packed,
    )
    return sha256


async def get_blob(executor: Executor, tenant: str, sha256: str) -> bytes | None:
    """Return the bytes that a tenant keeps under a SHA-256."""
    packed: bytes | None = await executor.fetchval(
        "select data from ledger.blobs where tenant = $1 and sha256 = $2", tenant, sha256
    )
    return None if packed is None else await asyncio.to_thread(zlib.decompress, packed)


async def drop_unused(connection: Connection, tenant: str, sha256: str) -> None:
    """Delete a blob that nothing is attached to any more."""
    await connection.execute(
        """
        delete from ledger.blobs b
        where b.tenant = $1 and b.sha256 = $2
            and not exists (select from ledger.attachments a where a.tenant = b.tenant and a.sha256 = b.sha256)
        """,
        tenant,
        sha256,
    )
