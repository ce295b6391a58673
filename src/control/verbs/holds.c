/* SPDX-License-Identifier: Apache-2.0 */
/* A job is held: policies with `hold` leave it alone until an instant. It is the annotation that `mpijobd hold` writes,
 * written as a person's Lua would. */
#include <ctype.h>
#include <string.h>

#include "control/verbs/parts.h"
#include "mpijob/match/match.h"

#define MOST_SECONDS (366 * 24 * 3600)

/* What the Lua returns of an error has a reason. */
static int shape(struct json value, struct buf *out, struct error *err)
{
    static const int codes[] = {ERR_NOT_FOUND, ERR_CONFLICT, ERR_REFUSED,     ERR_DROPPED,
                                ERR_INVALID,   ERR_TIMEOUT,  ERR_UNREACHABLE, ERR_LIMIT};
    char reason[ERROR_REASON_MAX], message[1024];
    if (json_string_at(value, "/reason", reason, sizeof reason) == ERR_NOT_FOUND) {
        buf_add_str(out, value.text);
        return 0;
    }
    json_string_at(value, "/message", message, sizeof message);
    size_t i = 0;
    while (i < sizeof codes / sizeof *codes && strcmp(error_reason(codes[i]), reason) != 0)
        i++;
    return error_set(err, i < sizeof codes / sizeof *codes ? codes[i] : ERR_HTTP, "%s", message);
}

/* Names are what they can be in Kubernetes; so they need no quoting in Lua. */
static bool is_job(const char *job)
{
    const char *slash = strchr(job, '/');
    bool good = slash && slash > job && slash[1] && !strchr(slash + 1, '/');
    for (; good && *job; job++)
        good = islower((unsigned char)*job) || isdigit((unsigned char)*job) || strchr("./-", *job);
    return good;
}

static int write_text_of(const struct verbs *v, struct json args, struct buf *text, struct error *err)
{
    char job[520], until[40] = "json.null", instant[32];
    int64_t seconds = 0;
    bool off = json_is_true(json_get(args, "off")), given = json_int64(json_get(args, "seconds"), &seconds);
    if (!args_text(args, "job", job, sizeof job) || !is_job(job))
        return error_set(err, ERR_INVALID, "the args name the job, as {\"job\": \"train/bert\", \"seconds\": 86400}");
    if (off == given || (given && (seconds < 1 || seconds > MOST_SECONDS)))
        return error_set(err, ERR_INVALID, "either seconds, from 1 to %d, or off: true", MOST_SECONDS);
    if (given) {
        clock_format(clock_now(v->o.clock) / CLOCK_SECOND * CLOCK_SECOND + seconds * CLOCK_SECOND, false, instant);
        snprintf(until, sizeof until, "\"%s\"", instant);
    }
    buf_printf(text,
               "local job, err = mpijob.get(\"%s\")\n"
               "local done, why = job and mpijob.replace(job, { annotations = { [\"" MPIJOB_HOLD_ANNOTATION
               "\"] = %s } })\n"
               "if not done then err = err or why return { reason = err.reason, message = err.message } end\n"
               "return { job = \"%s\", held_until = %s, effect = done.effect }",
               job, until, job, until);
    return buf_result(text, "the call", err);
}

static void take_hold(void *data, struct control_request *r, struct json args)
{
    struct verbs *v = data;
    struct error err;
    struct eval_verb verb = {.text = BUF_INIT, .write = true, .json = true, .shape = shape};
    int rc = write_text_of(v, args, &verb.text, &err);
    if (!rc)
        rc = eval_begin(v, r, args, &verb, &err);
    if (rc) {
        buf_free(&verb.text);
        control_fail(r, &err);
    }
}

const struct control_verb hold_verbs[] = {{"hold", CONTROL_ACTS, take_hold}, {NULL, CONTROL_READS, NULL}};
