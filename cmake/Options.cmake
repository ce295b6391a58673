# What can be chosen at configure time, and the warnings that every file of ours is compiled with.
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
