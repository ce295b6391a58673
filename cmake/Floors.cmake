# SPDX-License-Identifier: Apache-2.0
# A floor is a folder under src/ and a static library floor_<name>, made of all its sources. src/floors says which floors
# and libraries each may use.

# floor_kube_auth for kube/auth
function(mpijobd_floor_target folder out)
  string(REPLACE "/" "_" name ${folder})
  set(${out} floor_${name} PARENT_SCOPE)
endfunction()

function(mpijobd_floors)
  file(STRINGS ${PROJECT_SOURCE_DIR}/src/floors lines REGEX "^[a-z]")
  set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/floors)
  foreach(line IN LISTS lines)
    string(REPLACE "|" ";" parts "${line}")
    list(GET parts 0 folder)
    list(GET parts 1 uses)
    list(GET parts 2 libraries)
    string(STRIP "${folder}" folder)
    separate_arguments(uses UNIX_COMMAND "${uses}")
    separate_arguments(libraries UNIX_COMMAND "${libraries}")
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${folder}/*.c)
    mpijobd_floor_target(${folder} target)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PUBLIC mpijobd_flags)
    foreach(below IN LISTS uses)
      mpijobd_floor_target(${below} lower)
      target_link_libraries(${target} PUBLIC ${lower})
    endforeach()
    foreach(library IN LISTS libraries)
      if(library MATCHES "^[A-Z]") # pkg-config's, see Dependencies.cmake
        target_link_libraries(${target} PUBLIC PkgConfig::${library})
      else()
        target_link_libraries(${target} PUBLIC ${library})
      endif()
    endforeach()
  endforeach()
endfunction()

# mpijobd_unit_test(NAME FLOORS folder...): tests/unit/test_NAME.c with cmocka, run by ctest as unit/NAME.
# ALLOC: every allocation of the code under test can be made to fail (tests/unit/alloc.h).
function(mpijobd_unit_test name)
  cmake_parse_arguments(T "ALLOC" "" "FLOORS;LIBS;SOURCES" ${ARGN})
  add_executable(test_${name} test_${name}.c ${T_SOURCES})
  foreach(floor ${T_FLOORS})
    mpijobd_floor_target(${floor} target)
    target_link_libraries(test_${name} PRIVATE ${target})
  endforeach()
  target_link_libraries(test_${name} PRIVATE PkgConfig::CMOCKA ${T_LIBS} mpijobd_flags)
  target_compile_definitions(test_${name} PRIVATE
    TEST_SOURCE_DIR="${PROJECT_SOURCE_DIR}" TEST_BINARY_DIR="${CMAKE_CURRENT_BINARY_DIR}")
  if(T_ALLOC)
    target_sources(test_${name} PRIVATE alloc.c)
    target_link_options(test_${name} PRIVATE -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=strndup)
  endif()
  add_test(NAME unit/${name} COMMAND test_${name})
  set_tests_properties(unit/${name} PROPERTIES TIMEOUT 300)
endfunction()

# mpijobd_embed(FOLDER NAME FILE): the file's bytes as embedded_NAME, linked into the floor.
function(mpijobd_embed folder name file)
  set(to ${PROJECT_BINARY_DIR}/embedded_${name}.c)
  add_custom_command(OUTPUT ${to} DEPENDS ${PROJECT_SOURCE_DIR}/${file} ${PROJECT_SOURCE_DIR}/cmake/Embed.cmake
    COMMAND ${CMAKE_COMMAND} -DNAME=${name} -DFROM=${PROJECT_SOURCE_DIR}/${file} -DTO=${to}
            -P ${PROJECT_SOURCE_DIR}/cmake/Embed.cmake)
  mpijobd_floor_target(${folder} target)
  target_sources(${target} PRIVATE ${to})
endfunction()

# mpijobd_embed_modules(FOLDER NAME [MODULE FILE]...): the files' bytes as the table embedded_NAME, linked into the floor.
function(mpijobd_embed_modules folder name)
  set(to ${PROJECT_BINARY_DIR}/embedded_${name}.c)
  set(modules ${ARGN})
  set(files)
  set(pairs ${modules})
  while(pairs)
    list(POP_FRONT pairs module file)
    list(APPEND files ${file})
  endwhile()
  string(REPLACE ";" "|" modules "${modules}")
  add_custom_command(OUTPUT ${to} DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/EmbedModules.cmake
    COMMAND ${CMAKE_COMMAND} -DNAME=${name} "-DMODULES=${modules}" -DTO=${to}
            -P ${PROJECT_SOURCE_DIR}/cmake/EmbedModules.cmake VERBATIM)
  mpijobd_floor_target(${folder} target)
  target_sources(${target} PRIVATE ${to})
endfunction()
