/* A whole object against the one that is there, where the API lets only some fields be replaced. */
#include "mpijob/change/change.h"
#include "mpijob/kind.h"
#include "mpijob/shown.h"

/* The first member of `in` that `other` has not, or has with another value; absent: there is none. */
static struct json differing(struct json in, struct json other, const char *const *free_members)
{
    for (struct json_iter it = json_iter(in); json_next(&it);) {
        bool may = false;
        for (size_t i = 0; free_members[i]; i++)
            may = may || json_string_is(it.key, str_of(free_members[i]));
        struct buf key = BUF_INIT;
        bool decoded = !may && json_decode(it.key, &key);
        struct json there = decoded ? json_member(other, buf_str(&key)) : (struct json){0};
        buf_free(&key);
        if (!may && !(json_exists(there) && json_equal(it.value, there)))
            return it.key;
    }
    return (struct json){0};
}

int mpijob_whole_check(struct json before, struct json after, struct mpijob_target target, struct error *err)
{
    /* The server's own members of the metadata are its to keep. */
    static const char *const metadata[] = {
        "labels",          "annotations",  "name",          "namespace",         "uid", "generation", "selfLink",
        "resourceVersion", "generateName", "managedFields", "creationTimestamp", NULL};
    static const char *const spec[] = {"activeDeadlineSeconds", "cleanPodPolicy", NULL};
    static const char *const of_siblings[] = {"activeDeadlineSeconds", "cleanPodPolicy", "ttlSecondsAfterFinished",
                                              NULL};
    bool sibling = target.kind != KIND_MPIJOB;
    const struct {
        const char *name;
        const char *const *may;
    } parts[] = {{"metadata", metadata}, {"spec", sibling ? of_siblings : spec}};
    if (target.controller != CONTROLLER_CCI)
        return 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct json old = json_get(before, parts[i].name), new = json_get(after, parts[i].name);
        struct json key = differing(new, old, parts[i].may);
        if (!json_exists(key))
            key = differing(old, new, parts[i].may);
        if (json_exists(key))
            return error_set(err, ERR_INVALID,
                             "CCI does not let %s.%.*s be replaced: of %s %s it lets labels, annotations, "
                             "activeDeadlineSeconds%s and cleanPodPolicy be replaced, and nothing else",
                             parts[i].name, shown(str_n(key.text.ptr + 1, key.text.len - 2), 80), key.text.ptr + 1,
                             mpijob_kind_info(target.kind)->article, mpijob_kind_info(target.kind)->name,
                             sibling ? ", ttlSecondsAfterFinished" : "");
    }
    return 0;
}
