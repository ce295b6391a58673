/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes: json_parse takes them or not. What it takes must be read by everything else, and survive being laid out
 * again. */
#include <stdint.h>
#include <stdlib.h>

#include "json/style.h"
#include "json/write.h"

#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every value once. Iterative over siblings, recursive over levels, which the parser has bounded. */
static size_t visit(struct json v, struct buf *scratch)
{
    size_t seen = 1, count = 0;
    int64_t n;
    double d;
    if (json_type(v) == JSON_STRING) {
        buf_reset(scratch);
        MUST(json_decode(v, scratch));
        MUST(json_string_is(v, buf_str(scratch)));
    }
    MUST(json_double(v, &d) == (json_type(v) == JSON_NUMBER));
    if (json_int64(v, &n) && n > -(INT64_C(1) << 53) && n < INT64_C(1) << 53)
        MUST((double)n == d);
    for (struct json_iter it = json_iter(v); json_next(&it); count++) {
        if (it.object) {
            buf_reset(scratch);
            MUST(json_decode(it.key, scratch));
            MUST(json_exists(json_member(v, buf_str(scratch))));
        }
        if (count < 64) /* looking each member up is quadratic */
            seen += visit(it.value, scratch);
        else
            break;
    }
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json root, again;
    struct error err = {0};
    struct buf scratch = BUF_INIT, pretty = BUF_INIT, compact = BUF_INIT;
    int rc = json_parse(str_n((const char *)data, size), "the input", &root, &err);
    MUST(rc == err.code);
    if (rc == 0) {
        visit(root, &scratch);
        json_pretty(&pretty, root);
        json_layout(&compact, root, &json_style_compact);
        MUST(json_parse(buf_str(&pretty), "the pretty", &again, NULL) == 0);
        MUST(json_equal(root, again));
        buf_reset(&scratch);
        json_layout(&scratch, again, &json_style_compact);
        MUST(str_eq(buf_str(&scratch), buf_str(&compact)));
    }
    /* Any bytes as a string become JSON. */
    buf_reset(&scratch);
    json_quote(&scratch, str_n((const char *)data, size));
    MUST(json_parse(buf_str(&scratch), "the string", &again, NULL) == 0);
    buf_free(&scratch);
    buf_free(&pretty);
    buf_free(&compact);
    return 0;
}
