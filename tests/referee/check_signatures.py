#!/usr/bin/env python3
"""Verifies every DKIM signature in a folder of messages (*.eml) with dkimpy, and sees that changed messages fail.

    check_signatures.py RECORDS.json FOLDER

RECORDS.json holds the TXT records by name: {"SELECTOR._domainkey.DOMAIN": VALUE, ...}. No other name has any, and the
network is not asked.

Prints one line of JSON a message: file, signatures (algorithm, domain, selector, signed), bad (what is wrong with
it). Exit 1 when anything is wrong. Every message is also changed in one of several ways, which every one of its
signatures must notice.
"""

import json
import pathlib
import re
import sys

import dkim

RECORDS = json.loads(pathlib.Path(sys.argv[1]).read_text())
OVERSIGNED = [
    "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type", "List-Id",
    "List-Unsubscribe", "List-Unsubscribe-Post",
]
PROMISED = {name.lower() for name in OVERSIGNED}


def record(name, timeout=None):
    value = RECORDS.get(name.decode().rstrip("."))
    return value.encode() if value else None


def holds(message, index):
    """Whether the signature verifies; an error of any kind means that it doesn't."""
    try:
        return dkim.DKIM(message, minkey=2048).verify(index, dnsfunc=record)
    except dkim.DKIMException:
        return False


def tags(field):
    text = re.sub(rb"\s+", b"", field).decode()
    return dict(tag.split("=", 1) for tag in text.split(";") if tag)


def changed(message, turn):
    """The message with one thing changed: what, and the octets."""
    header, body = message.split(b"\r\n\r\n", 1)
    names = len(OVERSIGNED)
    turn %= 2 * names + 4
    if turn < names:
        name = OVERSIGNED[turn]
        return f"a {name} before", f"{name}: x\r\n".encode() + message
    if turn < 2 * names:
        name = OVERSIGNED[turn - names]
        return f"a {name} behind", header + f"\r\n{name}: x\r\n\r\n".encode() + body
    middle = len(body) // 2
    octet = b"y" if body[middle : middle + 1] == b"x" else b"x"
    return [
        ("another octet in the body", header + b"\r\n\r\n" + body[:middle] + octet + body[middle + 1 :]),
        ("a line more", message + b"x\r\n"),
        ("another subject", header.replace(b"\r\nSubject: ", b"\r\nSubject: x", 1) + b"\r\n\r\n" + body),
        ("another link to leave", header.replace(b"/unsubscribe/", b"/unsubscribe/x", 1) + b"\r\n\r\n" + body),
    ][turn - 2 * names]


def judge(message, turn):
    signatures, bad = [], []
    fields = [value for name, value in dkim.DKIM(message).headers if name.lower() == b"dkim-signature"]
    what, other = changed(message, turn)
    for index, field in enumerate(fields):
        tag = tags(field)
        names = tag["h"].lower().split(":")
        signatures.append({"algorithm": tag["a"], "domain": tag["d"], "selector": tag["s"], "signed": tag["h"]})
        shown = f"{tag['a']} of {tag['s']}"
        if not holds(message, index):
            bad.append(f"{shown} does not verify")
        if holds(other, index):
            bad.append(f"{shown} does not notice {what}")
        if not PROMISED <= set(names):
            bad.append(f"{shown} leaves out {sorted(PROMISED - set(names))}")
        if tag["c"] != "relaxed/simple" or {"l", "x", "i"} & set(tag):
            bad.append(f"{shown} has other tags: {tag}")
    if not fields:
        bad.append("no signature")
    return signatures, bad


def main():
    faults = 0
    for turn, path in enumerate(sorted(pathlib.Path(sys.argv[2]).glob("*.eml"))):
        signatures, bad = judge(path.read_bytes(), turn)
        faults += bool(bad)
        print(json.dumps({"file": path.name, "signatures": signatures, "bad": bad}))
    sys.exit(1 if faults else 0)


main()
