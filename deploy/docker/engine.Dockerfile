# The agent engine's worker, with the Claude CLI from its pinned wheel, bubblewrap and the shipped skills. Build from the
# repository's root: docker build -f deploy/docker/engine.Dockerfile .
# Its container needs user namespaces for confinement: see security_opt in docker-compose.agent.yml.
FROM python:3.11-slim-bookworm AS build
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PROJECT_ENVIRONMENT=/app
RUN pip install --no-cache-dir 'uv>=0.9,<1'
WORKDIR /src
COPY pyproject.toml uv.lock README.md ./
COPY packages packages
COPY mcp-servers mcp-servers
COPY api-services api-services
COPY agent-engine agent-engine
RUN uv sync --frozen --no-default-groups --no-editable --package agent-bot-engine --extra claude

FROM python:3.11-slim-bookworm
ENV PATH=/app/bin:$PATH WORKER_HTTP=0.0.0.0:8010 ALLOW_UNAUTHENTICATED=true WORKER_FOLDER=/runs SKILLS_PATH=/skills PYTHONUNBUFFERED=1
COPY --from=build /app /app
COPY agent-engine/skills /skills
RUN mkdir -m 1777 /runs
USER 10001:10001
VOLUME /runs
EXPOSE 8010
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8010/health', timeout=2)"]
CMD ["agent-engine", "worker"]
