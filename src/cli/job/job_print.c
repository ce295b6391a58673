/* SPDX-License-Identifier: Apache-2.0 */
/* The lines and the JSON of mpijobd job. */
#include "cli/job/job_print.h"

#include <stdio.h>

#include "json/member.h"

static void print_result(struct json_writer *w, const struct halt_result *result)
{
    char workload[MPIJOB_NAME_MAX + 1];
    json_member_text(w, "effect", mpijob_effect_name(result->effect));
    json_member_text(w, "why", result->message);
    json_member_text(w, "lever", halt_lever_name(result->lever));
    if (result->workload.len) {
        snprintf(workload, sizeof workload, "%.*s", (int)result->workload.len, result->workload.ptr);
        json_member_text(w, "workload", workload);
    }
    if (result->gone == EFFECT_SEEN || result->gone == EFFECT_NOT_SEEN) {
        json_write_key(w, "pods_gone");
        json_write_bool(w, result->gone == EFFECT_SEEN);
        json_write_key(w, "pods_gone_after");
        json_write_double(w, (double)result->after_ms / 1000);
    } else if (*result->gone_note) {
        json_member_text(w, "pods_message", result->gone_note);
    }
}

void job_print_json(struct json_writer *w, const char *key, const struct halt_result *result, const struct error *err)
{
    struct json steps;
    json_write_object(w);
    json_member_text(w, "job", key);
    json_write_key(w, "changed");
    json_write_bool(w, result && result->changed);
    if (err) {
        json_member_text(w, "reason", err->reason);
        json_member_text(w, "error", err->message);
    } else {
        json_write_key(w, "dry_run");
        json_write_bool(w, result->dry_run);
        print_result(w, result);
    }
    if (result && json_parse(buf_str(result->steps), "", &steps, NULL) == 0) {
        json_write_key(w, "steps");
        json_write_raw(w, steps);
    }
    json_write_end(w);
}

void job_print_text(const char *key, bool resumes, const struct halt_result *result, const struct error *err)
{
    double seconds = result ? (double)result->after_ms / 1000 : 0;
    if (err) {
        fprintf(stderr, "mpijobd job: %s\n", err->message);
        return;
    }
    if (result->effect == EFFECT_UNCHANGED)
        printf("%s unchanged: %s\n", key, result->message);
    else
        printf("%s %s%s\n%s  %s: %s\n", key, result->dry_run ? "would be " : "", resumes ? "resumed" : "stopped",
               result->lines->ptr ? result->lines->ptr : "", mpijob_effect_name(result->effect), result->message);
    if (resumes)
        return;
    if (result->gone == EFFECT_SEEN)
        printf("  no pod of it runs any more, after %.1f s\n", seconds);
    else if (result->gone == EFFECT_NOT_SEEN)
        printf("  pods of it are still there after %.1f s; kubectl get pods shows what keeps them\n", seconds);
    else if (*result->gone_note)
        printf("  %s\n", result->gone_note);
}
