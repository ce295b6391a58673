/* SPDX-License-Identifier: Apache-2.0 */
/* A document and a patch: first line the document's length in decimal, then the document, then the patch.
 *
 * What comes out is JSON. A merge patch that is applied again changes nothing, and none of its nulls is left; what it
 * does not name keeps its value. A step of a JSON patch that fails leaves nothing behind. */
#include <stdint.h>
#include <stdlib.h>

#include "json/patch.h"

#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_merge(struct json document, struct json patch)
{
    struct buf out = BUF_INIT, again = BUF_INIT;
    struct json result, second;
    struct error err = {0};
    int rc = json_merge_patch(document, patch, &out, &err);
    MUST(rc == err.code);
    if (!rc) {
        MUST(json_parse(buf_str(&out), "the result", &result, NULL) == 0);
        for (struct json_iter it = json_iter(patch); json_next(&it);) {
            struct buf key = BUF_INIT;
            MUST(json_decode(it.key, &key));
            if (json_type(json_member(patch, buf_str(&key))) == JSON_NULL)
                MUST(!json_exists(json_member(result, buf_str(&key))));
            buf_free(&key);
        }
        rc = json_merge_patch(result, patch, &again, NULL);
        MUST(rc == 0 || rc == ERR_INVALID); /* a key with a zero byte that was new before */
        MUST(rc || json_parse(buf_str(&again), "the result", &second, NULL) == 0);
        MUST(rc || json_equal(result, second));
    } else {
        MUST(out.len == 0);
    }
    buf_free(&out);
    buf_free(&again);
}

static void check_steps(struct json document, struct json steps)
{
    struct buf out = BUF_INIT;
    struct json result;
    struct error err = {0};
    int rc = json_patch(document, steps, &out, &err);
    MUST(rc == err.code);
    if (rc)
        MUST(out.len == 0);
    else
        MUST(json_parse(buf_str(&out), "the result", &result, NULL) == 0);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = str_n((const char *)data, size);
    size_t len = 0, at = 0;
    while (at < rest.len && at < 6 && rest.ptr[at] >= '0' && rest.ptr[at] <= '9')
        len = len * 10 + (size_t)(rest.ptr[at++] - '0');
    at += at < rest.len && rest.ptr[at] == '\n';
    rest = str_n(rest.ptr + at, rest.len - at);
    len = len > rest.len ? rest.len : len;
    struct json document, patch;
    if (json_parse(str_n(rest.ptr, len), "the document", &document, NULL) ||
        json_parse(str_n(rest.ptr + len, rest.len - len), "the patch", &patch, NULL))
        return 0;
    if (json_type(patch) == JSON_OBJECT)
        check_merge(document, patch);
    else
        check_steps(document, patch);
    return 0;
}
