/* SPDX-License-Identifier: Apache-2.0 */
/* Prints findings as lines and as JSON. */
#include "cli/check/tell.h"

void tell_text(struct found *f, FILE *out)
{
    for (size_t i = 0; i < f->count; i++) {
        struct finding *one = &f->items[i];
        const struct rule_info *rule = &check_rules[one->rule];
        bool loaded = one->rule > RULE_ASIDE; /* those of the load say it all themselves */
        if (one->told)
            continue;
        one->told = true;
        fputs(one->file, out);
        if (one->line)
            fprintf(out, ":%d", one->line);
        fprintf(out, ": %s%s%s%s%s\n", rule->error ? "" : "warning: ", one->message, loaded ? " [" : "",
                loaded ? rule->code : "", loaded ? "]" : "");
    }
}

static void pair(struct json_writer *w, const char *key, const char *value)
{
    json_write_key(w, key);
    json_write_string(w, value);
}

void tell_json(const struct found *f, struct json_writer *w)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct finding *one = &f->items[i];
        json_write_object(w);
        pair(w, "code", check_rules[one->rule].code);
        pair(w, "severity", check_rules[one->rule].error ? "error" : "warning");
        pair(w, "message", one->message);
        if (one->policy)
            pair(w, "policy", one->policy);
        pair(w, "file", one->file);
        if (one->line) {
            json_write_key(w, "line");
            json_write_int(w, one->line);
        }
        if (one->column) {
            json_write_key(w, "column");
            json_write_int(w, one->column);
        }
        json_write_end(w);
    }
}
