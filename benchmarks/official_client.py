"""The same job by datagouv-client with threads, written the way its users write it.

`python official_client.py JOB.json`: the job names the portal, the key, the threads and the
datasets with their files. It creates the datasets that have no id yet, uploads every file and
gives it its title (one call of the client's `create_static_resource`), then writes the ids
back into the job, so that running it again finds the same datasets.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from datagouv import Client  # type: ignore[import-untyped] # it comes without types


def publish(job: dict[str, Any]) -> None:
    """Create what is missing, then upload all files of all datasets side by side."""
    client = Client("demo", api_key=job["key"], verbose=False)
    client.base_url = job["url"]  # it knows only the portals of data.gouv.fr by name
    with ThreadPoolExecutor(job["threads"]) as pool:
        for dataset in job["datasets"]:
            if dataset["id"] is None:
                dataset["id"] = client.create_dataset(dict(dataset["payload"])).id
        uploads = [
            pool.submit(
                client.create_static_resource, file["path"], {"title": file["title"]}, dataset["id"]
            )
            for dataset in job["datasets"]
            for file in dataset["files"]
        ]
        for upload in uploads:
            upload.result()


if __name__ == "__main__":
    path = Path(sys.argv[1])
    job = json.loads(path.read_text())
    publish(job)
    path.write_text(json.dumps(job))
