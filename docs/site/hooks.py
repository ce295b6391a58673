# SPDX-License-Identifier: Apache-2.0
"""MkDocs makes of the documents what a reader of the repository sees: the anchors of headings, and blocks with words behind their language."""
import logging
import re

log = logging.getLogger("mkdocs.hooks")

def slug(text, _):
    """The anchor of a heading, as GitHub has it: each space becomes a hyphen, and what is no letter, digit or underscore goes."""
    return re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")


def on_config(config):
    config.mdx_configs.setdefault("toc", {})["slugify"] = slug


def on_page_markdown(markdown, **_):
    """Words behind the language of a block are for the test that runs it (tests/spec/support/guide.lua). A list, a table or a block may
    follow a line of text, and an item a paragraph of the one before it; MkDocs wants an empty line there."""
    out, fenced, text = [], False, False
    for line in markdown.split("\n"):
        fence = line.startswith("```")
        if fence and not fenced:
            line = line.split(" ")[0]
        if text and not fenced and (fence or re.match(r"[-*] |1\. |\|" if text == "text" else r"[-*] |\d+\. ", line)):
            out.append("")
        fenced ^= fence
        if not line or fenced or re.match(r"```|[-*] |\d+\. |\|", line):
            text = ""
        elif not line[0].isspace():
            text = "text"
        elif not out[-1]:
            text = "paragraph of an item"
        out.append(line)
    return "\n".join(out)


def on_page_content(html, page, **_):
    """Markdown that was not understood stands in a paragraph as it was written."""
    text = re.sub(r"<(pre|code)\b.*?</\1>", "", html, flags=re.S)
    found = re.search(r"<p>[^<]*(?:```|^\s*(?:[-*] |\d+\. |\|))[^<]*", text, flags=re.M)
    if found:
        log.warning("%s: this is not understood: %s; write it so that MkDocs does: what belongs to an item is four spaces in", page.file.src_uri, found.group()[:200])
