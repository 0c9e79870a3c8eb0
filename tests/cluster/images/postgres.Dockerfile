# PostgreSQL as Debian packages it, for any numeric user and a read-only root.
ARG BASE_IMAGE=python:3.11-slim-bookworm
FROM ${BASE_IMAGE} AS postgres
# Its installation fails where no folder for manuals is.
RUN mkdir -p /usr/share/man/man1 /usr/share/man/man7 \
    && apt-get -qq update \
    && apt-get -qq install --yes --no-install-recommends postgresql libnss-wrapper \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/lib/postgresql/*
COPY postgres.sh /usr/local/bin/postgres-server
ENTRYPOINT ["sh", "/usr/local/bin/postgres-server"]
