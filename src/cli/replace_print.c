/* SPDX-License-Identifier: Apache-2.0 */
/* A replacement's result, for people and for programs. */
#include "cli/replace_print.h"

#include <stdio.h>

void replace_print_json(struct json_writer *w, const char *key, const struct change_result *result,
                        const struct error *err)
{
    struct buf diff = BUF_INIT;
    struct json root;
    mpijob_diff_json(result->diff, &diff);
    json_write_object(w);
    json_write_key(w, "job");
    json_write_string(w, key);
    json_write_key(w, "changed");
    json_write_bool(w, result->changed); /* with an error: its launcher was not */
    if (err) {
        json_write_key(w, "reason");
        json_write_string(w, err->reason);
        json_write_key(w, "error");
        json_write_string(w, err->message);
    } else {
        json_write_key(w, "effect");
        json_write_string(w, mpijob_effect_name(result->effect));
        json_write_key(w, "why");
        json_write_string(w, result->why);
        if (result->seen == EFFECT_SEEN || result->seen == EFFECT_NOT_SEEN) {
            json_write_key(w, "effect_seen");
            json_write_bool(w, result->seen == EFFECT_SEEN);
            json_write_key(w, "effect_after");
            json_write_double(w, (double)result->after_ms / 1000);
        }
        if (*result->seen_note) {
            json_write_key(w, "effect_message");
            json_write_string(w, result->seen_note);
        }
        json_write_key(w, "resourceVersion");
        json_write_string(w, result->resource_version);
    }
    json_write_key(w, "warnings");
    json_write_array(w);
    for (size_t i = 0; result->warnings[i]; i++)
        json_write_string(w, result->warnings[i]);
    json_write_end(w);
    if (diff.len && json_parse(buf_str(&diff), "", &root, NULL) == 0) {
        json_write_key(w, "diff");
        json_write_raw(w, root);
    }
    buf_reset(&diff);
    mpijob_diff_json(result->child, &diff);
    if (result->child->count && json_parse(buf_str(&diff), "", &root, NULL) == 0) {
        json_write_key(w, result->child_called);
        json_write_raw(w, root);
    }
    json_write_end(w);
    buf_free(&diff);
}

void replace_print_failed(struct json_writer *w, const char *key, const struct error *err)
{
    static const struct mpijob_diff nothing;
    static const char *const warnings[] = {NULL};
    struct change_result result = {
        .diff = &nothing, .child = &nothing, .child_called = "child", .child_told = "child", .warnings = warnings};
    replace_print_json(w, key, &result, err);
}

void replace_print_text(const char *command, bool colour, bool dry_run, const char *key,
                        const struct change_result *result, const struct error *err)
{
    struct buf diff = BUF_INIT;
    if (err) {
        fprintf(stderr, "mpijobd %s: %s\n", command, err->message);
        return;
    }
    if (!result->changed) {
        printf("%s unchanged: %s\n", key, result->why);
        return;
    }
    mpijob_diff_write(result->diff, colour, &diff);
    if (result->child->count)
        buf_printf(&diff, "its %s:\n", result->child_told);
    mpijob_diff_write(result->child, colour, &diff);
    printf("%s %s\n%s  %s: %s\n", key, dry_run ? "would be replaced (dry run)" : "replaced", diff.ptr ? diff.ptr : "",
           mpijob_effect_name(result->effect), result->why);
    char seen[640];
    if (*effect_seen_text(result->seen, result->after_ms, result->seen_note, seen, sizeof seen))
        printf("  seen: %s\n", seen);
    buf_free(&diff);
}
