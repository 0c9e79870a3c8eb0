"""What an index takes from the installation's defaults: read once, when it is first accepted."""

from embedding_operator.defaults import Defaults
from embedding_operator.resources.data import S3
from embedding_operator.resources.index import IndexSpec
from embedding_operator.resources.status import Resolved, ResolvedEncoder, ResolvedS3


def resolve(spec: IndexSpec, defaults: Defaults) -> Resolved:
    """The defaults as they are now, to be kept for ever, whether or not `spec` needs them yet."""
    return Resolved(
        model=spec.model or defaults.model,  # which cannot change
        encoder=ResolvedEncoder(url=defaults.encoder.url, secret=defaults.encoder.secret),
        database=defaults.database.type,
        database_secret=defaults.database.secret,
        database_key=defaults.database.key,
        storage=defaults.storage.type,
        s3=None if defaults.storage.s3 is None else narrow_s3(defaults.storage.s3),
        volume_size=defaults.database.size,
        volume_class=defaults.database.storage_class_name,
        auth_secret=defaults.auth_secret,
    )


def narrow_s3(s3: S3) -> ResolvedS3:
    """The same bucket, its Secret by its name alone."""
    return ResolvedS3(
        bucket=s3.bucket,
        prefix=s3.prefix,
        endpoint=s3.endpoint,
        region=s3.region,
        secret=s3.secret and s3.secret.name,
    )
