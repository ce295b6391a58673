/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a policy file: whatever it does, it ends within its limits, its `done` comes exactly once, and the loop
 * closes. */
#include <stdint.h>
#include <stdlib.h>

#include "script/script.h"

struct seen {
    int done;
};

static void on_done(void *data, struct script_run *run, lua_State *L, const struct error *err)
{
    struct seen *seen = data;
    (void)run;
    (void)L;
    seen->done++;
    if (err && (err->code >= 0 || !err->message[0]))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    uv_loop_t loop;
    struct script *script;
    struct error err;
    struct seen seen = {0};
    struct script_limits limits = {.cpu_us = 20000, .memory = (size_t)4 << 20};
    struct script_call call = {.done = on_done, .data = &seen};
    uv_loop_init(&loop);
    if (script_new(&loop, "fuzz.lua", &limits, NULL, &script, &err) != 0)
        abort();
    int code = script_load(script, str_n((const char *)bytes, size), &call, NULL, &err);
    if (seen.done)
        abort();
    if (code == 0) {
        while (!seen.done)
            uv_run(&loop, UV_RUN_ONCE);
    }
    script_free(script);
    uv_run(&loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&loop) != 0 || seen.done != (code == 0))
        abort();
    return 0;
}
