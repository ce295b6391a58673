/* SPDX-License-Identifier: Apache-2.0 */
/* A row each: the change's number, and as JSON whose effect it is and what is looked for. */
#include "change/effect_kept.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpijob/kind.h"
#include "store/kept.h"
#include "json/member.h"
#include "json/write.h"

#define SPACE "effect"
#define KEY_SIZE 24

void effect_keep(struct store *store, const struct effect_kept *e)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    char key[KEY_SIZE];
    snprintf(key, sizeof key, "%" PRId64, e->row);
    json_writer_init(&w, &out);
    json_write_object(&w);
    json_member_int(&w, "run", e->run);
    json_member_text(&w, "policy", e->policy);
    json_member_text(&w, "cluster", e->cluster);
    json_member_text(&w, "kind", mpijob_kind_info(e->target.kind)->name);
    json_member_text(&w, "version", mpijob_target_version(e->target));
    json_member_text(&w, "controller", mpijob_controller_name(e->target.controller));
    json_member_text(&w, "namespace", e->name_space);
    json_member_text(&w, "name", e->name);
    json_member_text(&w, "uid", e->uid);
    json_member_text(&w, "sign", mpijob_sign_text(e->sign));
    json_write_end(&w);
    struct store_kept row = {.space = SPACE, .key = key, .value = out.ptr};
    if (!out.failed) /* without memory a restart does not look for it */
        store_keep(store, &row, NULL, NULL);
    buf_free(&out);
}

void effect_forget(struct store *store, int64_t row)
{
    char key[KEY_SIZE];
    snprintf(key, sizeof key, "%" PRId64, row);
    store_keep(store, &(struct store_kept){.space = SPACE, .key = key}, NULL, NULL);
}

struct reading {
    const char *cluster;
    void (*each)(void *data, const struct effect_kept *effect);
    void *data;
};

static bool read_sign(const char *said, enum mpijob_sign *sign)
{
    for (*sign = SIGN_NONE + 1; *sign <= MPIJOB_SIGN_LAST; ++*sign) {
        if (strcmp(mpijob_sign_text(*sign), said) == 0)
            return true;
    }
    return false;
}

static bool read_row(void *data, const struct store_kept *row)
{
    const struct reading *r = data;
    struct effect_kept e = {.row = strtoll(row->key, NULL, 10)};
    char kind[64], version[64], controller[64], sign[64];
    struct json root;
    const struct {
        const char *pointer;
        char *out;
        size_t size;
    } texts[] = {{"/policy", e.policy, sizeof e.policy},
                 {"/cluster", e.cluster, sizeof e.cluster},
                 {"/namespace", e.name_space, sizeof e.name_space},
                 {"/name", e.name, sizeof e.name},
                 {"/uid", e.uid, sizeof e.uid},
                 {"/kind", kind, sizeof kind},
                 {"/version", version, sizeof version},
                 {"/controller", controller, sizeof controller},
                 {"/sign", sign, sizeof sign}};
    bool good = e.row > 0 && json_parse(str_of(row->value), "an effect", &root, NULL) == 0;
    if (good && !json_int64(json_get(root, "run"), &e.run)) /* of an earlier mpijobd */
        e.run = 0;
    for (size_t i = 0; good && i < sizeof texts / sizeof *texts; i++)
        good = json_string_at(root, texts[i].pointer, texts[i].out, texts[i].size) == 0;
    if (good && strcmp(e.cluster, r->cluster) == 0 && mpijob_kind_parse(str_of(kind), &e.target.kind) &&
        mpijob_kind_version_parse(e.target.kind, str_of(version), &e.target.version) &&
        mpijob_controller_parse(str_of(controller), &e.target.controller) && read_sign(sign, &e.sign))
        r->each(r->data, &e);
    return true;
}

int effects_read(struct store *store, const char *cluster, void (*each)(void *data, const struct effect_kept *effect),
                 void *data, struct error *err)
{
    struct reading r = {cluster, each, data};
    return store_read_kept(store, SPACE, read_row, &r, err);
}
