"""Where indexes live, how much of them, and which."""

from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import ByteSize, Field, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from embedding_service.settings.group import Group, PeriodOrNone, read_json

NO_DATABASE = "none"
_DATABASES = ("sqlite:///", "postgresql://", "postgresql+psycopg://")
_STORES = ("file:///", "s3://")


def _default_data_folder() -> Path:
    return platformdirs.user_data_path("gpu-embedding", appauthor=False)


class IndexSettings(Group):
    """Where indexes live, and how much of them."""

    data_dir: Path = Field(default_factory=_default_data_folder)
    """Folder of the database file and of snapshots; unset is this user's folder for data."""
    snapshot_url: str = ""
    """Where snapshots lie: `file:///folder`, or `s3://bucket/prefix`, whose keys, region and
    endpoint come from AWS's own variables (AWS_…); unset is the folder `snapshots` in DATA_DIR."""
    snapshots_kept: int = Field(default=7, ge=1)
    """Snapshots of one index that stay, however old they are."""
    snapshots_kept_for: float = Field(default=86_400, ge=0, allow_inf_nan=False)
    """Seconds in which a snapshot stays, however many there are."""
    database_url: str = ""
    """`postgresql://…` where several processes serve the same indexes; unset is a SQLite file in
    DATA_DIR, which one process owns; `none` serves no indexes."""
    database_url_file: Path | None = None
    """File with that address instead. Read again for every new connection, so that its password
    may change."""
    aws_access_key_id_file: Path | None = None
    """File with the id of S3's key, instead of AWS_ACCESS_KEY_ID. Read again every minute."""
    aws_secret_access_key_file: Path | None = Field(default=None, validate_default=True)
    """File with that key's secret, instead of AWS_SECRET_ACCESS_KEY. Read again every minute."""
    aws_session_token_file: Path | None = None
    """File with its session token; the key has none where the file is not there. Read again every
    minute."""
    max_top_k: int = Field(default=1_000, ge=1, le=10_000)
    """Results of one query."""
    max_queries: int = Field(default=256, ge=1)
    """Queries of one search."""
    max_metadata_size: ByteSize = Field(default=ByteSize(64 * 1024), ge=0)
    """Size of one document's metadata as JSON."""
    max_index_documents: int = Field(default=0, ge=0)
    """Documents of one index; beyond it adds get 507. 0 is no bound."""
    max_index_size: ByteSize = ByteSize(0)
    """Bytes of one index's ids, texts, metadata and vectors; beyond it adds get 507. 0 is no
    bound."""
    max_unbuilt_rows: int = Field(default=500_000, ge=0)
    """Rows of one index that may wait for a graph, and are searched one by one until they have it;
    beyond it adds get 429. 0 is no bound."""
    version_wait: PeriodOrNone = 5.0
    """Seconds a search waits for its `min_version`; then 503."""

    @field_validator("database_url")
    @classmethod
    def _check_database(cls, value: str) -> str:
        if value and value != NO_DATABASE and not value.startswith(_DATABASES):
            raise ValueError(f"use one of {', '.join(_DATABASES)}…, or none")
        return value

    @field_validator("database_url_file")
    @classmethod
    def _check_one_database(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None and info.data.get("database_url"):
            raise ValueError("set either DATABASE_URL or DATABASE_URL_FILE")
        return value

    @field_validator("aws_secret_access_key_file")
    @classmethod
    def _check_both_keys(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if (value is None) != (info.data.get("aws_access_key_id_file") is None):
            raise ValueError("set it together with AWS_ACCESS_KEY_ID_FILE")
        return value

    @field_validator("snapshot_url")
    @classmethod
    def _check_store(cls, value: str) -> str:
        if value and not value.startswith(_STORES):
            raise ValueError(f"use one of {', '.join(_STORES)}…")
        return value


class SoleIndexSettings(Group):
    """One index, where a server is to serve no other: as the operator runs it."""

    index_name: str = ""
    """Serve this index alone. It is made at the start when it is not there, as the settings below
    say; no other is made, and nothing is dropped. Unset serves every index in the database."""
    index_uid: str = ""
    """Its key in the database and in the store of snapshots; unset is INDEX_NAME."""
    index_model: str = ""
    """Its model, by its served name; unset is the default model."""
    index_dimension: int | None = Field(default=None, ge=1)
    """Its dimension; unset is the model's own."""
    index_metric: Literal["cosine", "dot", "l2"] = "cosine"
    """How near two of its vectors are."""
    index_engine: Literal["auto", "flat", "hnsw", "ivf"] | None = None
    """What its vectors are searched by, with the five settings below. Any of them changes an index
    that is there, which is searched as before until its new graphs are built. All of them unset
    leave it as it is, and make a new one `auto`."""
    index_exact_rows: int | None = None
    """Rows up to which it is searched exactly, and no graph is built: 1,000 to 250,000; unset is
    50,000. Fewer than new rows come together to, 20,000 or 32 MB, change nothing. Not with the
    engine `flat`."""
    index_recall: float | None = Field(default=None, allow_inf_nan=False)
    """Share of the ten nearest rows that a graph finds at least, as measured, or it is not used:
    0.8 to 0.995; unset is 0.98. Not with the engine `flat`."""
    index_hnsw_m: int | None = None
    """Neighbours of a row, FAISS's M: 8 to 64; unset is 32. With the engine `hnsw` alone."""
    index_hnsw_ef_construction: int | None = None
    """Rows kept in mind while a row's neighbours are looked for, FAISS's efConstruction: 16 to 512,
    at least twice M; unset is 128. With the engine `hnsw` alone."""
    index_ivf_nlist: int | None = None
    """Lists that rows are sorted into, FAISS's nlist: 16 to 16,384, or one for 39 rows where that
    is less; unset is two for each root of the rows. With the engine `ivf` alone."""
    index_engine_revision: int | None = Field(default=None, ge=1, le=2**53)
    """Of the six settings above. Of several servers of this index those with the highest count,
    whichever starts last; unset counts whenever a server starts."""
    index_fields: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict)
    """JSON object, field of metadata to its type, for example `{"year": "int"}`; filters may name
    those."""

    _read_fields = field_validator("index_fields", mode="before")(read_json)
