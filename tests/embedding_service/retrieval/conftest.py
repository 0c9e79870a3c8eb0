from databases import postgresql, postgresql_url

__all__ = ["postgresql", "postgresql_url"]
