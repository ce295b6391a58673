/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd version: of the program and of its libraries. */
#include <curl/curl.h>
#include <lua.h>
#include <sqlite3.h>
#include <stdio.h>
#include <uv.h>

#include "base/program_version.h"
#include "cli/commands.h"
#include "cli/session/options.h"

static int run(int argc, char **argv, const struct command *command)
{
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (o.argument_count)
        return command_usage(command, "it takes no arguments, and \"%s\" is one", o.arguments[0]);
    const char *curl = curl_version_info(CURLVERSION_NOW)->version;
    if (o.output == OUTPUT_JSON)
        printf("{\"version\":\"%s\",\"lua\":\"%s.%s.%s\",\"libuv\":\"%s\",\"libcurl\":\"%s\",\"sqlite\":\"%s\"}\n",
               mpijobd_version, LUA_VERSION_MAJOR, LUA_VERSION_MINOR, LUA_VERSION_RELEASE, uv_version_string(), curl,
               sqlite3_libversion());
    else
        printf("mpijobd %s\n%s, libuv %s, libcurl %s, SQLite %s\n", mpijobd_version, LUA_RELEASE, uv_version_string(),
               curl, sqlite3_libversion());
    return EXIT_DONE;
}

const struct command cmd_version = {"version",    "[-o json]", "Print the version, and those of the libraries",
                                    TAKES_OUTPUT, run,         "  mpijobd version -o json\n"};
