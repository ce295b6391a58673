#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds scripts/floors and scripts/lint-sources to small trees in which one thing is wrong: it is found, and said with its place."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Two floors as they should be: top may use ground, and does.
GOOD = {
    "src/floors": "# a comment\nground | | | what all stand on\nmid | ground | | a floor\ntop | mid ground | UV | the highest\n",
    "src/ground/README.md": "# ground\n",
    "src/ground/ground.h": "/* What all stand on. */\n#ifndef MPIJOBD_GROUND_GROUND_H\n#define MPIJOBD_GROUND_GROUND_H\nint ground(void);\n#endif\n",
    "src/ground/ground.c": '/* What all stand on. */\n#include "ground/ground.h"\nint ground(void) { return 1; }\n',
    "src/mid/README.md": "# mid\n",
    "src/mid/mid.h": "/* A floor. */\n#ifndef MPIJOBD_MID_MID_H\n#define MPIJOBD_MID_MID_H\nint mid(void);\n#endif\n",
    "src/mid/mid.c": '/* A floor. */\n#include "mid/mid.h"\n#include "ground/ground.h"\nint mid(void) { return ground(); }\n',
    "src/top/README.md": "# top\n",
    "src/top/top.c": '/* The highest. */\n#include "mid/mid.h"\n#include "ground/ground.h"\n'
                     "int uv_run(void);\nint top(void);\nint top(void) { return mid() + ground() + uv_run(); }\n",
    "docs/architecture.md": "before\n<!-- made from src/floors by: scripts/floors table --write -->\n<!-- the end of what is made -->\nafter\n",
}


LICENCE = "/* SPDX-License-Identifier: Apache-2.0 */\n"
for name in GOOD:
    if name.endswith((".c", ".h")):
        GOOD[name] = LICENCE + GOOD[name]


class Tree(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="floors-")
        self.addCleanup(shutil.rmtree, self.folder)
        for path, text in GOOD.items():
            self.write(path, text)
        for name in ("floors", "lint-sources"):  # each works on the tree that it stands in
            os.makedirs(f"{self.folder}/scripts", exist_ok=True)
            shutil.copy(f"{ROOT}/scripts/{name}", f"{self.folder}/scripts/{name}")

    def write(self, path, text):
        os.makedirs(os.path.dirname(f"{self.folder}/{path}"), exist_ok=True)
        with open(f"{self.folder}/{path}", "w", encoding="utf-8") as file:
            file.write(text)

    def build(self):
        """Compiles every source as CMake would name its object."""
        commands = []
        for folder in ("ground", "mid", "top"):
            for name in sorted(os.listdir(f"{self.folder}/src/{folder}")):
                if name.endswith(".c"):
                    source, output = f"{self.folder}/src/{folder}/{name}", f"CMakeFiles/floor_{folder}.dir/src/{folder}/{name}.o"
                    os.makedirs(os.path.dirname(f"{self.folder}/build/dev/{output}"), exist_ok=True)
                    command = f"cc -I{self.folder}/src -o {output} -c {source}"
                    subprocess.run(command.split(), cwd=f"{self.folder}/build/dev", check=True)
                    commands.append({"directory": f"{self.folder}/build/dev", "command": command, "file": source})
        self.write("build/dev/compile_commands.json", json.dumps(commands))

    def run_script(self, *command):
        return subprocess.run([f"{self.folder}/scripts/{command[0]}", *command[1:]], capture_output=True, text=True, check=False)

    def assert_said(self, *texts, command=("floors", "check")):
        result = self.run_script(*command)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        for text in texts:
            self.assertIn(text, result.stdout)

    def assert_silent(self, command=("floors", "check")):
        result = self.run_script(*command)
        self.assertEqual((result.returncode, result.stdout), (0, ""), result.stderr)


class Floors(Tree):
    def test_a_good_tree(self):
        self.assert_silent()
        self.build()
        self.assert_silent()
        self.assert_silent(("lint-sources",))

    def test_an_include_of_a_floor_that_is_not_named(self):
        self.write("src/mid/mid.c", GOOD["src/mid/mid.c"])
        self.write("src/floors", GOOD["src/floors"].replace("mid | ground |", "mid | |"))
        self.assert_said("src/mid/mid.c:4: mid may not use ground (ground/ground.h)", "add ground to the line of mid")

    def test_an_include_of_nothing(self):
        self.write("src/mid/mid.c", GOOD["src/mid/mid.c"].replace("ground/ground.h", "ground.h"))
        self.assert_said("src/mid/mid.c:4: there is no src/ground.h")

    def test_a_library_that_is_not_named(self):
        self.write("src/mid/mid.c", GOOD["src/mid/mid.c"] + "#include <uv.h>\n")
        self.assert_said("src/mid/mid.c:6: mid may not use library UV (<uv.h>)")

    def test_arrows_that_point_down_the_file_and_a_circle(self):
        self.write("src/floors", GOOD["src/floors"].replace("ground | |", "ground | top |"))
        self.assert_said("src/floors:2: ground uses top, which does not stand above it", "a circle: ground -> top -> mid -> ground")

    def test_lines_and_folders_without_each_other(self):
        self.write("src/floors", GOOD["src/floors"].replace("mid | ground | | a floor", "attic | ground | | a floor").replace("top | mid", "top | attic"))
        self.assert_said("src/floors:3: there is no folder src/attic", "src/mid: src/floors has no line for it")

    def test_a_folder_without_readme(self):
        os.remove(f"{self.folder}/src/mid/README.md")
        self.assert_said("src/mid: README.md is missing")

    def test_a_line_that_is_no_line(self):
        self.write("src/floors", GOOD["src/floors"] + "mid | | | again\nroof | top\nshed | | | \n")
        self.assert_said("src/floors:5: mid has a line already", "src/floors:6: the line is not", "src/floors:7: the line is not")

    def test_unknown_floor_and_library(self):
        self.write("src/floors", GOOD["src/floors"].replace("mid | ground | |", "mid | ground cellar | XYZ |"))
        self.assert_said("mid uses cellar, which has no line", "library XYZ is unknown")

    def test_the_simulator_shares_nothing(self):
        self.write("src/floors", GOOD["src/floors"] + "base | | | what all have\nsim/x | base ground | | a floor of it\nroof | sim/x | | a floor above it\n")
        self.assert_said("src/floors:6: sim/x uses ground, but sim shares only base", "src/floors:7: roof uses sim/x, but sim")
        self.assertNotIn("sim/x uses base", self.run_script("floors", "check").stdout)

    def test_one_floor_may_embed_the_simulator(self):
        os.makedirs(f"{self.folder}/src/cli/test")
        self.write("src/floors", GOOD["src/floors"] + "base | | | what all have\nsim/x | base | | a floor of it\ncli/test | sim/x | | embeds it\n")
        self.assertNotIn("cli/test uses sim/x", self.run_script("floors", "check").stdout)

    def test_a_source_that_stands_in_no_folder(self):
        self.write("src/loose.c", "/* Loose. */\n")
        self.assert_said("src/loose.c: it stands in no folder")

    def test_a_symbol_without_an_include(self):
        self.write("src/ground/ground.c", '/* What all stand on. */\nint mid(void);\nint ground(void);\nint ground(void) { return mid(); }\n')
        self.assert_silent()  # nothing of it is seen before it is built
        self.build()
        self.assert_said("src/ground/ground.c: ground may not use mid: mid of src/mid/mid.c")

    def test_a_symbol_of_a_library(self):
        self.write("src/floors", GOOD["src/floors"].replace("| UV |", "| |"))
        self.build()
        self.assert_said("src/top/top.c: top may not use library UV (uv_run)")

    def test_an_arrow_that_is_not_used(self):
        self.write("src/top/top.c", "/* The highest. */\nint top(void);\nint top(void) { return 1; }\n")
        self.build()
        self.assert_said("src/floors:4: top does not use mid", "top does not use ground", "top does not use UV")

    def test_what_only_tests_need(self):
        self.write("src/mid/mid.c", GOOD["src/mid/mid.c"] + "int spare(void) { return 1; }\nint mine(void) { return 1; }\nint mid2(void) { return mine(); }\n")
        self.write("src/top/top.c", GOOD["src/top/top.c"].replace("mid()", "mid2() + mid()").replace("int top", "int mid2(void);\nint top", 1))
        self.build()
        self.assert_said("src/mid/mid.c: nothing but tests needs spare")
        self.assertNotIn("mine", self.run_script("floors", "check").stdout)

    def test_objects_that_are_older_than_their_source(self):
        self.write("src/top/top.c", "/* The highest. */\nint top(void);\nint top(void) { return 1; }\n")
        self.build()
        os.utime(f"{self.folder}/src/top/top.c", (4e9, 4e9))
        result = self.run_script("floors", "check")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("note: 1 objects in build/dev are older than their source or missing", result.stdout)

    def test_the_table(self):
        self.assert_said("docs/architecture.md: the table of floors is not that of src/floors", command=("floors", "table", "--check"))
        self.assert_silent(("floors", "table", "--write"))
        self.assert_silent(("floors", "table", "--check"))
        with open(f"{self.folder}/docs/architecture.md", encoding="utf-8") as file:
            text = file.read()
        self.assertIn("| `top` | the highest | mid, ground | UV |\n| `mid` |", text)
        self.assertTrue(text.startswith("before\n") and text.endswith("after\n"))
        self.write("docs/architecture.md", text + "## The house, drawn\n\ntop\n   ground\n\n## Next\n\nmid\n")
        self.assert_said("the drawing of the house leaves mid out", command=("floors", "table", "--check"))


class Sources(Tree):
    command = ("lint-sources",)

    def test_an_opening(self):
        self.write("src/mid/mid.c", '#include "mid/mid.h"\n')
        self.write("src/top/next.c", LICENCE + "int next;\n")
        self.assert_said("src/mid/mid.c:1: the file does not open", "src/mid/mid.c: it does not say its licence",
                         "src/top/next.c:2: the file does not open", command=self.command)
        self.write("tests/spec/a_spec.lua", "-- SPDX-License-Identifier: Apache-2.0\nlocal a\n")
        self.write("tests/spec/b_spec.lua", "-- SPDX-License-Identifier: Apache-2.0\n-- What b does.\nlocal a\n")
        self.assert_said("tests/spec/a_spec.lua:2: the file does not open", command=self.command)
        self.assertNotIn("b_spec", self.run_script(*self.command).stdout)
        self.assertNotIn("top.c", self.run_script(*self.command).stdout)

    def test_a_guard(self):
        self.write("src/mid/mid.h", GOOD["src/mid/mid.h"].replace("MID_MID", "MID"))
        self.assert_said("src/mid/mid.h: its guard is not MPIJOBD_MID_MID_H", command=self.command)

    def test_sizes(self):
        self.write("src/mid/mid.c", LICENCE + "/* Long. */\n" * 400)
        self.assert_said("src/mid/mid.c: 401 lines", command=self.command)
        for number in range(11):
            self.write(f"src/top/part{number}.c", LICENCE + "/* Long. */\n" * 399)
        self.write("src/top/part11.c", LICENCE + "/* Long. */\n" * 99)
        self.assert_said("src/top: its sources have 4507 lines", command=self.command)

    def test_comments_and_links(self):
        self.write("src/mid/mid.c", LICENCE + "/* Wide. */\nint a; /* " + "x" * 120 + " */\n")
        self.write("src/top/a.c", LICENCE + "/* See mid/mid.c and mid/gone.c. */\n#include \"mid/mid.h\"\n")
        self.assert_said("src/top/a.c:2: there is no mid/gone.c", command=self.command)
        self.write("src/top/a.c", LICENCE + "/* See mid/mid.c. */\n")
        self.write("docs/a.md", "# A `b` (c): d\n# top\n# top\n[here](architecture.md) [gone](../src/gone.c) [away](https://example.com/x) [self](#a-b-c-d) [second](#top-1) "
                   "[mistyped](#tops) [there](architecture.md#none)\n"
                   "`src/mid/mid.c` `src/mid/NAME.c` `src/mid/none.c`\n")
        self.assert_said("src/mid/mid.c:3: a comment of 133 columns", "docs/a.md:4: the link to ../src/gone.c leads nowhere",
                         "docs/a.md:5: there is no src/mid/none.c", "docs/a.md:4: there is no heading #tops in docs/a.md",
                         "docs/a.md:4: there is no heading #none in docs/architecture.md", command=self.command)
        self.assertEqual(self.run_script(*self.command).stdout.count("docs/a.md:"), 4)

    def test_errors_of_functions(self):
        self.write("src/mid/mid.h", GOOD["src/mid/mid.h"].replace("int mid(void);", """struct error;
/* Makes it. ERR_NOMEM. */
int first(int a,
          struct error *err);
int second(struct error *err);

int third(int a,
          struct error *err);
int fourth(struct error *err); /* 0 or ERR_IO */
/* Likewise. */
int fifth(struct error *err);
/* Fails as
 * second_best does. */
int sixth(struct error *err);
int seventh(const struct error *err);
/* ---- mid.c ---- ERR_IO */
int eighth(struct error *err);"""))
        self.assert_said("src/mid/mid.h:11: third does not say which errors it returns", "src/mid/mid.h:15: fifth does not", command=self.command)
        self.assertEqual(self.run_script(*self.command).stdout.count("cure"), 2)

    def test_words_and_licences(self):
        self.write("src/mid/mid.c", LICENCE + "/* Somebody wants it; NULL: there is none. */\nint a; /* a value that None has */\n")
        self.write("tests/a.py", "# nobody is here\nif a is None:\n    pass\n")
        self.write("tests/fixtures/b.py", "# again\n")
        self.write("README.md", "A program of ours.\n")
        self.assert_said('src/mid/mid.c:2: "Somebody"', 'src/mid/mid.c:2: "is none"', 'tests/a.py:1: "nobody is"',
                         "tests/a.py: it does not say its licence", 'README.md:1: "of ours"', command=self.command)
        self.assertEqual(self.run_script(*self.command).stdout.count("cure"), 5)

    def test_names(self):
        self.write("src/mid/ground.c", LICENCE + "/* Something else. */\n")
        self.assert_said("src/ground src/mid: each has a file named ground", command=self.command)


if __name__ == "__main__":
    unittest.main()
