#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is this JSON a document as SPDX 2.3 has it? spdx.py FILE prints what is against its rules, a line each; nothing: all is well.

The rules are those of the specification's clauses 6 (document), 7 (packages), 10 (other licences), 11 (relationships) and Annex D (licence expressions), as far as such documents use
them: fields that are required, their forms, identifiers that are unique and exist, licences that are known or come with their text."""
import json
import re
import sys

# Of the SPDX licence list, those that scripts/release may write.
KNOWN = set("""Apache-2.0 Artistic-1.0-Perl BSD-1-Clause BSD-2-Clause BSD-3-Clause BSD-4-Clause CC0-1.0 curl GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later ISC LGPL-2.0-only
LGPL-2.0-or-later LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later MIT OLDAP-2.8 Zlib""".split())
PURPOSES = set("APPLICATION FRAMEWORK LIBRARY CONTAINER OPERATING-SYSTEM DEVICE FIRMWARE SOURCE ARCHIVE FILE INSTALL OTHER".split())
RELATIONSHIPS = set("DESCRIBES CONTAINS DYNAMIC_LINK STATIC_LINK DEPENDS_ON".split())  # some of the 45
LENGTHS = {"SHA1": 40, "SHA256": 64, "SHA512": 128}
IDENTIFIER = re.compile(r"SPDXRef-[A-Za-z0-9.-]+")
ACTOR = re.compile(r"(Person|Organization): .+( \(.*\))?")
wrong = []


def must(condition, text):
    if not condition:
        wrong.append(text)


def expression(text, extracted, at):
    if text in ("NOASSERTION", "NONE"):
        return
    words = re.findall(r"[()]|[^\s()]+", text)
    depth, wants = 0, True  # wants: a licence comes next
    for word in words:
        if word == "(":
            must(wants, f"{at}: a licence is missing before ( in {text!r}")
            depth += 1
        elif word == ")":
            must(not wants and depth > 0, f"{at}: ) is at a wrong place in {text!r}")
            depth -= 1
        elif word in ("AND", "OR"):
            must(not wants, f"{at}: {word} joins nothing in {text!r}")
            wants = True
        else:
            must(wants, f"{at}: two licences without a word between in {text!r}")
            must(word in KNOWN or word in extracted, f"{at}: {word} is neither on the list nor in hasExtractedLicensingInfos")
            wants = False
    must(not wants and depth == 0, f"{at}: {text!r} is no licence expression")


def package(p, extracted):
    at = p.get("name", "a package without a name")
    for field in ("name", "SPDXID", "downloadLocation"):
        must(isinstance(p.get(field), str) and p[field], f"{at}: {field} is required")
    must(IDENTIFIER.fullmatch(p.get("SPDXID", "")), f"{at}: {p.get('SPDXID')!r} is no identifier")
    must(re.match(r"(NOASSERTION|NONE)$|[a-z+]+://", p.get("downloadLocation", "")), f"{at}: downloadLocation")
    # 7.8: by default files were analyzed, which needs a verification code (7.9).
    must(p.get("filesAnalyzed") is False or "packageVerificationCode" in p, f"{at}: filesAnalyzed without packageVerificationCode")
    for field in ("licenseConcluded", "licenseDeclared"):
        must(isinstance(p.get(field), str), f"{at}: {field} is missing")
        expression(p.get(field, "NONE"), extracted, f"{at}: {field}")
    must(isinstance(p.get("copyrightText"), str), f"{at}: copyrightText is missing")
    must(isinstance(p.get("versionInfo"), str) and p["versionInfo"], f"{at}: versionInfo is missing")
    supplier = p.get("supplier", "NOASSERTION")
    must(supplier == "NOASSERTION" or ACTOR.fullmatch(supplier), f"{at}: supplier {supplier!r}")
    must(p.get("primaryPackagePurpose", "OTHER") in PURPOSES, f"{at}: primaryPackagePurpose")
    for c in p.get("checksums", []):
        must(re.fullmatch(r"[0-9a-f]+", c["checksumValue"]) and len(c["checksumValue"]) == LENGTHS.get(c["algorithm"]), f"{at}: the checksum {c}")
    for r in p.get("externalRefs", []):
        must(r.get("referenceCategory") in ("SECURITY", "PACKAGE-MANAGER", "PERSISTENT-ID", "OTHER"), f"{at}: referenceCategory")
        must(re.fullmatch(r"pkg:(deb/\w+|npm)/[a-z0-9.+-]+@[A-Za-z0-9.~%_-]+(\?[a-z]+=[a-z0-9.-]+(&[a-z]+=[a-z0-9.-]*)*)?", r.get("referenceLocator", "")), f"{at}: {r.get('referenceLocator')!r}")


def main():
    d = json.load(open(sys.argv[1], encoding="utf-8"))
    must(d.get("spdxVersion") == "SPDX-2.3", "spdxVersion")
    must(d.get("dataLicense") == "CC0-1.0", "dataLicense has to be CC0-1.0")
    must(d.get("SPDXID") == "SPDXRef-DOCUMENT", "SPDXID of the document")
    must(d.get("name"), "name of the document")
    must(re.fullmatch(r"[a-z]+://[^#\s]+", d.get("documentNamespace", "")), "documentNamespace has to be a URI without #")
    info = d.get("creationInfo", {})
    must(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", info.get("created", "")), "creationInfo.created")
    creators = info.get("creators", [])
    must(creators and all(re.fullmatch(r"(Tool|Person|Organization): .+", c) for c in creators), "creationInfo.creators")
    extracted = {e.get("licenseId") for e in d.get("hasExtractedLicensingInfos", [])}
    for e in d.get("hasExtractedLicensingInfos", []):
        must(re.fullmatch(r"LicenseRef-[A-Za-z0-9.-]+", e.get("licenseId", "")), f"licenseId {e.get('licenseId')!r}")
        must(e.get("extractedText", "").strip(), f"{e.get('licenseId')} has no text")
    identifiers = [p.get("SPDXID") for p in d.get("packages", [])]
    must(len(set(identifiers)) == len(identifiers), "two packages have one identifier")
    for p in d.get("packages", []):
        package(p, extracted)
    ends = {"SPDXRef-DOCUMENT", *identifiers}
    described = 0
    related = set()
    for r in d.get("relationships", []):
        must(r.get("spdxElementId") in ends and r.get("relatedSpdxElement") in ends, f"a relationship of what is not there: {r}")
        must(r.get("relationshipType") in RELATIONSHIPS, f"relationshipType {r.get('relationshipType')!r}")
        described += r.get("relationshipType") == "DESCRIBES" and r.get("spdxElementId") == "SPDXRef-DOCUMENT"
        related.add(r.get("relatedSpdxElement"))
    must(described == 1, "the document has to describe one package")
    must(set(identifiers) == related, "packages that nothing is said of: " + ", ".join(set(identifiers) - related))
    print("\n".join(wrong))


main()
