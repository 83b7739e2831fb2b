"""Files that are put into a bucket: only what it does not have, and seen to be there."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from bulkpub.core.model import FileSource
from bulkpub.errors import ResourceFailed
from bulkpub.sources import storing
from bulkpub.sources.fetch import Fetcher
from bulkpub.sources.spool import Spool
from bulkpub.sources.storing import Storing, ToStore
from bulkpub.sources.web import Web

pytestmark = pytest.mark.served  # a bucket is served

CONTENT = b"a,b\n1,2\n"


@pytest.fixture
def storing_to(the_web: Web, spool: Spool) -> Storing:
    return Storing(Fetcher(the_web, spool))


def to_store(tmp_path: Path, content: bytes = CONTENT, bucket: str = "data") -> ToStore:
    file = tmp_path / "été 1.csv"
    file.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return ToStore(FileSource(str(file), file.name), f"s3://{bucket}/a/{file.name}", 8, digest)


async def test_a_file_is_put_there_once(
    s3_client: Any, storing_to: Storing, tmp_path: Path
) -> None:
    what = to_store(tmp_path)
    assert not await storing_to.holds(what)
    await storing_to.put(what)
    assert await storing_to.holds(what)
    found = s3_client.get_object(Bucket="data", Key="a/été 1.csv")
    assert found["Body"].read() == CONTENT
    assert found["Metadata"] == {"sha256": what.sha256}
    assert found["ContentType"] == "text/csv"
    # Of the same size, and another content.
    other = to_store(tmp_path, CONTENT.swapcase())
    assert not await storing_to.holds(other)
    await storing_to.put(other)
    assert s3_client.get_object(Bucket="data", Key="a/été 1.csv")["Body"].read() == b"A,B\n1,2\n"


@pytest.mark.parametrize(("there", "same"), [(CONTENT, True), (b"A,B\n1,2\n", False)])
async def test_what_others_put_there_is_known_by_its_etag(
    s3_client: Any,
    storing_to: Storing,
    tmp_path: Path,
    there: bytes,
    same: bool,  # noqa: FBT001 # a row
) -> None:
    s3_client.put_object(Bucket="data", Key="a/été 1.csv", Body=there)
    assert await storing_to.holds(to_store(tmp_path)) is same


async def test_what_does_not_arrive_is_told(
    s3_client: Any, storing_to: Storing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = to_store(tmp_path)
    real = storing._bucket

    def losing(what: ToStore) -> Any:
        bucket: Any = real(what)
        bucket.put_file = lambda *_, **__: s3_client.put_object(
            Bucket="data", Key="a/été 1.csv", Body=b"half"
        )
        return bucket

    monkeypatch.setattr(storing, "_bucket", losing)
    with pytest.raises(ResourceFailed, match="does not have the file that was put there"):
        await storing_to.put(what)


@pytest.mark.usefixtures("s3_client")
async def test_a_bucket_that_is_not_there_is_told(storing_to: Storing, tmp_path: Path) -> None:
    what = to_store(tmp_path, bucket="no-bucket")
    assert not await storing_to.holds(what)
    with pytest.raises(ResourceFailed, match=r"s3://no-bucket/a/.* could not be reached: The spec"):
        await storing_to.put(what)


@pytest.mark.usefixtures("s3_client")
async def test_without_credentials_nothing_is_tried(
    storing_to: Storing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(ResourceFailed, match="there are no credentials in the environment"):
        await storing_to.holds(to_store(tmp_path))
