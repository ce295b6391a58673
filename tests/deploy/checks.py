# SPDX-License-Identifier: Apache-2.0
"""What was checked, and how many of it went well."""
passed = failed = 0


def check(what, good, more=""):
    global passed, failed
    if good:
        passed += 1
        print(f"ok {what}", flush=True)
    else:
        failed += 1
        print(f"FAIL {what}", flush=True)
        for line in str(more).splitlines()[-40:]:
            print(f"  | {line}", flush=True)
    return bool(good)


def left_out(what):
    print(f"left out: {what}", flush=True)


def end():
    """The exit code."""
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0
