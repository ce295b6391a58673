/* SPDX-License-Identifier: Apache-2.0 */
/* What to replace in a job, independent of its version: collected, checked, then turned into edits for one object.
 *
 *     mpijob_changes_set(&c, "cleanPodPolicy", str_of("\"All\""), &err)  raw JSON; a bad name or value is an error here
 *     mpijob_changes_map(&c, CHANGE_LABELS, key, &value or NULL, &err)   one label or annotation; NULL removes it
 *     mpijob_changes_apply(&c, &view, &out, &diff, &err)                 new bytes and what differs
 */
#ifndef MPIJOBD_MPIJOB_CHANGE_JOB_CHANGES_H
#define MPIJOBD_MPIJOB_CHANGE_JOB_CHANGES_H

#include "mpijob/view.h"
#include "json/edit.h"

enum mpijob_map { CHANGE_LABELS, CHANGE_ANNOTATIONS };

struct mpijob_change;
struct mpijob_changes {
    struct mpijob_change *items;
    size_t count, cap;
    const struct mpijob_kind *kind; /* whose fields are meant; set beforehand, kept by reading. NULL: MPIJob */
    bool exactly[2];                /* by enum mpijob_map: keys that are not named are removed */
};

void mpijob_changes_free(struct mpijob_changes *changes);
/* An independent copy; *copy is overwritten. ERR_NOMEM leaves it empty. */
int mpijob_changes_copy(const struct mpijob_changes *changes, struct mpijob_changes *copy, struct error *err);

/* The same, without the fields of these names. ERR_NOMEM. */
int mpijob_changes_without(const struct mpijob_changes *changes, const char *const *fields, struct mpijob_changes *copy,
                           struct error *err);

/* value: raw JSON, "null" removes the field. Copies. ERR_INVALID: an unknown field (names the nearest), or as of
 * mpijob_field_check; ERR_SYNTAX: no JSON; ERR_NOMEM. */
int mpijob_changes_set(struct mpijob_changes *changes, const char *field, struct str value, struct error *err);
/* value: decoded text, or NULL to remove the key. ERR_INVALID: as of mpijob_label_check; ERR_NOMEM. */
int mpijob_changes_map(struct mpijob_changes *changes, enum mpijob_map map, struct str key, const struct str *value,
                       struct error *err);
void mpijob_changes_exactly(struct mpijob_changes *changes, enum mpijob_map map);

/* A command line's "cleanPodPolicy=All", "labels.team=vision", "annotations.ops.example.com/x=1", "labels.x-"
 * (removes), "activeDeadlineSeconds=3600", "suspend=true", "cleanPodPolicy-". Errors as of the two above. */
int mpijob_changes_parse(struct mpijob_changes *changes, const char *argument, struct error *err);

/* One JSON object of the changes, as a journal or plan keeps it: {"cleanPodPolicy":"All","labels":{"a":"b","c":null}},
 * and back: ERR_INVALID, ERR_NOMEM. Reading waits for plans that are kept in a file (`plan --out`). */
void mpijob_changes_write(const struct mpijob_changes *changes, struct buf *out);
int mpijob_changes_read(struct mpijob_changes *changes, struct json object, struct error *err);

/* What differs, by pointer. Values are raw JSON, copied; absent: ptr NULL. */
struct mpijob_difference {
    char *pointer;              /* "/metadata/labels/team" */
    enum mpijob_field_id field; /* FIELD_COUNT for labels and annotations */
    char *before, *after;       /* NULL: absent */
    char *made;                 /* the outermost object that the change makes for it, "/spec/runPolicy"; NULL: none, or
                                   one of metadata, where empty ones are left out anyway */
};
struct mpijob_diff {
    struct mpijob_difference *items;
    size_t count, cap;
    bool secret; /* the two below write "(hidden)" for its values, but labels */
};
void mpijob_diff_free(struct mpijob_diff *diff);
/* Lines for people: "  spec.cleanPodPolicy: None -> All", "+ labels...". colour: ANSI red and green. */
void mpijob_diff_write(const struct mpijob_diff *diff, bool colour, struct buf *out);
/* [{"path":"/spec/cleanPodPolicy","before":null,"after":"All"}]; and "made" where there is one */
void mpijob_diff_json(const struct mpijob_diff *diff, struct buf *out);

/* The same of one, for a sentence: "labels.team: speech -> vision". */
void mpijob_difference_name(const struct mpijob_difference *difference, struct buf *out);
void mpijob_difference_value(const char *raw, struct buf *out); /* of before or after; NULL: "unset" */
/* Appends the edited object to out and fills diff (which the caller frees); diff->count 0: nothing would change and out
 * is left as it was. ERR_INVALID: the version has no such field or does not let it be replaced (names both). */
int mpijob_changes_apply(const struct mpijob_changes *changes, const struct mpijob_view *view, struct buf *out,
                         struct mpijob_diff *diff, struct error *err);

/* May the object that is there be replaced by this one as a whole? ERR_INVALID names what may not (CCI). */
int mpijob_whole_check(struct json before, struct json after, struct mpijob_target target, struct error *err);

/* Has the version, under its controller, every field that the changes name, and may it be replaced? ERR_INVALID names
 * version and field. */
int mpijob_changes_possible(const struct mpijob_changes *changes, struct mpijob_target target, struct error *err);
/* What differs between two whole objects, without what only the server writes (status, resourceVersion,
 * managedFields...). An object that is missing on one side differs member by member, a list as a whole.
 * 0 or ERR_NOMEM. */
int mpijob_objects_diff(struct json before, struct json after, struct mpijob_diff *diff, struct error *err);

/* Did the server keep it? Compares the answer with the diff. ERR_DROPPED names the fields, what was sent and what came
 * back, and the cure (another version to write through, a schema that prunes). */
int mpijob_diff_verify(const struct mpijob_diff *diff, struct json answer, struct mpijob_target target,
                       struct error *err);
/* True where every difference is in `object` already (after a lost answer, after a restart). */
bool mpijob_diff_done(const struct mpijob_diff *diff, struct json object);
/* True where `object` has all the values from before. Both are false where another writer changed it otherwise. */
bool mpijob_diff_not_done(const struct mpijob_diff *diff, struct json object);
/* True where the value at that pointer, which the diff replaces by another one, is gone, and all else is as before. */
bool mpijob_diff_half_done(const struct mpijob_diff *diff, const char *pointer, struct json object);
/* Reads what mpijob_diff_json wrote. ERR_INVALID, ERR_NOMEM. */
int mpijob_diff_read(struct mpijob_diff *diff, struct json array, struct error *err);
/* Takes a difference back. Appends the object to out with each value from before in its place again, where the object
 * has the value from after now; where it has the one from before already, nothing is to be done. What has neither was
 * changed by another writer: it stays, and is added to `left`, with what is there now as `after` and what was written
 * as `before`. Objects that were made for a value and are empty without it go too. ERR_INVALID: a path that leads
 * nowhere; ERR_NOMEM. */
int mpijob_diff_reverse(const struct mpijob_diff *diff, struct json object, struct buf *out, struct mpijob_diff *left,
                        struct error *err);

#endif
