"""What snapshots lie in, for a process beside those that serve."""

from pathlib import Path

from embedding_service.indexes.digests import Digest
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Build
from embedding_service.settings import Settings
from embedding_service.stores import open_archive
from open_indexes import DEFINITION

BUILD = Build(1, ({"segment.bin": Digest(3, "0" * 64)},))


def test_graphs_that_servers_share_are_known(postgresql_url: str, tmp_path: Path) -> None:
    record = open_record(postgresql_url, tmp_path)
    record.create(DEFINITION)
    record.publish_build(DEFINITION.uid, BUILD)
    record.close()
    with open_archive(Settings(data_dir=tmp_path, database_url=postgresql_url)) as archive:
        assert archive._builds(DEFINITION.uid) == BUILD
        assert archive._builds("never-made") == Build(0, ())


def test_the_file_and_the_folders_of_a_server_are_left_to_it(tmp_path: Path) -> None:
    record = open_record(f"sqlite:///{tmp_path / 'gpu-embedding.db'}", tmp_path)
    address = tmp_path / "address"
    address.write_text(f"sqlite:///{tmp_path / 'gpu-embedding.db'}")
    publishing = tmp_path / "publishing" / "draft"
    publishing.parent.mkdir()
    publishing.touch()
    for settings in (
        Settings(data_dir=tmp_path),
        Settings(data_dir=tmp_path, database_url="none"),
        Settings(data_dir=tmp_path, database_url_file=address),
    ):
        with open_archive(settings) as archive:
            assert archive.snapshots(DEFINITION.uid).manifests == []
    assert publishing.exists()
    record.close()
