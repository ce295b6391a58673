# SPDX-License-Identifier: Apache-2.0
# Every dependency comes from the system by pkg-config; a missing one is named with the package to install.
find_package(PkgConfig QUIET)
if(NOT PKG_CONFIG_FOUND)
  message(FATAL_ERROR "pkg-config is missing.\n  Install it: apt-get install pkg-config\n  or everything at once: ./scripts/bootstrap")
endif()

set(MPIJOBD_MISSING "")
# mpijobd_need(PREFIX PKG-CONFIG-NAME DEBIAN-PACKAGE [MINIMUM])
function(mpijobd_need prefix module package)
  set(spec ${module})
  if(ARGC GREATER 3)
    set(spec "${module}>=${ARGV3}")
  endif()
  pkg_check_modules(${prefix} QUIET IMPORTED_TARGET GLOBAL "${spec}")
  if(NOT ${prefix}_FOUND)
    set(MPIJOBD_MISSING "${MPIJOBD_MISSING};${package}" PARENT_SCOPE)
  endif()
endfunction()

mpijobd_need(LUA lua5.4 liblua5.4-dev 5.4.4)
mpijobd_need(UV libuv libuv1-dev 1.40)
mpijobd_need(CURL libcurl libcurl4-openssl-dev 7.81)
mpijobd_need(SQLITE sqlite3 libsqlite3-dev 3.35)
mpijobd_need(ZSTD libzstd libzstd-dev 1.4)
mpijobd_need(XXHASH libxxhash libxxhash-dev 0.8)
mpijobd_need(YAML yaml-0.1 libyaml-dev)
mpijobd_need(ARCHIVE libarchive libarchive-dev 3.4)
mpijobd_need(EDIT libedit libedit-dev 3.1)
mpijobd_need(MHD libmicrohttpd libmicrohttpd-dev 0.9.70)
mpijobd_need(GNUTLS gnutls libgnutls28-dev 3.6)
mpijobd_need(OPENSSL openssl libssl-dev 3.0)
mpijobd_need(JSONC json-c libjson-c-dev 0.15)
mpijobd_need(ZLIB zlib zlib1g-dev)
if(BUILD_TESTING)
  mpijobd_need(CMOCKA cmocka libcmocka-dev 1.1.5)
endif()
find_path(UTHASH_INCLUDE uthash.h)
if(NOT UTHASH_INCLUDE)
  list(APPEND MPIJOBD_MISSING uthash-dev)
endif()

# luassert is linked into the program, for the specs of policies (mpijobd test).
find_path(MPIJOBD_LUASSERT luassert/init.lua PATHS /usr/share/lua/5.4 /usr/local/share/lua/5.4 /usr/share/lua/5.1
  NO_DEFAULT_PATH)
set(MPIJOBD_LUASSERT_MODULES say luassert luassert.array luassert.assert luassert.assertions luassert.compatibility
  luassert.formatters luassert.formatters.binarystring luassert.languages.en luassert.match luassert.matchers
  luassert.matchers.composite luassert.matchers.core luassert.mock luassert.modifiers luassert.namespaces luassert.spy
  luassert.state luassert.stub luassert.util)
if(NOT MPIJOBD_LUASSERT OR NOT EXISTS ${MPIJOBD_LUASSERT}/say/init.lua)
  list(APPEND MPIJOBD_MISSING lua-luassert)
endif()

if(MPIJOBD_MISSING)
  list(REMOVE_ITEM MPIJOBD_MISSING "")
  list(JOIN MPIJOBD_MISSING " " names)
  message(FATAL_ERROR "These development packages are missing: ${names}\n"
    "  Install them: apt-get install ${names}\n  or everything at once: ./scripts/bootstrap")
endif()
