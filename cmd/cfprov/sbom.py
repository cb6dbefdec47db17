#!/usr/bin/env python3
"""The parts of a built cfprov, as a CycloneDX 1.5 document on standard output.

    sbom.py PROGRAM VERSION [SECONDS [SOURCES]]

Every library that the program names is in it, and the header of uthash, which is compiled in: with
its version, its licence and, on Debian, its package. The same program on the same system gives the
same bytes: the only time is SECONDS since 1970, and the serial number follows from the rest. What
the libraries load in turn is not in it: it is the system's, and may be updated without cfprov.
Of a static program, SOURCES names what is linked into it, in lines of name, version and version of
the Debian source package, as .packaging/static-libs.sh writes them.
"""
import datetime
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.parse
import uuid

# By SONAME without its number: name, licence (SPDX), pkg-config module, site.
LIBRARIES = {
    "libcurl.so": ("curl", "curl", "libcurl", "https://curl.se"),
    "libyaml-0.so": ("libyaml", "MIT", "yaml-0.1", "https://pyyaml.org/wiki/LibYAML"),
    "libcjson.so": ("cJSON", "MIT", "libcjson", "https://github.com/DaveGamble/cJSON"),
    "libsodium.so": ("libsodium", "ISC", "libsodium", "https://libsodium.org"),
    "libc.so": ("glibc", "LGPL-2.1-or-later", None, "https://www.gnu.org/software/libc/"),
}
# What a static program has in it, by Debian's source package: licence (SPDX), site.
STATIC = {
    "curl": ("curl", "https://curl.se"),
    "libyaml": ("MIT", "https://pyyaml.org/wiki/LibYAML"),
    "cjson": ("MIT", "https://github.com/DaveGamble/cJSON"),
    "libsodium": ("ISC", "https://libsodium.org"),
    "openssl": ("Apache-2.0", "https://www.openssl.org"),
    "nghttp2": ("MIT", "https://nghttp2.org"),
    "musl": ("MIT", "https://musl.libc.org"),
}
UTHASH = ("uthash", "BSD-1-Clause", "https://troydhanson.github.io/uthash/")


def run(*command):
    """What a command prints, or None."""
    if not shutil.which(command[0]):
        return None
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env={**os.environ, "LC_ALL": "C"})
    return done.stdout.strip() if done.returncode == 0 else None


def needed(program):
    """The SONAMEs that the program names, sorted."""
    dynamic = run("readelf", "-dW", program)
    if dynamic is None:
        sys.exit(f"sbom: readelf is missing, or {program} is no program")
    return sorted(re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic))


def path_of(program, soname):
    """Where the loader finds a library."""
    found = re.search(rf"^\s*{re.escape(soname)} => (\S+)", run("ldd", program) or "", re.M)
    if not found:
        sys.exit(f"sbom: {soname} is not found")
    return os.path.realpath(found[1])


def system():
    """ID and VERSION_ID of os-release."""
    values = {}
    if os.path.exists("/etc/os-release"):
        with open("/etc/os-release", encoding="utf-8") as file:
            for line in file:
                key, _, value = line.strip().partition("=")
                values[key] = value.strip("\"'")
    return values.get("ID", ""), values.get("VERSION_ID", "")


def package(path):
    """Package, version and architecture of the Debian package that has the file, or None."""
    # Where /lib is a link to /usr/lib, dpkg may know the file by either name.
    for name in (path, path.removeprefix("/usr"), "/usr" + path):
        owner = run("dpkg-query", "-S", name)
        if owner:
            shown = run("dpkg-query", "-W", "-f", "${Package} ${Version} ${Architecture}",
                        owner.split("\n")[0].split(": ")[0])
            return shown.split(" ") if shown else None
    return None


def upstream(version):
    """The version of the source, of that of a Debian package."""
    return re.sub(r"^\d+:", "", version).rsplit("-", 1)[0]


def component(name, licence, site, path, version):
    """One library. `version` may be None: then it is that of the package."""
    owner = package(path)
    if not version and not owner:
        sys.exit(f"sbom: nobody knows the version of {name}")
    version = version or upstream(owner[1])
    part = {"type": "library", "bom-ref": f"{name}@{version}", "name": name, "version": version,
            "licenses": [{"license": {"id": licence}}]}
    if owner:
        distribution, release = system()
        quoted = [urllib.parse.quote(text, safe="") for text in owner]
        part["purl"] = (f"pkg:deb/{distribution}/{quoted[0]}@{quoted[1]}"
                        f"?arch={quoted[2]}&distro={distribution}-{release}")
    part["externalReferences"] = [{"type": "website", "url": site}]
    if owner:
        part["properties"] = [{"name": "cfprov:debian:package", "value": owner[0]},
                              {"name": "cfprov:debian:version", "value": owner[1]}]
    return part


def linked(sources):
    """What is in a static program; libmicrohttpd is cfsim's."""
    parts = []
    with open(sources, encoding="utf-8") as file:
        lines = [line.split() for line in file]
    for name, version, debian in lines:
        if name == "libmicrohttpd":
            continue
        if name not in STATIC:
            sys.exit(f"sbom: {name} is not in the table of this script: add its licence")
        licence, site = STATIC[name]
        distribution, release = system()
        parts.append({
            "type": "library", "bom-ref": f"{name}@{version}", "name": name, "version": version,
            "licenses": [{"license": {"id": licence}}],
            "purl": (f"pkg:deb/{distribution}/{name}@{urllib.parse.quote(debian, safe='')}"
                     f"?arch=source&distro={distribution}-{release}"),
            "externalReferences": [{"type": "website", "url": site}],
            "properties": [{"name": "cfprov:linkage", "value": "static"},
                           {"name": "cfprov:debian:version", "value": debian}]})
    return parts


def libraries(program, sources):
    """All of them, sorted by name."""
    names = needed(program)
    if bool(names) == bool(sources):
        sys.exit(f"sbom: {program} names libraries, though it should be static" if names else
                 f"sbom: {program} names no library: pass SOURCES if it is static")
    parts = linked(sources) if sources else []
    for soname in names:
        known = LIBRARIES.get(re.sub(r"\.so\..*", ".so", soname))
        if not known:
            if soname.startswith("ld-linux"):
                continue  # of glibc
            sys.exit(f"sbom: {soname} is not in the table of this script: add its licence")
        name, licence, module, site = known
        version = run("pkg-config", "--modversion", module) if module else None
        part = component(name, licence, site, path_of(program, soname), version)
        part.setdefault("properties", []).append({"name": "cfprov:soname", "value": soname})
        parts.append(part)
    parts.append(uthash())
    return sorted(parts, key=lambda part: part["name"])


def uthash():
    """The header, as the compiler finds it."""
    compiler = os.environ.get("CC", "cc").split()
    made = subprocess.run([*compiler, "-E", "-dD", "-include", "uthash.h", "-xc", "/dev/null"],
                          capture_output=True, text=True, check=True).stdout
    path = re.search(r'^# \d+ "([^"]*/uthash\.h)"', made, re.M)
    version = re.search(r"^#define UTHASH_VERSION (\S+)", made, re.M)
    part = component(UTHASH[0], UTHASH[1], UTHASH[2], os.path.realpath(path[1]), version[1])
    part["properties"] = part.get("properties", []) + [
        {"name": "cfprov:linkage", "value": "header"}]
    return part


def document(program, version, seconds, sources):
    """All of it."""
    with open(program, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    parts = libraries(program, sources)
    own = f"cfprov@{version}"
    metadata = {}
    if seconds:
        moment = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)
        metadata["timestamp"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata["component"] = {
        "type": "application", "bom-ref": own, "name": "cfprov", "version": version,
        "description": "Declarative provisioner for Cloudflare Secrets Store",
        "hashes": [{"alg": "SHA-256", "content": digest}],
        "licenses": [{"license": {"id": "MIT"}}],
        "purl": f"pkg:generic/cfprov@{urllib.parse.quote(version, safe='')}"}
    refs = [part["bom-ref"] for part in parts]
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "metadata": metadata,
           "components": parts,
           "dependencies": [{"ref": own, "dependsOn": refs}] + [{"ref": ref} for ref in refs]}
    text = json.dumps(bom, sort_keys=True)
    serial = uuid.uuid5(uuid.NAMESPACE_URL, "cfprov:" + hashlib.sha256(text.encode()).hexdigest())
    bom["serialNumber"] = f"urn:uuid:{serial}"
    return bom


def main():
    if not 3 <= len(sys.argv) <= 5:
        sys.exit(__doc__)
    bom = document(*(sys.argv[1:] + ["", ""])[:4])
    json.dump(bom, sys.stdout, indent=2, sort_keys=True)
    print()


main()
