# Images of this product; the last target, and so the default, is the server:
#
#     docker build -t gpu-embedding-service .
#
# One image for GPU and CPU. Where no GPU will ever be, TORCH_CPU_INDEX (the address of PyTorch's index of CPU
# wheels) makes it 4 GiB smaller. BAKE_MODEL (a hub id) puts a model into the image, for places without a hub.
# BASE_IMAGE is anything with glibc, Python 3.11 to 3.13 and its venv module.

ARG BASE_IMAGE=python:3.13-slim


# --- uv, as pinned ---------------------------------------------------------------------------------
FROM ${BASE_IMAGE} AS uv
COPY requirements/uv.txt /build/uv.txt
RUN python3 -m venv /opt/uv \
    && /opt/uv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /build/uv.txt
ENV UV_NO_CACHE=1 UV_LINK_MODE=copy UV_SYSTEM_CERTS=true


# --- what the server needs -------------------------------------------------------------------------
FROM uv AS server-libraries
ARG TORCH_CPU_INDEX=""
COPY requirements/cpu.txt requirements/gpu.txt /build/
ENV VIRTUAL_ENV=/opt/libraries
# PyTorch's own index signs nothing that a lock file could hold, so there only the version is the locked one.
RUN python3 -m venv --without-pip /opt/libraries \
    && if [ -z "${TORCH_CPU_INDEX}" ]; then \
        /opt/uv/bin/uv pip sync --compile-bytecode --require-hashes /build/gpu.txt; \
    else \
        awk '/^[a-z]/ { skip = /^(torch|triton)==|^(cuda|nvidia)-/ } !skip' /build/cpu.txt > /build/rest.txt \
        && /opt/uv/bin/uv pip install --no-deps --default-index "${TORCH_CPU_INDEX}" \
            "$(sed -n 's/^\(torch==[0-9.]*\).*/\1/p' /build/cpu.txt)" \
        && /opt/uv/bin/uv pip install --no-deps --compile-bytecode --require-hashes -r /build/rest.txt; \
    fi


# --- the package itself, apart from the libraries: a change of code is a small layer ----------------
FROM server-libraries AS server-package
COPY requirements/dev.txt /build/
COPY pyproject.toml LICENSE /build/source/
COPY service /build/source/service
RUN /opt/uv/bin/uv pip install --no-deps --compile-bytecode --build-constraints /build/dev.txt \
    --target /opt/package /build/source
ARG BAKE_MODEL=""
RUN mkdir /models \
    && if [ -n "${BAKE_MODEL}" ]; then \
        HF_HOME=/models PYTHONPATH=/opt/package /opt/package/bin/gpu-embedding models fetch "${BAKE_MODEL}"; \
    fi
RUN mkdir /data


# --- server ----------------------------------------------------------------------------------------
FROM ${BASE_IMAGE} AS server
ARG BAKE_MODEL=""
COPY --from=server-libraries /opt/libraries /opt/libraries
COPY --from=server-package /opt/package /opt/package
# Models are downloaded to /models: mount a volume there to keep them, unless one is baked in.
COPY --from=server-package --chown=10001:10001 /models /models
# Indexes and their snapshots: a named volume there outlives the container.
COPY --from=server-package --chown=10001:10001 /data /data
VOLUME /data
# TMPDIR: torch wants to know a folder for temporary files when it is imported, and of a read-only container only
# /dev/shm is left. An empty variable is one that is not set.
ENV PATH=/opt/package/bin:/opt/libraries/bin:$PATH \
    PYTHONPATH=/opt/package \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    TMPDIR=/dev/shm \
    DATA_DIR=/data \
    HF_HOME=/models \
    HF_HUB_OFFLINE=${BAKE_MODEL:+1} \
    EMBEDDING_MODEL=${BAKE_MODEL} \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
WORKDIR /srv
USER 10001:10001
EXPOSE 8001
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/package/bin/gpu-embedding"]
CMD ["serve"]
