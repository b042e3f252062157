# One image for web and worker. compose.yaml runs it; docs/deploy.md says how. The first stage builds the wheel and installs
# what it needs by hashes; the second takes the environment alone: no compiler, no sources, no root.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
ARG SOURCE_DATE_EPOCH=1700000000
RUN python -m venv /opt/medialib
COPY requirements.lock /src/
RUN /opt/medialib/bin/pip install --require-hashes --only-binary :all: -r /src/requirements.lock
COPY . /src
RUN pip wheel --no-deps --wheel-dir /dist /src && /opt/medialib/bin/pip install --no-deps --no-index /dist/*.whl

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/medialib --shell /usr/sbin/nologin medialib \
    && install -d -m 700 -o medialib -g medialib /var/lib/medialib
COPY --from=build /opt/medialib /opt/medialib
ENV PATH=/opt/medialib/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 DEBUG=0 MEDIALIB_DATA_DIR=/var/lib/medialib
USER 10001
VOLUME /var/lib/medialib
EXPOSE 8000
# Only for a name that it answers for, so it asks by the first of them.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as r; host = os.environ['ALLOWED_HOSTS'].split(',')[0].strip(' .*') or 'localhost'; r.urlopen(r.Request('http://127.0.0.1:8000/healthz', headers={'Host': host}), timeout=4)"]
CMD ["medialib", "runweb", "--host", "0.0.0.0"]
