# SPDX-License-Identifier: Apache-2.0
# What can be chosen at configure time, and the warnings that all our files are compiled with.
option(MPIJOBD_WERROR "Treat warnings as errors" OFF)
option(MPIJOBD_FUZZ "Build the libFuzzer targets (needs clang)" OFF)
set(MPIJOBD_SANITIZE "" CACHE STRING "Sanitizers, comma separated: address,undefined")

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_C_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(mpijobd_flags INTERFACE)
target_compile_definitions(mpijobd_flags INTERFACE _GNU_SOURCE)
target_compile_options(mpijobd_flags INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wvla
  -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -fno-omit-frame-pointer -fstack-protector-strong)
target_include_directories(mpijobd_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
if(MPIJOBD_WERROR)
  target_compile_options(mpijobd_flags INTERFACE -Werror)
endif()
if(MPIJOBD_FUZZ) # coverage of the floors themselves guides the fuzzer
  target_compile_options(mpijobd_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(MPIJOBD_SANITIZE)
  target_compile_options(mpijobd_flags INTERFACE -fsanitize=${MPIJOBD_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(mpijobd_flags INTERFACE -fsanitize=${MPIJOBD_SANITIZE})
endif()

# What is shipped is hardened as Debian does it (dpkg-buildflags, hardening=+all) and more; tests/unit/check_hardened.py reads the
# programs. Sanitizers and fuzzers check more than this, and get in its way.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)

# mpijobd_harden(flag...): each flag that this compiler knows. Some belong to one processor, some to newer compilers.
function(mpijobd_harden)
  foreach(flag ${ARGN})
    string(MAKE_C_IDENTIFIER "MPIJOBD_HAS${flag}" known)
    check_c_compiler_flag(${flag} ${known})
    if(${known})
      target_compile_options(mpijobd_flags INTERFACE ${flag})
    endif()
  endforeach()
endfunction()

set(MPIJOBD_HARDENED OFF)
if(CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo|MinSizeRel)$" AND NOT MPIJOBD_SANITIZE AND NOT MPIJOBD_FUZZ)
  set(MPIJOBD_HARDENED ON)
  # Level 3 also bounds buffers whose size is known only at run time; a compiler without it would warn of it.
  set(CMAKE_REQUIRED_FLAGS "-O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
  check_c_source_compiles("#include <stdio.h>
    #if __USE_FORTIFY_LEVEL != 3
    #error level 3 is not to be had
    #endif
    int main(void) { return 0; }" MPIJOBD_HAS_FORTIFY_3)
  unset(CMAKE_REQUIRED_FLAGS)
  set(level 2)
  if(MPIJOBD_HAS_FORTIFY_3)
    set(level 3)
  endif()
  target_compile_options(mpijobd_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=${level} -Wformat-security)
  mpijobd_harden(-fstack-clash-protection -ftrivial-auto-var-init=zero)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|i.86)$")
    mpijobd_harden(-fcf-protection=full)
    # Debian 12's start files do not say that they keep a shadow stack; they do.
    target_link_options(mpijobd_flags INTERFACE -Wl,-z,shstk)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    mpijobd_harden(-mbranch-protection=standard)
  endif()
  # Programs are position-independent, and nothing of them is both writable and executable, or bound after the start.
  target_compile_options(mpijobd_flags INTERFACE $<$<NOT:$<STREQUAL:$<TARGET_PROPERTY:TYPE>,MODULE_LIBRARY>>:-fPIE>)
  # After -static-pie, -pie would make the program dynamic again.
  set(dynamic $<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>,$<NOT:$<BOOL:$<TARGET_PROPERTY:MPIJOBD_STATIC>>>)
  target_link_options(mpijobd_flags INTERFACE $<$<AND:${dynamic}>:-pie> -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
