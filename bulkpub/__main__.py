"""`python -m bulkpub`: the command line where its script is not on the PATH."""

from bulkpub.cli import main

if __name__ == "__main__":
    main()
