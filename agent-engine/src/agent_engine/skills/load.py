"""Every skill of the given folders, pinned by hash; owns the snapshots that runs see under /skill."""

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent_ledger import SkillRow

from agent_engine.errors import SkillError
from agent_engine.skills.format import Skill, UnreadableSkill, parse, schema_of, settings_of

MAX_FILES = 500
MAX_BYTES = 5_000_000
NOT_CONTENT = frozenset({"scenarios", "__pycache__"})
"""Folders inside a skill that belong to its tests: neither hashed nor shown to a run."""


@dataclass(frozen=True)
class SkillRegistry:
    """The loaded skills by name, and the warnings from loading them."""

    skills: Mapping[str, Skill]
    warnings: tuple[str, ...] = ()

    def rows(self) -> list[SkillRow]:
        """Give the rows by which the ledger knows these skills."""
        return [
            SkillRow(
                name=skill.name,
                version=skill.version,
                engine=skill.settings.engine,
                model=skill.settings.model,
                pool=skill.settings.pool,
                max_attempts=skill.settings.max_attempts,
                budget=skill.settings.budget,
                concurrency_key=skill.settings.concurrency_key,
                description=skill.description,
                input_schema=skill.input_schema,
            )
            for skill in self.skills.values()
        ]


def shipped_folder() -> Path:
    """Give the folder of the shipped skills: beside `src` in a checkout; an image has a copy and names it itself."""
    return Path(__file__).resolve().parents[3] / "skills"


def known_folders(extra: Iterable[Path]) -> list[Path]:
    """Give the shipped folder, where there is one, and those of SKILLS_PATH; one that is named twice counts once."""
    shipped = shipped_folder()
    return list(dict.fromkeys([*([shipped] if shipped.is_dir() else []), *extra]))


def load_registry(folders: Iterable[Path]) -> SkillRegistry:
    """Load every skill of these folders, each of which holds skills as `NAME/SKILL.md` or is one itself.

    Raises:
        SkillError: a folder is missing, or two skills have one name.
    """
    skills: dict[str, Skill] = {}
    warnings: list[str] = []
    seen: set[Path] = set()
    for folder in folders:
        if not folder.is_dir():
            raise SkillError(f"{full_name(folder)} is not a folder of skills: create it or take it out of SKILLS_PATH")
        places, bare = skill_folders(folder)
        if not places:
            warnings.append(f"{full_name(folder)} holds no SKILL.md, and no folder in it does")
        warnings.extend(f"{place}: skipped: it holds no SKILL.md" for place in bare)
        for place in places:
            if place.resolve() in seen:
                continue
            seen.add(place.resolve())
            try:
                skill = read_skill(place)
            except UnreadableSkill as error:
                warnings.append(f"{place}: skipped: {error}")
                continue
            if not skill.description:
                warnings.append(f"{place}: skipped: it has no description")
                continue
            if skill.name in skills:
                raise SkillError(
                    f"two skills are named '{skill.name}': {skills[skill.name].folder} and {skill.folder}; "
                    "rename one, or take its folder out of SKILLS_PATH"
                )
            skills[skill.name] = skill
            warnings.extend(f"{place}: {text}" for text in (*skill.warnings, *skill.problems))
    return SkillRegistry(skills, tuple(warnings))


def skill_folders(folder: Path) -> tuple[list[Path], list[Path]]:
    """Give the skills in a folder, which may be one itself, and its other folders, without the hidden ones."""
    if (folder / "SKILL.md").is_file():
        return [folder], []
    children = [child for child in sorted(folder.iterdir()) if child.is_dir()]
    skills = [child for child in children if (child / "SKILL.md").is_file()]
    others = [child for child in children if child not in skills and child.name not in NOT_CONTENT]
    return skills, [child for child in others if not child.name.startswith(".")]


def full_name(folder: Path) -> str:
    """Name a folder, and where it is looked for if it is given without its whole path."""
    return str(folder) if folder.is_absolute() else f"{folder} (relative, so looked for in {Path.cwd()})"


def read_skill(folder: Path) -> Skill:
    """Read one skill, lenient: only what leaves nothing to read is refused.

    Raises:
        UnreadableSkill: no front matter, or a folder that is too large.
    """
    files = read_files(folder)
    try:
        text = files["SKILL.md"].decode()
    except (KeyError, UnicodeDecodeError):
        raise UnreadableSkill("SKILL.md is missing or not UTF-8") from None
    front, body = parse(text)
    description = str(front.get("description") or "").strip()
    settings, warnings, problems = settings_of(front)
    name = str(front.get("name") or "").strip() or folder.resolve().name
    if name != folder.resolve().name:
        warnings.append(f"its name '{name}' is not its folder's")
    input_schema, input_problems = schema_of(files, settings.input_schema, "input-schema")
    output_schema, output_problems = schema_of(files, settings.output_schema, "output-schema")
    problems += input_problems + output_problems
    apart = {"SKILL.md", settings.input_schema, settings.output_schema}
    return Skill(
        name=name,
        description=description,
        folder=folder,
        body=body,
        version=version_of(files),
        settings=settings,
        input_schema=input_schema,
        output_schema=output_schema,
        files={path: content for path, content in files.items() if path not in apart},
        warnings=tuple(warnings),
        problems=tuple(problems),
    )


def read_files(folder: Path) -> dict[str, bytes]:
    """Read a skill's regular files, by relative path; links are not followed, hidden files and scenarios left out.

    Raises:
        UnreadableSkill: more than 500 files or 5 MB.
    """
    files: dict[str, bytes] = {}
    total = 0
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in NOT_CONTENT and not name.startswith("."))
        for name in sorted(names):
            path = Path(parent) / name
            if name.startswith(".") or path.is_symlink() or not path.is_file():
                continue
            files[path.relative_to(folder).as_posix()] = path.read_bytes()
            total += path.stat().st_size
            if len(files) > MAX_FILES or total > MAX_BYTES:
                raise UnreadableSkill(f"it is larger than {MAX_FILES} files or {MAX_BYTES} bytes")
    return files


def version_of(files: Mapping[str, bytes]) -> str:
    """Give the SHA-256 over paths and contents, each with its length before it."""
    digest = hashlib.sha256()
    for path, content in sorted(files.items()):
        for part in (path.encode(), content):
            digest.update(len(part).to_bytes(8))
            digest.update(part)
    return digest.hexdigest()


def snapshot(skill: Skill, root: Path) -> Path | None:
    """Write what a run may read under /skill as it was when the skill was loaded, once per version.

    Returns:
        The folder, or None where the skill has nothing but its body.
    """
    if not skill.files:
        return None
    target = root / f"{skill.name}-{skill.version[:16]}"
    if target.is_dir():
        return target
    making = root / f".{target.name}.{os.getpid()}"
    for path, content in skill.files.items():
        place = making / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    try:
        making.rename(target)
    except OSError:  # another worker was first: its snapshot has the same bytes
        shutil.rmtree(making)
    return target
