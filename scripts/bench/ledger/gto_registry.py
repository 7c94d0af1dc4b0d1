"""GTO in-process: `gto_registry.py <clone> ...` prints, for every clone, the seconds that resolving the stage and registering the next version (with its push) take."""

import contextlib
import io
import json
import sys
import time

import gto.api

for clone in sys.argv[1:]:
    started = time.perf_counter()
    found = gto.api.find_versions_in_stage(clone, "model", "prod")
    resolved = time.perf_counter()
    if not found:
        raise SystemExit("GTO finds no version in the stage prod")
    print(json.dumps({"resolve": resolved - started}), flush=True)
    with contextlib.redirect_stdout(io.StringIO()):
        started = time.perf_counter()
        gto.api.register(clone, "model", "HEAD", bump_patch=True, push=True)
        registered = time.perf_counter()
    print(json.dumps({"register": registered - started}), flush=True)
