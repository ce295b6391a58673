/* SPDX-License-Identifier: Apache-2.0 */
/* The same work by json-c, for comparison. */
#include "bench_json_c.h"

#include <string.h>

#include <json-c/json.h>

size_t bench_json_c(const char *document, size_t len, const char *pointer, const char *value)
{
    struct json_tokener *tokener = json_tokener_new_ex(128);
    struct json_object *root = json_tokener_parse_ex(tokener, document, (int)len + 1);
    json_tokener_free(tokener);
    if (!root || json_pointer_set(&root, pointer, json_object_new_string(value)))
        return 0;
    size_t size = strlen(json_object_to_json_string_ext(root, JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(root);
    return size;
}
