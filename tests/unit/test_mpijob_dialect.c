/* SPDX-License-Identifier: Apache-2.0 */
/* The table of dialects: that its rows are whole, that names come from it, and that no other source names versions and
 * controllers. Checked with the real rows and a made-up version and kind (mpijob_v3.h). */
#include "mpijob_fixture.h"

#include <dirent.h>

#include "mpijob/kind.h"
#include "mpijob_v3.h"

/* ---- the rows are whole ---- */

static bool is_labelled(const char *label)
{
    for (const struct mpijob_labelling *l = v3_tables.labellings; l->job; l++) {
        if (strcmp(l->job, label) == 0)
            return true;
    }
    return false;
}

static void check_reader(const struct mpijob_reader *reader)
{
    assert_non_null(reader->name);
    for (int f = 0; f < FIELD_COUNT; f++) {
        const struct mpijob_place *place = &reader->places[f];
        assert_int_equal(place->has, place->pointer != NULL);
        assert_true(place->has || (!place->replaceable && !place->also && !place->overrides));
        assert_true(!place->pointer || str_starts(str_of(place->pointer), "/spec/"));
    }
    assert_int_equal(reader->places[FIELD_MANAGED_BY].has, reader->manager != NULL);
    for (const char *const *label = reader->pod_labels; *label; label++)
        assert_true(is_labelled(*label)); /* else such pods are listed and not counted */
}

static void check_row(const struct mpijob_dialect *d)
{
    const struct mpijob_dialect *families[2];
    assert_ptr_equal(mpijob_dialect_of(d->kind, d->version, d->controller), d); /* it stands but once */
    assert_true(mpijob_dialect_known(d));
    check_reader(d->reader);
    assert_int_equal(d->server->only != NULL, d->server->name != NULL);
    assert_true(d->definition->program || !d->definition->keeps_unknown);
    assert_int_equal(d->untried != NULL || d->judged_count == 1, d->instead != NULL);
    assert_true(!d->open || (d->judged_count == 2 && d->reader->two));
    assert_true(!d->through_child || d->reader->child);
    assert_true(!d->reader->child || d->reader->child->is == d->kind->child);
    assert_true(!d->judged_count || !d->releases);
    for (int i = 0; i < d->judged_count; i++) {
        families[i] = mpijob_dialect_of(d->kind, d->version, d->judged_like[i]);
        assert_true(mpijob_dialect_known(families[i]) && families[i]->releases);
    }
}

static void every_row_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < v3_tables.dialect_count; i++) {
        const struct mpijob_dialect *d = &v3_tables.dialects[i];
        int usual = 0;
        check_row(d);
        for (size_t k = 0; k < v3_tables.dialect_count; k++) {
            const struct mpijob_dialect *other = &v3_tables.dialects[k];
            usual += other->usual && other->kind == d->kind && other->version == d->version;
        }
        if (usual != 1)
            fail_msg("%s %s has %d usual controllers", mpijob_kind_info(d->kind)->name, mpijob_version_name(d->version),
                     usual);
    }
    for (size_t k = 0; k < v3_tables.kind_count; k++)
        assert_true(mpijob_kind_has(mpijob_kind_at((size_t)k), mpijob_kind_version(mpijob_kind_at((size_t)k))));
}

/* Every controller can be configured, whatever the server serves. */
static void every_controller_has_mpijobs_of_every_version(void **state)
{
    (void)state;
    for (int version = 0; version < MPIJOB_VERSIONS; version++) {
        for (int controller = CONTROLLER_UNKNOWN; controller <= CONTROLLER_CCI; controller++) {
            const struct mpijob_dialect *d =
                mpijob_dialect_of(KIND_MPIJOB, (enum mpijob_version)version, (enum mpijob_controller)controller);
            assert_true(mpijob_dialect_known(d));
            assert_true(d->releases || d->judged_count);
            assert_non_null(d->cleanup);
            assert_non_null(d->reader->child);
            assert_int_not_equal(d->reader->wrong_type, WRONG_TYPE_UNKNOWN);
            assert_int_not_equal(d->reader->bad_policy, BAD_POLICY_UNKNOWN);
        }
    }
}

/* ---- names ---- */

static void names(void **state)
{
    (void)state;
    enum mpijob_version version;
    const struct mpijob_kind *kind;
    char text[MPIJOB_VERSIONS_TEXT];
    struct error err;
    assert_string_equal(mpijob_version_name(MPIJOB_V3), "v3");
    assert_true(mpijob_version_parse(str_of("kubeflow.org/v3"), &version) && version == MPIJOB_V3);
    assert_true(mpijob_kind_has(KIND_MPIJOB, MPIJOB_V3));
    assert_false(mpijob_kind_has(KIND_TFJOB, MPIJOB_V3));
    assert_false(mpijob_kind_has(KIND_THING, MPIJOB_V2BETA1));
    assert_true(mpijob_kind_api_version(KIND_MPIJOB, str_of("kubeflow.org/v3"), &version) && version == MPIJOB_V3);
    assert_true(mpijob_kind_api_version(KIND_THING, str_of("things.example.com/v3"), &version));
    static const char *const others[] = {"kubeflow.org/v3",        "things.example.com/v1", "v3", "things.example.com",
                                         "things.example.com/v3/", "things.example.comv3",  "",   "/v3"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(mpijob_kind_api_version(KIND_THING, str_of(others[i]), &version));
    assert_int_equal(mpijob_kind_versions(KIND_MPIJOB, " and ", text), 4);
    assert_string_equal(text, "v1alpha2, v1, v2beta1 and v3");
    assert_int_equal(mpijob_kind_versions(KIND_THING, " and ", text), 1);
    assert_string_equal(text, "v3");
    assert_int_equal(mpijob_controller_of(KIND_MPIJOB, MPIJOB_V3), CONTROLLER_MPI_OPERATOR);
    assert_int_equal(mpijob_controller_of(KIND_TFJOB, MPIJOB_V3), CONTROLLER_UNKNOWN);
    assert_true(mpijob_kind_find(str_of("thingjobs.things.example.com"), &kind) && kind == KIND_THING);
    assert_true(mpijob_kind_parse(str_of("ThingJob"), &kind) && kind == KIND_THING);
    assert_false(mpijob_kind_find(str_of("thingjobs.kubeflow.org"), &kind));
    mpijob_kind_unknown("ThinkJob", &err);
    assert_contains(err.message, "did you mean \"ThingJob\"?");
    assert_contains(err.message, "MXJob, ThingJob");
}

/* ---- no other source names a version or a controller ---- */

/* These are the rows and the names, and what one controller alone writes. */
static bool may_name_them(const char *path)
{
    static const char *const files[] = {"mpijob/version.h",
                                        "mpijob/version.c",
                                        "mpijob/dialect_rows.c",
                                        "mpijob/evidence.c",
                                        "sim",
                                        "mpijob/effect/effect_table.c"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (strcmp(path, files[i]) == 0)
            return true;
    }
    return false;
}

static void look_into(const char *path)
{
    static const char *const words[] = {"MPIJOB_V1ALPHA2",         "MPIJOB_V1",      "MPIJOB_V2BETA1",
                                        "CONTROLLER_MPI_OPERATOR", "CONTROLLER_CCI", "CONTROLLER_TRAINING_OPERATOR"};
    char file[1200];
    struct buf text = BUF_INIT;
    snprintf(file, sizeof file, TEST_SOURCE_DIR "/src/%s", path);
    assert_int_equal(buf_read_file(&text, file, 1 << 20, NULL), 0);
    for (size_t i = 0; text.ptr && i < sizeof words / sizeof *words; i++) {
        if (strstr(text.ptr, words[i]))
            fail_msg("src/%s names %s; ask for a property of the dialect (mpijob/dialect.h)", path, words[i]);
    }
    buf_free(&text);
}

static int look_through(const char *folder)
{
    char path[1024];
    int files = 0;
    snprintf(path, sizeof path, TEST_SOURCE_DIR "/src/%s", folder);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        snprintf(path, sizeof path, "%s%s%.250s", folder, *folder ? "/" : "", e->d_name);
        bool source = str_ends(str_of(e->d_name), ".c") || str_ends(str_of(e->d_name), ".h");
        if (*e->d_name == '.' || may_name_them(path))
            continue;
        if (e->d_type == DT_DIR)
            files += look_through(path);
        else if (source)
            look_into(path);
        files += source;
    }
    closedir(dir);
    return files;
}

static void no_source_asks_for_a_version(void **state)
{
    (void)state;
    assert_true(look_through("") > 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_whole),
        cmocka_unit_test(every_controller_has_mpijobs_of_every_version),
        cmocka_unit_test(names),
        cmocka_unit_test(no_source_asks_for_a_version),
    };
    return cmocka_run_group_tests(tests, v3_add_rows, NULL);
}
