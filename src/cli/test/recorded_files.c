/* SPDX-License-Identifier: Apache-2.0 */
/* From a recording to files. */
#include "cli/test/recorded_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/record.h"

/* A recorded path within the folder of temporary files: nothing in it leads out. */
static void within(const char *path, char out[4096])
{
    struct buf text = BUF_INIT;
    while (*path) {
        size_t n = strcspn(path, "/");
        if (n == 2 && strncmp(path, "..", 2) == 0)
            buf_puts(&text, "/up");
        else if (n && !(n == 1 && *path == '.'))
            buf_printf(&text, "/%.*s", (int)n, path);
        path += n + (path[n] == '/');
    }
    snprintf(out, 4096, "policy%s", text.ptr ? text.ptr : "");
    buf_free(&text);
}

int recorded_files_write(struct packed *packed, struct str recording, char **policy, struct error *err)
{
    struct record_entry e;
    char kind[16], path[4096], name[4096], *written;
    int rc = 0;
    for (size_t at = 0; !rc && record_next(recording, &at, &e);) {
        json_string_at(e.head, "/entry", kind, sizeof kind);
        if (strcmp(kind, "file") != 0)
            continue;
        json_string_at(e.head, "/path", path, sizeof path);
        within(path, name);
        rc = packed_write(packed, name, e.bytes[0], &written, err);
        if (!rc && !*policy && json_is_true(json_get(e.head, "policy")))
            *policy = written;
        else
            free(written);
    }
    return rc;
}
