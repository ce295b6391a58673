#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One visit of a person to a dashboard that another program has set up (tests/package, tests/deploy): the token is typed in, and what the
page offers is done.

    tests/browser/newcomer.py ready                                          only installs what it needs
    tests/browser/newcomer.py approve URL --token FILE --policy NAME          runs the policy, approves its plan; says which run made it
    tests/browser/newcomer.py undo URL --token FILE --run N                   takes the run back, and approves that; says which run did it
    tests/browser/newcomer.py look URL --token FILE --run N                   reads how the run went

--address NAME=ADDRESS is where the browser finds that host. What came of it is the standard output;
it ends with 77 and a reason where there is no browser, or no network to install Playwright from."""
import argparse
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "live"))
import live  # noqa: E402

PYTHON = os.path.join(live.installed(f"{SOURCE}/build/dev/browser-venv", f"{HERE}/requirements.txt"), "python")
if os.path.dirname(sys.executable) != os.path.dirname(PYTHON): # Playwright is there
    os.execv(PYTHON, [PYTHON, "-B", os.path.abspath(__file__), *sys.argv[1:]])
from playwright.sync_api import Error as PlaywrightError, expect, sync_playwright  # noqa: E402


def press(page, name, **fields):
    """A button of the page, then the dialog's."""
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()
    dialog = page.get_by_role("dialog")
    for label, value in fields.items():
        dialog.get_by_label(label).fill(value)
    dialog.get_by_role("button", name=name if name != "Sign in with a token" else "Sign in", exact=True).click()


def sign_in(page, url, token):
    page.goto(url)
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Sign in|Overview"))
    if page.get_by_role("heading", level=1).text_content() == "Sign in":
        press(page, "Sign in with a token", Token=token)
    else: # who is on this machine may read
        page.get_by_role("button", name="Sign in to act").click()
        page.get_by_role("dialog").get_by_label("Token").fill(token)
        page.get_by_role("dialog").get_by_role("button", name="Sign in").click()
    expect(page.locator("#who")).to_have_text("may act")
    expect(page.locator("#live")).to_have_text("live")


def news(page, words):
    expect(page.locator("#news")).to_contain_text(re.compile(words))
    return page.locator("#news").text_content()


def approve_waiting(page, name):
    """The run that waits; the number of that which makes its plan."""
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("link", name=name).click()
    press(page, "Approve")
    news(page, r"Approved: [1-9]\d* changed, 0 .* 0 failed")
    page.get_by_role("main").get_by_role("link", name=re.compile(r"^run \d+$")).last.click()
    expect(page.get_by_role("region", name="Changes").locator("tbody tr").first).to_be_visible()
    return re.search(r"\d+$", page.get_by_role("heading", level=1).text_content()).group()


def approve(page, options):
    page.get_by_role("region", name="Policies").get_by_role("link", name=options.policy, exact=True).click()
    press(page, "Run now")
    return approve_waiting(page, re.compile(rf"Run \d+ of {options.policy}"))


def undo(page, options):
    """What needed an approval is put back with one."""
    page.goto(f"{options.url}#/runs/{options.run}")
    press(page, "Undo")
    waits = re.search(r"Run (\d+)", news(page, r"would put it back, and waits for approval: [1-9]")).group(1)
    return approve_waiting(page, re.compile(rf"Run {waits}\b"))


def look(page, options):
    page.goto(f"{options.url}#/runs/{options.run}")
    expect(page.get_by_role("region", name="Changes").locator("tbody tr").first).to_be_visible()
    return page.get_by_role("main").inner_text()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("visit", choices=["ready", "approve", "undo", "look"])
    parser.add_argument("url", nargs="?", default="")
    parser.add_argument("--token", metavar="FILE")
    parser.add_argument("--policy")
    parser.add_argument("--run")
    parser.add_argument("--address", metavar="NAME=ADDRESS")
    options = parser.parse_args()
    browser = live.browser()
    if options.visit == "ready":
        return
    args = ["--no-sandbox", "--disable-dev-shm-usage"]
    if options.address:
        args.append("--host-resolver-rules=MAP " + options.address.replace("=", " "))
    with open(options.token, encoding="utf-8") as file:
        token = file.read().strip()
    expect.set_options(timeout=live.PATIENCE * 1000)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=args)
        page = chromium.new_page()
        page.set_default_timeout(live.PATIENCE * 1000)
        try:
            sign_in(page, options.url, token)
            print({"approve": approve, "undo": undo, "look": look}[options.visit](page, options))
        except (PlaywrightError, AssertionError) as error:
            sys.exit(f"{error}\nThe page then:\n{page.locator('body').inner_text()}")
        chromium.close()


main()
