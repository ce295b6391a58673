#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a built program and says which hardening it lacks (cmake/Options.cmake).

    check_hardened.py BUILD PROGRAM... [--static PROGRAM...]    BUILD: the build directory, with compile_commands.json

Exit code 0: nothing is missing; 1: something is. What a flag leaves in the program is looked for there; flags that leave
nothing are looked for in the debug information, which names them for each source, and in the compiler's commands."""
import json
import os
import re
import subprocess
import sys

failures = []


def expect(good, program, what):
    if not good:
        failures.append(f"{os.path.basename(program)}: {what}")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def check_segments(program):
    headers = output("readelf", "-hlW", program)
    expect("DYN (Position-Independent Executable" in headers or re.search(r"Type:\s+DYN", headers), program, "not position-independent (-fPIE, -pie)")
    segments = re.findall(r"^  ([A-Z_]+) +0x\S+ 0x\S+ 0x\S+ 0x\S+ 0x\S+ ([R ][W ][E ])", headers, re.M)
    expect(len(segments) > 4, program, "its segments could not be read")
    names = dict(segments)
    expect("GNU_RELRO" in names, program, "no read-only relocations (-z relro)")
    expect(names.get("GNU_STACK") == "RW ", program, "the stack may be executed (-z noexecstack)")
    expect(not any(flags.endswith("WE") for _, flags in segments), program, "a segment is writable and executable")


def check_static(program):
    expect("INTERP" not in output("readelf", "-lW", program), program, "it is linked dynamically (-static-pie; a later -pie undoes it)")
    symbols = output("readelf", "-sW", program)
    for name in ("__stack_chk_fail", "__snprintf_chk"):
        expect(re.search(rf" {name}\b", symbols), program, f"no {name} (-fstack-protector-strong, -D_FORTIFY_SOURCE)")


def check_dynamic(program):
    dynamic = output("readelf", "-dW", program)
    expect("BIND_NOW" in dynamic or re.search(r"FLAGS_1\).*\bNOW\b", dynamic), program, "symbols are bound late (-z now)")
    expect("TEXTREL" not in dynamic, program, "its code is relocated (TEXTREL)")
    expect("(RPATH)" not in dynamic and "(RUNPATH)" not in dynamic, program, "it looks for libraries by a path of its own (RPATH)")


def check_symbols(program):
    symbols = output("readelf", "--dyn-syms", "-W", program)
    expect("__stack_chk_fail" in symbols, program, "no canaries (-fstack-protector-strong)")
    checked = set(re.findall(r"UND (__\w+_chk)\b", symbols))
    expect(len(checked) >= 4, program, f"hardly any checked function of the C library (-D_FORTIFY_SOURCE): {sorted(checked)}")


def check_branches(program):
    machine = re.search(r"Machine:\s+(.*)", output("readelf", "-hW", program))[1]
    first = output("objdump", "-d", "--no-show-raw-insn", "--disassemble=main", program)
    if "X86-64" in machine:
        expect("SHSTK" in output("readelf", "-nW", program), program, "not marked for shadow stacks (-fcf-protection, -z shstk)")
        expect("endbr64" in first, program, "main is no marked target of branches (-fcf-protection)")
    elif "AArch64" in machine:
        expect("paciasp" in first or "bti" in first, program, "main signs no return address (-mbranch-protection=standard)")


def check_sources(build, program):
    """Each source that was compiled into it: the compiler writes its flags into the debug information."""
    producers = re.findall(r"DW_AT_producer.*?: (GNU C\d+ (\d+)\..*)", output("readelf", "--debug-dump=info", "--dwarf-depth=1", "-W", program))
    wanted = ["-fstack-protector-strong", "-fstack-clash-protection", "-ftrivial-auto-var-init=zero", "-fPIE"]
    for flags, release in producers:
        for flag in wanted if int(release) >= 12 else []:
            expect(flag in flags, program, f"a source was compiled without {flag}")
    with open(f"{build}/compile_commands.json", encoding="utf-8") as file:
        commands = [entry for entry in json.load(file) if "/src/" in entry["file"]]
    expect(commands, program, "no command of the compiler is known")
    level = 3 if any(int(release) >= 12 for _, release in producers) else 2
    for entry in commands:
        found = re.search(r"-D_FORTIFY_SOURCE=(\d)", entry["command"])
        expect(found and int(found[1]) >= level, program, f"{os.path.basename(entry['file'])}: compiled without -D_FORTIFY_SOURCE={level}")


def main():
    if len(sys.argv) < 3 or sys.argv[1].startswith("-"):
        print(__doc__)
        return 0 if "--help" in sys.argv else 2
    static = False
    for program in sys.argv[2:]:
        if program == "--static":
            static = True
            continue
        for check in (check_segments, check_dynamic, check_static if static else check_symbols, check_branches):
            check(program)
        check_sources(sys.argv[1], program)
    for failure in sorted(set(failures)):
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
