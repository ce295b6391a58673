/* SPDX-License-Identifier: Apache-2.0 */
/* From the text of a file to the objects in it. */
#include "cli/replace_file.h"

#include <string.h>

#include "base/file.h"
#include "yaml/convert.h"

#define FILE_MAX ((size_t)8 << 20)

/* kind: List, and the lists of one kind, as a server gives them. */
static struct json items_of(struct json object)
{
    struct json items = json_get(object, "items");
    char kind[256];
    if (json_type(items) != JSON_ARRAY || json_string_at(object, "/kind", kind, sizeof kind) ||
        !str_ends(str_of(kind), "List"))
        return (struct json){0};
    return items;
}

static void take(struct replace_file *file, struct json object)
{
    struct json items = items_of(object);
    if (!json_exists(items)) {
        buf_add(&file->objects, &object, sizeof object);
        return;
    }
    for (struct json_iter it = json_iter(items); json_next(&it);)
        buf_add(&file->objects, &it.value, sizeof it.value);
}

int replace_file_read(struct replace_file *file, const char *path, struct error *err)
{
    struct json root;
    int rc = file_read_input(&file->text, path, FILE_MAX, err);
    bool json = !rc && str_starts(str_trim(buf_str(&file->text)), "{");
    if (!rc && !json)
        rc = yaml_documents_to_json(buf_str(&file->text), path, &file->converted, err);
    if (!rc)
        rc = json_parse(str_trim(buf_str(json ? &file->text : &file->converted)), path, &root, err);
    if (rc)
        return rc;
    if (json)
        take(file, root);
    for (struct json_iter it = json_iter(root); !json && json_next(&it);)
        take(file, it.value);
    rc = buf_result(&file->objects, path, err);
    return rc || file->objects.len ? rc : error_set(err, ERR_SYNTAX, "%s: there is no object in it", path);
}

size_t replace_file_count(const struct replace_file *file)
{
    return file->objects.len / sizeof(struct json);
}

struct json replace_file_object(const struct replace_file *file, size_t i)
{
    return ((const struct json *)(const void *)file->objects.ptr)[i];
}

void replace_file_free(struct replace_file *file)
{
    buf_free(&file->text);
    buf_free(&file->converted);
    buf_free(&file->objects);
}
