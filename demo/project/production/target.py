"""Moves traffic between the two slots of production: `python production/target.py deploy|read|set`, called by Refline.

What is to be done comes in variables: REFLINE_SLOT, REFLINE_VERSION, REFLINE_MODEL (the model's file), REFLINE_PERCENT, REFLINE_EXPECT and
REFLINE_SEQ (set). The answer is JSON on standard output. Exit 3 says "not as expected, nothing was changed".
"""

import json
import os
import sys
import urllib.error
import urllib.request

ADMIN = os.environ.get("PRODUCTION_ADMIN", "http://127.0.0.1:18080")


def call(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(ADMIN + path, data, {"Content-Type": "application/json"})
    # The proxies of the surroundings are for the world outside; this never leaves the machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        return json.load(answer)


def number(name):
    text = os.environ.get(name, "")
    return json.loads(text) if text else None


def main():
    verb = sys.argv[1]
    slot = os.environ.get("REFLINE_SLOT")
    if verb == "deploy":
        call("/deploy", {"slot": slot, "version": int(os.environ["REFLINE_VERSION"]), "file": os.environ["REFLINE_MODEL"]})
        print(json.dumps({"ready": True}))
    elif verb == "read":
        state = call("/state")
        print(json.dumps({"percent": state[slot]["percent"], "ready": state[slot]["ready"], "seq": state["seq"]}))
    elif verb == "set":
        order = number("REFLINE_SEQ")
        body = {"slot": slot, "percent": number("REFLINE_PERCENT"), "expecting": number("REFLINE_EXPECT"), "seq": order}
        call("/weight", body)
        print(json.dumps({"percent": body["percent"], "ready": call("/state")[slot]["ready"], "seq": order}))
    else:
        sys.exit(f"no such verb: {verb}")


try:
    main()
except urllib.error.HTTPError as error:
    print(json.load(error)["error"], file=sys.stderr)
    sys.exit(3 if error.code == 409 else 1)
