# The app as a user without privileges. See docs/how-to/deployment.md.
FROM python:3.13-slim AS build
WORKDIR /src
COPY setup.cfg pyproject.toml requirements.txt README.md LICENSE ./
COPY gitlab_sync ./gitlab_sync
COPY build_backend ./build_backend
# The pinned versions; nothing that only tests need comes along.
RUN python -m venv /opt/app \
    && /opt/app/bin/pip install --no-cache-dir --disable-pip-version-check \
        --constraint requirements.txt ".[app,snapshot]" \
    && /opt/app/bin/pip uninstall --yes pip

FROM python:3.13-slim
# It owns no file and has no home: there is nothing that it could change.
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin app
COPY --from=build /opt/app /opt/app
WORKDIR /app
# The modes are said, since those of a checkout depend on somebody's umask.
COPY --chmod=0444 app.py ./
COPY --chmod=0444 .streamlit/config.toml ./.streamlit/
ENV PATH=/opt/app/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    WEBSOCKETS_MAX_LINE_LENGTH=65536
# As a number, by which an orchestrator sees that it is not root.
USER 10001
EXPOSE 8501
# Without proxies: one for the way to GitLab does not lead back to here.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
# For its welcome Streamlit would ask a host on the Internet for this server's address.
CMD ["streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501", \
    "--server.headless=true", "--logger.hideWelcomeMessage=true"]
