"""`python -m jobs` is the command `jobs`."""

import sys

from jobs.cli import main

sys.exit(main())
