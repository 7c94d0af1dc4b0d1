"""A place to live for the sample: a folder per slot and the weights in a file. Replace the three verbs with what your platform needs.

Refline says what to do in variables: REFLINE_SLOT (blue or green), REFLINE_VERSION, REFLINE_IMAGE and REFLINE_MODEL (the model's file) for deploy,
REFLINE_PERCENT, REFLINE_EXPECT (empty: anything) and REFLINE_SEQ for set. Exit 3 says "not as expected, nothing was changed".
"""

import json
import os
import shutil
import sys

HOME = os.environ.get("CHURN_HOME", os.path.expanduser("~/churn-production"))
STATE = os.path.join(HOME, "state.json")
OTHER = {"blue": "green", "green": "blue"}


def load():
    try:
        with open(STATE) as file:
            return json.load(file)
    except FileNotFoundError:
        return {"percent": {"blue": 100, "green": 0}, "version": {}, "seq": 0}


def save(state):
    os.makedirs(HOME, exist_ok=True)
    with open(STATE + ".new", "w") as file:
        json.dump(state, file)
    os.replace(STATE + ".new", STATE)


def main():
    verb, slot, state = sys.argv[1], os.environ["REFLINE_SLOT"], load()
    if verb == "deploy":
        if os.environ.get("REFLINE_MODEL"):
            os.makedirs(os.path.join(HOME, slot), exist_ok=True)
            shutil.copy2(os.environ["REFLINE_MODEL"], os.path.join(HOME, slot))
        state["version"][slot] = int(os.environ["REFLINE_VERSION"])
        save(state)
    elif verb == "set":
        expected = os.environ.get("REFLINE_EXPECT", "")
        if expected and abs(float(expected) - state["percent"][slot]) > 0.01:
            sys.exit(3)
        percent = float(os.environ["REFLINE_PERCENT"])
        state["percent"] = {slot: percent, OTHER[slot]: 100 - percent}
        state["seq"] = int(os.environ["REFLINE_SEQ"])
        save(state)
    print(json.dumps({"percent": state["percent"][slot], "ready": slot in state["version"], "seq": state["seq"]}))


main()
