# An MCP server. Build from the repository's root:
#   docker build -f deploy/docker/mcp-server.Dockerfile --build-arg PACKAGE=agent-bot-github-mcp --build-arg COMMAND=github-mcp .
FROM python:3.11-slim-bookworm AS build
ARG PACKAGE
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PROJECT_ENVIRONMENT=/app
RUN pip install --no-cache-dir 'uv>=0.9,<1'
WORKDIR /src
COPY pyproject.toml uv.lock README.md ./
COPY packages packages
COPY mcp-servers mcp-servers
COPY api-services api-services
COPY agent-engine agent-engine
RUN uv sync --frozen --no-default-groups --no-editable --package "$PACKAGE" --extra uvloop

FROM python:3.11-slim-bookworm
ARG COMMAND
ENV PATH=/app/bin:$PATH HOST=0.0.0.0 PORT=9000 PYTHONUNBUFFERED=1 COMMAND=$COMMAND
COPY --from=build /app /app
USER 10001:10001
EXPOSE 9000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', timeout=2)"]
CMD ["sh", "-c", "exec \"$COMMAND\" --transport http"]
