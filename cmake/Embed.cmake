# SPDX-License-Identifier: Apache-2.0
# cmake -DNAME=sweep -DFROM=a.lua -DTO=a.c -P Embed.cmake: the file's bytes as a C array embedded_NAME.
file(READ ${FROM} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
string(REGEX REPLACE "('....','....','....','....','....','....','....','....','....','....','....','....','....','....','....','....',)" "\\1\n" bytes "${bytes}")
file(WRITE ${TO} "#include <stddef.h>\nextern const char embedded_${NAME}[];\nextern const size_t embedded_${NAME}_len;\n"
  "const char embedded_${NAME}[] = {\n${bytes}0};\nconst size_t embedded_${NAME}_len = sizeof embedded_${NAME} - 1;\n")
