"""A worker's own files, programs and limits, as the doctor finds them."""

import os
import uuid

from agent_contracts import Grant
from service_kit.access import AccessFile, access_remedy
from service_kit.access_lint import unknown_names
from service_kit.checkout import remedy
from service_kit.tokens import Signer, Verifier

from agent_engine.confinement.folders import place_of_runs
from agent_engine.confinement.limits import REMEDY as LIMITS_REMEDY
from agent_engine.confinement.probe import Probe, probe
from agent_engine.doctor.finding import DoctorSettings, State, Unwell
from agent_engine.engines.registry import EngineSetup, load_engines
from agent_engine.settings import ref_key_remedy
from agent_engine.skills.check import check
from agent_engine.skills.load import load_registry


async def keys(settings: DoctorSettings) -> str:
    """Look at the signing key and the public keys: whether they are a pair."""
    if settings.agent_signing_key_file is None or settings.agent_ref_key is None:
        missing = "AGENT_SIGNING_KEY_FILE" if settings.agent_signing_key_file is None else "AGENT_REF_KEY"
        raise Unwell(
            f"{missing} is not set",
            remedy(
                checkout="`make init` makes both keys", package="docs/configuration.md of Agent Bot says what it holds"
            ),
        )
    try:
        bytes.fromhex(settings.agent_ref_key.get_secret_value())
    except ValueError:
        raise Unwell("AGENT_REF_KEY is not hexadecimal", ref_key_remedy()) from None
    signer = Signer(settings.agent_signing_key_file, settings.agent_jwks_file)
    if settings.agent_jwks_file is None:
        raise Unwell("AGENT_JWKS_FILE is not set here, so the pair was not tried", "", state="warning")
    fault = signer.fault()
    if fault is not None:
        raise Unwell(*fault.split(": ", 1))
    token = signer.task_token(
        task=uuid.uuid4(),
        attempt=1,
        tenant="default",
        vendor="doctor",
        audience=["doctor"],
        grant=Grant(),
        lifetime_seconds=60,
    )
    Verifier(settings.agent_jwks_file, audience="doctor").task(token)
    return "a token signed here is accepted by the public keys"


async def access(settings: DoctorSettings) -> str:
    """Look at access.yaml: its doors, and names of skills and vendors that are not here."""
    if settings.access_file is None:
        raise Unwell("ACCESS_FILE is not set", access_remedy())
    access = AccessFile(settings.access_file).current()
    doors = [*access.streams, *access.webhooks, *access.feeds, *access.http, *(["cli"] if access.cli else [])]
    if not doors:
        raise Unwell("no door is open: no task can come in", f"add one to {settings.access_file}")
    skills = load_registry(settings.skill_folders()).skills
    unknown = unknown_names(settings.access_file, access, vendors=settings.vendors, skills=skills)
    if unknown:
        raise Unwell("; ".join(unknown), f"correct {settings.access_file}", state="warning")
    return f"{len(doors)} doors: {', '.join(doors)}"


async def vendors(settings: DoctorSettings) -> str:
    """Look at the vendors: whose servers a run can be given, and whether the shapes of their secrets are known."""
    if not settings.vendors:
        raise Unwell(
            "no vendor is installed: a run gets no MCP server, and no vendor's secrets are masked",
            "install agent-bot-vendors again",
        )
    bare = [name for name, vendor in settings.vendors.items() if not vendor.secret_shapes]
    if bare:
        raise Unwell(
            f"the secrets of {', '.join(bare)} are not masked: the record has no shapes of them",
            "add `secret_shapes` to the vendor's record",
            state="warning",
        )
    return ", ".join(settings.vendors)


async def skills(settings: DoctorSettings) -> str:
    """Look at every skill that the worker would load."""
    registry = load_registry(settings.skill_folders())
    found = {name: problems for name, skill in registry.skills.items() if (problems := check(skill, settings.vendors))}
    if found:
        name, problems = next(iter(found.items()))
        state: State = "bad" if any(registry.skills[bad].problems for bad in found) else "warning"
        raise Unwell(
            f"{', '.join(found)}: {problems[0]}", f"`agent-engine skills check` says all of {name}", state=state
        )
    return f"{len(registry.skills)}: {', '.join(registry.skills)}"


async def agent_clis(settings: DoctorSettings) -> str:
    """Look at the engines: each says what it would run, in which version."""
    setup = EngineSetup(confinement=(await _probed(settings)).confinement, environ=os.environ)
    engines = load_engines(settings.engine_names(), setup)
    return ", ".join([f"{name} {await engine.check()}" for name, engine in engines.items()])


async def confinement(settings: DoctorSettings) -> str:
    """Look at how runs are confined."""
    found = await _probed(settings)
    if found.reduced:
        raise Unwell(f"reduced: {found.detail}", found.remedy, state="warning")
    return f"{found.confinement.name} ({found.detail})"


async def limits(settings: DoctorSettings) -> str:
    """Look at how runs are limited."""
    found = (await _probed(settings)).confinement.limits
    said = f"{found.name} ({found.why})" if found.why else found.name
    if found.kind in ("partial", "none"):
        raise Unwell(said, LIMITS_REMEDY, state="warning")
    return said


async def _probed(settings: DoctorSettings) -> Probe:
    return await probe(bounds=settings.bounds(), cgroups=settings.cgroups())


async def folder(settings: DoctorSettings) -> str:
    """Look at the worker's folder, and at the folder that holds the runs."""
    other_uid = (await _probed(settings)).confinement.other_uid
    runs, variable_of_runs = place_of_runs(settings.worker_folder, other_uid=other_uid)
    own = settings.worker_folder.resolve()
    for path, variable in ((own, "WORKER_FOLDER"), (runs, variable_of_runs)):
        nearest = next(parent for parent in (path, *path.parents) if parent.exists())
        if not os.access(nearest, os.W_OK | os.X_OK):
            raise Unwell(f"{path} cannot be written", f"set {variable} to another folder")
    return f"{own}, runs in {runs}"
