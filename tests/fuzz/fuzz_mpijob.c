/* SPDX-License-Identifier: Apache-2.0 */
/* Any JSON object as an MPIJob, as changes and as a diff; any text as a selector. Nothing crashes, and what is changed
 * can be read again and is what was asked for. The first byte chooses the target, the second the changes. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "mpijob/effect/effect.h"
#include "mpijob/held_gpus.h"
#include "mpijob/inspect/inspect.h"
#include "mpijob/match/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW INT64_C(1795464000000000)

static const char *const words[] = {
    "cleanPodPolicy=All", "activeDeadlineSeconds=3600", "backoffLimit=0",   "ttlSecondsAfterFinished=1",
    "suspend=true",       "labels.team=vision",         "annotations.x/y-", "schedulingPolicy.queue=q",
    "cleanPodPolicy-"};

/* Every finding says what it means and what to do; its edits can be made,
 * or are refused for the shape of the object. */
static void mend(void *data, const struct mpijob_finding *f)
{
    const struct mpijob_view *view = data;
    struct json_edits edits = {0};
    struct buf out = BUF_INIT;
    struct error err;
    assert(*f->means && *f->cure && *f->pointer && f->edit_count <= FINDING_EDITS);
    for (size_t i = 0; i < f->edit_count; i++) {
        if (*f->edits[i].raw)
            json_edit_set(&edits, f->edits[i].pointer, str_of(f->edits[i].raw));
        else
            json_edit_remove(&edits, f->edits[i].pointer);
    }
    int rc = json_edit_apply(&edits, view->object, &out, &err);
    assert(!rc || rc == ERR_INVALID || rc == ERR_LIMIT); /* a parent of another type, or too deep */
    json_edits_free(&edits);
    buf_free(&out);
}

/* The object also as a pod of its own. */
static void inspect(struct mpijob_view *view)
{
    struct mpijob_pods *pods = mpijob_pods_new(NULL);
    struct mpijob_held_gpus hold;
    mpijob_inspect(view, NULL, NOW, mend, view, NULL);
    mpijob_pods_add(pods, view->object, NULL);
    mpijob_inspect(view, pods, NOW, mend, view, NULL);
    assert(mpijob_holds_gpus(view, pods, &hold) && hold.gpus >= 0);
    assert(mpijob_holds_gpus(view, NULL, &hold) == mpijob_phase_finished(view->phase) && hold.gpus >= 0);
    mpijob_pods_free(pods);
}

/* The target has to be the one that the object names, else there is no view. */
static struct mpijob_target target_of(struct json object, uint8_t choice)
{
    struct mpijob_target target = {(enum mpijob_version)(choice % 3), (enum mpijob_controller)(choice / 3 % 4)};
    struct json named = json_get(object, "apiVersion");
    if (named.text.len > 2)
        mpijob_version_parse(str_n(named.text.ptr + 1, named.text.len - 2), &target.version);
    return target;
}

static void try_changes(const struct mpijob_changes *changes, const struct mpijob_view *view)
{
    struct mpijob_diff diff, read = {0};
    struct mpijob_verdict verdict;
    struct buf out = BUF_INIT, text = BUF_INIT;
    struct json after, array;
    if (!mpijob_changes_apply(changes, view, &out, &diff, NULL)) {
        mpijob_judge(view, &diff, NOW, &verdict);
        assert((verdict.effect == EFFECT_UNCHANGED) == (diff.count == 0) && *verdict.why);
        if (diff.count) {
            assert(!json_parse(buf_str(&out), "the edited object", &after, NULL));
            assert(mpijob_diff_done(&diff, after));
            assert(!mpijob_diff_verify(&diff, after, view->target, NULL));
            mpijob_diff_verify(&diff, view->object, view->target, NULL);
        }
        mpijob_diff_json(&diff, &text);
        assert(!json_parse(buf_str(&text), "the diff", &array, NULL));
        assert(!mpijob_diff_read(&read, array, NULL) && read.count == diff.count);
        mpijob_diff_write(&diff, true, &text);
    }
    mpijob_diff_free(&read);
    mpijob_diff_free(&diff);
    buf_free(&out);
    buf_free(&text);
}

static void as_job(struct json root, uint8_t choice, uint8_t which)
{
    struct mpijob_view view;
    struct mpijob_changes changes = {0};
    struct mpijob_match *match = mpijob_match_new();
    int64_t due;
    if (!mpijob_view(root, target_of(root, choice), &view, NULL)) {
        mpijob_match_labels(match, "team in (vision, speech), keep != true", NULL);
        mpijob_match_clean_pod_policy(match, "unset", NULL);
        mpijob_match_span(match, SPAN_FINISHED_FOR, 3600000000, NULL);
        mpijob_match_problem(match, "any", NULL);
        mpijob_match_eval(match, &view, NOW, &due);
        inspect(&view);
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            if (which & (1U << (i % 8)))
                mpijob_changes_parse(&changes, words[i], NULL);
        }
        if (which & 1)
            mpijob_changes_exactly(&changes, CHANGE_LABELS);
        try_changes(&changes, &view);
    }
    mpijob_changes_free(&changes);
    mpijob_match_free(match);
}

/* Changes that could be read are written and read the same. */
static void as_changes(struct json root)
{
    struct mpijob_changes changes = {0}, again = {0};
    struct buf text = BUF_INIT, second = BUF_INIT;
    struct json written;
    if (!mpijob_changes_read(&changes, root, NULL)) {
        mpijob_changes_write(&changes, &text);
        assert(!json_parse(buf_str(&text), "the changes", &written, NULL));
        assert(!mpijob_changes_read(&again, written, NULL));
        mpijob_changes_write(&again, &second);
        assert(str_eq(buf_str(&text), buf_str(&second)));
    }
    mpijob_changes_free(&changes);
    mpijob_changes_free(&again);
    buf_free(&text);
    buf_free(&second);
}

/* A selector that could be read selects nothing else when it is written and read again. */
static void as_words(const char *text)
{
    struct mpijob_match *match = mpijob_match_new(), *again = mpijob_match_new();
    struct mpijob_changes changes = {0};
    struct buf first = BUF_INIT, second = BUF_INIT;
    struct error err;
    if (!mpijob_match_labels(match, text, &err)) {
        mpijob_match_selector(match, &first);
        assert(!mpijob_match_labels(again, first.ptr ? first.ptr : "", &err));
        mpijob_match_selector(again, &second);
        assert(str_eq(buf_str(&first), buf_str(&second)));
    }
    mpijob_match_gpus(match, text, &err);
    mpijob_match_name(match, text, &err);
    mpijob_match_phase(match, text, &err);
    mpijob_changes_parse(&changes, text, &err);
    mpijob_changes_free(&changes);
    mpijob_match_free(match);
    mpijob_match_free(again);
    buf_free(&first);
    buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json root;
    struct mpijob_diff diff = {0};
    struct mpijob_verdict verdict;
    struct mpijob_view view;
    if (size < 2)
        return 0;
    char *text = str_dup(str_n((const char *)data + 2, size - 2));
    as_words(text);
    if (!json_parse(str_n(text, size - 2), "the input", &root, NULL)) {
        as_job(root, data[0], data[1]);
        as_changes(root);
        struct json job = {str_of("{\"metadata\":{\"name\":\"a\"},\"spec\":{\"cleanPodPolicy\":\"None\"}}")};
        if (!mpijob_diff_read(&diff, root, NULL) &&
            !mpijob_view(job, target_of((struct json){0}, data[0]), &view, NULL))
            mpijob_judge(&view, &diff, NOW, &verdict);
        mpijob_diff_free(&diff);
    }
    free(text);
    return 0;
}
