# SPDX-License-Identifier: Apache-2.0
# cmake -DNAME=test "-DMODULES=luassert.util|/usr/share/.../util.lua|..." -DTO=a.c -P EmbedModules.cmake: the files' bytes
# as a C table embedded_NAME of name, bytes and length, which ends in a NULL name.
string(REPLACE "|" ";" modules "${MODULES}")
set(arrays "")
set(rows "")
set(number 0)
while(modules)
  list(POP_FRONT modules module file)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(REGEX REPLACE "('....','....','....','....','....','....','....','....','....','....','....','....','....','....','....','....',)" "\\1\n" bytes "${bytes}")
  string(APPEND arrays "static const char m${number}[] = {\n${bytes}0};\n")
  string(APPEND rows "    {\"${module}\", m${number}, sizeof m${number} - 1},\n")
  math(EXPR number "${number} + 1")
endwhile()
file(WRITE ${TO} "#include <stddef.h>\n"
  "struct embedded_module {\n    const char *name;\n    const char *bytes;\n    size_t len;\n};\n"
  "extern const struct embedded_module embedded_${NAME}[];\n${arrays}"
  "const struct embedded_module embedded_${NAME}[] = {\n${rows}    {NULL, NULL, 0}};\n")
