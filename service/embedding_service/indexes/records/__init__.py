"""SQL is the record: every acknowledged document is a committed row.

Synchronous, thread-safe, and the only importer of SQLAlchemy, Alembic and psycopg.
"""
