# The app, small and without privileges. See docs/deployment.md.
FROM python:3.13-slim AS build
WORKDIR /src
COPY setup.cfg pyproject.toml requirements.txt README.md LICENSE ./
COPY gitlab_sync ./gitlab_sync
# The versions that the tests ran with; nothing that only tests need comes along.
RUN python -m venv /opt/app \
    && /opt/app/bin/pip install --no-cache-dir --disable-pip-version-check \
        --constraint requirements.txt ".[app]" \
    && /opt/app/bin/pip uninstall --yes pip

FROM python:3.13-slim
RUN useradd --system --create-home --uid 10001 app
COPY --from=build /opt/app /opt/app
WORKDIR /home/app
COPY --chown=root:root app.py ./
COPY --chown=root:root .streamlit/config.toml ./.streamlit/config.toml
ENV PATH=/opt/app/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    WEBSOCKETS_MAX_LINE_LENGTH=65536
USER app
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501", "--server.headless=true"]
