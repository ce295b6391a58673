# A floor is a folder under src/ and a static library floor_<name>. It names the floors and libraries it stands on.
# mpijobd_add_floor(NAME SOURCES a.c b.c USES base json LIBS PkgConfig::UV)
function(mpijobd_add_floor name)
  cmake_parse_arguments(F "" "" "SOURCES;USES;LIBS" ${ARGN})
  add_library(floor_${name} STATIC ${F_SOURCES})
  target_link_libraries(floor_${name} PUBLIC mpijobd_flags)
  foreach(below ${F_USES})
    target_link_libraries(floor_${name} PUBLIC floor_${below})
  endforeach()
  if(F_LIBS)
    target_link_libraries(floor_${name} PUBLIC ${F_LIBS})
  endif()
endfunction()

function(mpijobd_floor_if_present name)
  if(EXISTS ${PROJECT_SOURCE_DIR}/src/${name}/CMakeLists.txt)
    add_subdirectory(src/${name})
  endif()
endfunction()

# mpijobd_unit_test(NAME floor...): tests/unit/test_NAME.c with cmocka, run by ctest as unit/NAME.
# ALLOC: every allocation of the code under test can be made to fail (tests/unit/alloc.h).
function(mpijobd_unit_test name)
  cmake_parse_arguments(T "ALLOC" "" "FLOORS;LIBS;SOURCES" ${ARGN})
  add_executable(test_${name} test_${name}.c ${T_SOURCES})
  foreach(floor ${T_FLOORS})
    target_link_libraries(test_${name} PRIVATE floor_${floor})
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

# mpijobd_embed(FLOOR NAME FILE): the file's bytes as embedded_NAME, linked into the floor.
function(mpijobd_embed floor name file)
  set(to ${CMAKE_CURRENT_BINARY_DIR}/embedded_${name}.c)
  add_custom_command(OUTPUT ${to} DEPENDS ${PROJECT_SOURCE_DIR}/${file} ${PROJECT_SOURCE_DIR}/cmake/Embed.cmake
    COMMAND ${CMAKE_COMMAND} -DNAME=${name} -DFROM=${PROJECT_SOURCE_DIR}/${file} -DTO=${to}
            -P ${PROJECT_SOURCE_DIR}/cmake/Embed.cmake)
  target_sources(floor_${floor} PRIVATE ${to})
endfunction()
