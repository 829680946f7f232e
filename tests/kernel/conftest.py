"""What confines runs here, and a place for workers."""

from core.agent_engine.conftest import access, answering_server, engine_confinement, place, run, tmp_path

__all__ = ["access", "answering_server", "engine_confinement", "place", "run", "tmp_path"]
