"""How long a library takes to read the file into a frame: `readers.py <library> <file>` prints JSON. Imports are not counted."""

import json
import resource
import sys
import time

library, path = sys.argv[1:3]


def reader():
    if library == "pandas, C engine":
        import pandas

        return lambda: pandas.read_csv(path, engine="c")
    if library == "pandas, pyarrow engine":
        import pandas
        import pyarrow.csv  # noqa: F401 (pandas would import it inside the call)

        return lambda: pandas.read_csv(path, engine="pyarrow")
    if library == "polars":
        import polars

        return lambda: polars.read_csv(path)
    if library == "DuckDB":
        import duckdb

        return lambda: duckdb.sql(f"select * from read_csv('{path}')").fetchnumpy()
    raise SystemExit(f"no library {library}")


read = reader()
started = time.perf_counter()
frame = read()
total = time.perf_counter() - started
print(json.dumps({"total": total, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6}))
