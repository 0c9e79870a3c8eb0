"""What an operator gives to the server of one index."""

from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator

from embedding_service.settings.group import Group


class OperatorSettings(Group):
    """An index that an operator looks after. All of it needs INDEX_NAME; docs/operator-port.md."""

    admin_keys_file: Path | None = None
    """JSON Web Key Set of the operator's public keys (Ed25519): with it ADMIN_PORT takes the
    operator's work, and people's port makes and uses no snapshots any more. Unset leaves ADMIN_PORT
    with probes and metrics. Read again when it changes."""
    index_aliases_file: Path | None = None
    """File with other names of the index, one a line. Read again when it changes; while it is away
    or cannot be read, the names stay as they were."""
    index_snapshot_file: Path | None = None
    """File with the id of the snapshot that what is searched is begun from; without the file, or
    where it is empty, that is the newest. Documents do not depend on it."""
    bootstrap_aws_access_key_id_file: Path | None = None
    """File with the id of the S3 key by which a restore reads from a URL that is not SNAPSHOT_URL;
    used for nothing else."""
    bootstrap_aws_secret_access_key_file: Path | None = Field(default=None, validate_default=True)
    """File with that key's secret."""
    bootstrap_aws_session_token_file: Path | None = None
    """File with its session token, where it has one."""
    bootstrap_aws_endpoint: str = ""
    """Address of the S3 that such a URL is in, for example `https://s3.example.org`; unset is
    AWS's own."""
    bootstrap_aws_region: str = "us-east-1"
    """Its region."""

    @field_validator("bootstrap_aws_secret_access_key_file")
    @classmethod
    def _check_bootstrap_keys(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if (value is None) != (info.data.get("bootstrap_aws_access_key_id_file") is None):
            raise ValueError("set it together with BOOTSTRAP_AWS_ACCESS_KEY_ID_FILE")
        return value

    @field_validator("bootstrap_aws_endpoint")
    @classmethod
    def _check_bootstrap_endpoint(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("use http://… or https://…")
        return value
