# syntax=docker/dockerfile:1
# One image for every process of the engine; docker-compose.yml says which command each runs. No build tool, no test, no
# embedded server is in it, and its files belong to root: whoever runs it may read them.

FROM python:3.11-slim-trixie AS builder
COPY --from=ghcr.io/astral-sh/uv:0.13.9 /uv /usr/local/bin/uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /app
# The packages first and alone: they change less often than what stands below.
RUN --mount=type=cache,target=/root/.cache/uv \
    --mount=type=bind,source=pyproject.toml,target=pyproject.toml \
    --mount=type=bind,source=uv.lock,target=uv.lock \
    uv sync --frozen --no-default-groups --no-install-project
COPY manage.py pyproject.toml ./
COPY recon recon/
COPY inspector inspector/
COPY templates templates/
COPY static static/
RUN SECRET_KEY=of-the-build DATABASE_URL=postgres://nobody@nowhere/none .venv/bin/python manage.py collectstatic --noinput \
    && .venv/bin/python -m compileall -q manage.py recon inspector

FROM python:3.11-slim-trixie
RUN groupadd --gid 10001 recon \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin recon \
    && install --directory --owner 10001 --group 10001 /var/lib/recon
# The last two: what the servers themselves have to say is JSON too.
ENV PATH=/app/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    CELERY_QUIET=1 GRANIAN_LOG_CONFIG=/app/inspector/granian_lines.json
WORKDIR /app
COPY --from=builder /app /app
USER 10001:10001
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--no-ws", "inspector.wsgi:application"]
