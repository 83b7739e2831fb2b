"""Where jobs are worked on; each engine works on any number of them with the same `publish_one`."""
