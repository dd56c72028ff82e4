#!/usr/bin/env python3
"""Checks a folder of messages (*.eml) with Python's own e-mail package in its strictest form, and with byte rules.

    check_messages.py EXPECT.json FOLDER

EXPECT.json:  {"readers": {ADDRESS: [VALUE, ...]}, "headers": [NAME, ...], "optional": [NAME, ...]}

    readers   exactly these addresses have one message each; the values are the texts that the reader brings, which
              may hold anything and are not searched for template code or measured
    headers   header fields that every message has, once
    optional  header fields that may stand beside them, once, and then in all messages alike

Prints one line of JSON a message: file, to, name, subject, message_id, text, html, words (the html's words), tags
(its elements in order), unsubscribe, bad (what is wrong with it). Exit 1 when anything is wrong. Only the standard
library is used.
"""

import email.header
import email.policy
import email.utils
import html.parser
import json
import pathlib
import re
import sys
import unicodedata
from email.parser import BytesParser

STRICT = email.policy.SMTP.clone(raise_on_defect=True)
LENIENT = email.policy.SMTP.clone(raise_on_defect=False)
ENCODED_WORD = re.compile(rb"=\?[!-~]+?\?[BbQq]\?[!-~]*?\?=")
FORBIDDEN_ELEMENTS = {"script", "iframe", "object", "embed", "form", "input", "button", "applet", "base", "frame", "link"}
# Spoken text of a template that was not filled in, or filled in with nothing.
UNRESOLVED = ["{{", "}}", "{%", "%}", "{#", "__tera"]


class Page(html.parser.HTMLParser):
    """Collects what matters of an HTML part."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.links, self.sources, self.words, self.unseen, self.bad = [], [], [], [], [], []
        self.skipping = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag in ("style", "title"):
            self.skipping.append(tag)
        if tag in FORBIDDEN_ELEMENTS:
            self.bad.append(f"element {tag}")
        for name, value in attrs:
            self.unseen.append(value or "")
            if name.startswith("on"):
                self.bad.append(f"event handler {name}")
            if name == "href" and tag in ("a", "area"):
                self.links.append(value or "")
            elif name in ("src", "background", "href"):
                self.sources.append(value or "")

    def handle_endtag(self, tag):
        if self.skipping[-1:] == [tag]:
            self.skipping.pop()

    def handle_data(self, data):
        if not self.skipping:
            self.words.append(data)
        elif self.skipping[-1] == "title":
            self.unseen.append(data)


def check_bytes(raw):
    """Line ends, line lengths and characters, before anything is parsed."""
    if re.search(rb"(?<!\r)\n", raw):
        yield "bare LF"
    if re.search(rb"\r(?!\n)", raw):
        yield "bare CR"
    if re.search(rb"[^\t\r\n -~]", raw):
        yield "a byte that is no printable ASCII"
    if not raw.endswith(b"\r\n"):
        yield "the last line has no end"
    head, _, body = raw.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        words = ENCODED_WORD.findall(line)
        if words and len(line) > 76:
            yield f"a line of {len(line)} with an encoded word: {line!r}"
        if any(len(word) > 75 for word in words):
            yield f"an encoded word over 75: {line!r}"
        if line.strip() == b"":
            yield "a folded line of nothing but white space"
        # What has no white space to fold at may be longer, but never over 998.
        if len(line) > 78 and b" " in line.strip().partition(b" ")[2].strip():
            yield f"a header line over 78 that could be folded: {line!r}"
    for line in body.split(b"\r\n"):
        if len(line) > 78:
            yield f"a body line of {len(line)}: {line[:60]!r}"
        if line == b"." or line.startswith(b"From "):
            yield f"a line that mail servers trip over: {line!r}"
    if any(len(line) > 998 for line in raw.split(b"\r\n")):
        yield "a line over 998"


def check_headers(message, names, optional):
    """Each field once, and none that nobody asked for: so nothing can have been injected."""
    present = [name.lower() for name in message.keys()]
    for name in names:
        if present.count(name.lower()) != 1:
            yield f"{name} stands there {present.count(name.lower())} times"
    known = {name.lower() for name in names + optional}
    for name in sorted(set(present)):
        if name not in known:
            yield f"unexpected header {name}"
        elif present.count(name) > 1:
            yield f"{name} more than once"
    for name in set(message.keys()):
        for value in message.get_all(name):
            yield from (f"{name}: {defect!r}" for defect in getattr(value, "defects", ()))
            if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", str(value)):
                yield f"{name} has a control character once decoded: {str(value)!r}"
    if len(message["From"].addresses) != 1 or not message["From"].addresses[0].domain:
        yield "From is not one address"
    if message["Date"].datetime is None or message["Date"].datetime.tzinfo is None:
        yield "Date has no zone"
    if not re.fullmatch(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+>", message["Message-ID"].strip()):
        yield f"Message-ID {message['Message-ID']}"
    if not str(message["Subject"]).strip():
        yield "no subject"


def raw_header(raw, name):
    """A header's value as it stands in the bytes, folds undone by taking out the line ends only."""
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii", "replace")
    found = re.search(rf"(?im)^{re.escape(name)}:[ \t]*([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", head)
    return re.sub(r"\r\n(?=[ \t])", "", found.group(1)) if found else ""


def display_name(raw, to, bad):
    """The name in To. Python's newer parser puts a space between two encoded words, against RFC 2047 section 6.2, so
    that the older decoder is believed; apart from white space both must agree."""
    written = re.sub(r"""[ \t]*<("([^"\\]|\\.)*"|[^"<>]*)@[^<>]*>$""", "", raw_header(raw, "To")).strip()
    if "=?" not in written:
        return to.display_name
    older = str(email.header.make_header(email.header.decode_header(written)))
    if re.sub(r"\s", "", older) != re.sub(r"\s", "", to.display_name):
        bad.append(f"two decoders read the name as {older!r} and {to.display_name!r}")
    return older


def check_unsubscribe(raw, to, bad):
    """List-Unsubscribe (RFC 2369, RFC 8058); returns its https address."""
    value = raw_header(raw, "List-Unsubscribe")
    if not re.fullmatch(r"<[^<>\s,]+>(,[ \t]*<[^<>\s,]+>)*", value):
        bad.append(f"List-Unsubscribe {value!r}")
    urls = re.findall(r"<([^<>]+)>", value)
    https = [url for url in urls if url.startswith("https://")]
    post = raw_header(raw, "List-Unsubscribe-Post")
    if https and post != "List-Unsubscribe=One-Click":
        bad.append(f"List-Unsubscribe-Post {post!r}")
    if len(https) != 1 or any(not url.startswith(("https://", "mailto:")) for url in urls):
        bad.append(f"List-Unsubscribe wants one https URL, and mailto beside it: {urls}")
        return ""
    if "@" in https[0] or to.partition("@")[0].lower() in https[0].lower().split("/"):
        bad.append(f"the unsubscribe link tells the address: {https[0]}")
    if len(https[0]) > 200:
        bad.append("the unsubscribe link is over 200 characters")
    return https[0]


def check_structure(message, bad):
    """multipart/alternative with the text first and the html last; returns both, decoded."""
    boundaries = []
    for part in message.walk():
        bad += [f"{part.get_content_type()}: {defect!r}" for defect in part.defects]
        if part.is_multipart():
            boundary = part.get_boundary("")
            boundaries.append(boundary)
            if not 1 <= len(boundary) <= 70 or not re.fullmatch(r"[0-9A-Za-z'()+_,./:=? -]*[0-9A-Za-z'()+_,./:=?-]", boundary):
                bad.append(f"boundary {boundary!r}")
    alternative = next((p for p in message.walk() if p.get_content_type() == "multipart/alternative"), None)
    if alternative is None:
        bad.append("no multipart/alternative")
        return "", ""
    parts = [part.get_content_type() for part in alternative.iter_parts()]
    if parts[:1] != ["text/plain"] or parts[-1:] not in (["text/html"], ["multipart/related"]):
        bad.append(f"the alternatives are {parts}")
    bodies = []
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        if part is None:
            bad.append(f"no {kind} part")
            bodies.append("")
            continue
        encoding = str(part.get("Content-Transfer-Encoding", "7bit")).lower()
        if encoding not in ("7bit", "quoted-printable", "base64"):
            bad.append(f"{kind} part encoded as {encoding}")
        if part.get_content_charset() != "utf-8":
            bad.append(f"{kind} part in {part.get_content_charset()}")
        payload = part.get_payload()
        if encoding != "7bit" and any(len(line) > 76 for line in payload.splitlines()):
            bad.append(f"an encoded line over 76 in the {kind} part")
        if any("--" + boundary in payload for boundary in boundaries):
            bad.append(f"a boundary inside the {kind} part")
        # Strict decoding: a broken byte sequence is a fault, not a question mark.
        try:
            bodies.append(part.get_payload(decode=True).decode("utf-8", "strict").replace("\r\n", "\n"))
        except UnicodeDecodeError as error:
            bad.append(f"{kind} part: {error}")
            bodies.append("")
        if not bodies[-1].strip():
            bad.append(f"the {kind} part is empty")
    return bodies[0], bodies[1]


def columns(line):
    """How wide a line is on a terminal."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in line)
    return len(line) + wide - sum(bool(unicodedata.combining(c)) or unicodedata.category(c) in ("Cf", "Me", "Mn") for c in line)


def without(text, values):
    """The text without what the reader brought into it, longest first."""
    for value in sorted(values, key=len, reverse=True):
        if len(value) > 1:
            text = text.replace(value, "")
    return text


def check_text(text, values, unsubscribe):
    if unsubscribe and unsubscribe not in text:
        yield "the text part has no unsubscribe link"
    if re.search(r"<(p|div|span|td|tr|table|br|a|img|strong|em|h[1-6])[ >/]", without(text, values)):
        yield "markup in the text part"
    if re.search(r"&(nbsp|amp|lt|gt|quot|#\d+);", without(text, values)):
        yield "a character reference in the text part"
    for line in text.split("\n"):
        plain = without(line, values)
        if columns(line) > 78 and plain == line and not re.search(r"https?://|mailto:", line):
            yield f"a text line of {columns(line)} columns: {line!r}"
    yield from (f"{word} in the text part" for word in UNRESOLVED if word in without(text, values))


def check_html(source, page, text, values, unsubscribe):
    yield from page.bad
    if unsubscribe not in page.links:
        yield "the html part has no unsubscribe link"
    for link in page.links:
        if link.startswith("#"):
            continue
        if not link.startswith(("https://", "mailto:")):
            yield f"a link that is not https: {link}"
        elif link.removeprefix("mailto:") not in text:
            yield f"a link that the text part does not have: {link}"
    for used in page.sources:
        if used and not used.startswith(("https://", "cid:")):
            yield f"a source that is not https: {used}"
    if len(source.encode()) > 102 * 1024:
        yield "the html part is over 102 KiB and would be clipped"
    words = without("".join(page.words), values)
    everything = words + without("\n".join(page.unseen), values)
    yield from (f"{word} in the html part" for word in UNRESOLVED if word in everything)
    if re.search(r"\b(None|null|undefined|NaN)\b", words):
        yield "a programmer's nothing in the html part"
    if not re.search(r"<html[^>]* lang=", source):
        yield "the html says no language"


def check(path, expect):
    raw = path.read_bytes()
    bad = list(check_bytes(raw))
    try:
        BytesParser(policy=STRICT).parsebytes(raw)
    except Exception as error:  # noqa: BLE001 (whatever the strict parser finds is a finding)
        bad.append(f"strict parser: {error!r}")
    message = BytesParser(policy=LENIENT).parsebytes(raw)
    result = {"file": path.name, "to": "", "bad": bad}
    try:
        bad += check_headers(message, expect["headers"], expect["optional"])
        if len(message["To"].addresses) != 1:
            bad.append(f"To is {message['To']}")
        to = message["To"].addresses[0]
        result["to"], result["name"] = to.addr_spec, display_name(raw, to, bad)
        values = expect["readers"].get(to.addr_spec, [])
        result["subject"], result["message_id"] = str(message["Subject"]), message["Message-ID"].strip()
        result["unsubscribe"] = check_unsubscribe(raw, to.addr_spec, bad)
        text, source = check_structure(message, bad)
        page = Page()
        page.feed(source)
        page.close()
        bad += check_text(text, values, result["unsubscribe"])
        bad += check_html(source, page, text, values, result["unsubscribe"])
        result |= {"text": text, "html": source, "words": "".join(page.words), "tags": " ".join(page.tags)}
        result["headers"] = [name for name in message.keys()]
    except Exception as error:  # noqa: BLE001 (a message that can't be looked at is a fault, not a crash of ours)
        bad.append(f"can't be examined: {error!r}")
    return result


def main():
    expect = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    results = [check(path, expect) for path in sorted(pathlib.Path(sys.argv[2]).glob("*.eml"))]
    seen = [result["to"] for result in results]
    for result in results:
        if seen.count(result["to"]) > 1:
            result["bad"].append("one of several messages to this address")
        if result["to"] not in expect["readers"]:
            result["bad"].append(f"nobody expected a message to {result['to']}")
        if result.get("headers") != results[0].get("headers"):
            result["bad"].append(f"other headers than the first message: {result.get('headers')}")
    ids = [result.get("message_id") for result in results]
    if len(set(ids)) != len(ids):
        results[0]["bad"].append("Message-IDs are not unique")
    for result in results:
        print(json.dumps(result))
    missing = sorted(set(expect["readers"]) - set(seen))
    if missing:
        print(f"no message to {missing}", file=sys.stderr)
    sys.exit(1 if missing or any(result["bad"] for result in results) else 0)


if __name__ == "__main__":
    main()
