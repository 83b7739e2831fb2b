"""One dataset's way to the portal, told once: `publish_one(job, means)` makes a `Job` a `Result`.

How it works, and how one file goes:

1. `prepare` makes jobs. `expanding` asks servers which files a pattern stands for, `preflight`
   checks what can be checked against the portal, `observe` sees what it has; a `Job` is what is
   wanted of one dataset beside what was observed. Nothing was written yet.
2. `publish.publish_one` tells the story of one job. Local files are looked at (`files`), those are
   hashed whose hash decides something, and the core plans (`planning`): for each file an action,
   as a value.
3. `sending` carries the actions out, a few at once. A file on another server is fetched first and
   decided then (`fetching`); a local one is streamed as it is read, and hashed on the way. The
   first that is certain to be sendable has a new dataset made (`creating`). What the portal says
   it received is compared with what was sent.
4. `publish` finishes: titles, descriptions, extras and order of all resources in one request,
   checked in the answer; then what is to be pruned is deleted.
5. Whenever an answer was lost, or is not what was expected, the dataset is observed afresh
   (`observe_again`), and 2 to 4 are done again: what arrived is no longer in the plan.

`story` is what is known of it all, written by its own named steps alone; `verify` compares
instead of publishing; `means` is what a process opens once.
"""

from bulkpub.pipeline.job import Job, JobOptions, Result, RunOptions, Verify
from bulkpub.pipeline.means import Means
from bulkpub.pipeline.publish import publish_one

__all__ = ["Job", "JobOptions", "Means", "Result", "RunOptions", "Verify", "publish_one"]
