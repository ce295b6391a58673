/* SPDX-License-Identifier: Apache-2.0 */
/* Plugins as files: a folder and an archive of it have one sum, the lock holds them to it, and where memory is out at any
 * place a plugin is either whole or refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "alloc.h"
#include "base/file_write.h"
#include "plugin/plugin.h"

struct place {
    char folder[64], path[128], lock[128], options[256];
    size_t findings;
    char last[1024];
};

static void finding(void *data, const char *file, int line, const char *message)
{
    struct place *p = data;
    (void)file;
    (void)line;
    p->findings++;
    snprintf(p->last, sizeof p->last, "%s", message);
}

static void write_text(const struct place *p, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", p->folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void run(const struct place *p, const char *command)
{
    char text[512];
    snprintf(text, sizeof text, "cd '%s' && %s", p->folder, command);
    assert_int_equal(system(text), 0); /* NOLINT(cert-env33-c): of our own words */
}

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    char path[128];
    strcpy(p->folder, "/tmp/test-plugin-XXXXXX"); /* NOLINT(clang-analyzer-security.insecureAPI.strcpy): it fits */
    if (!mkdtemp(p->folder))
        return -1;
    snprintf(path, sizeof path, "%s/cost", p->folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/cost/lib", p->folder);
    mkdir(path, 0700);
    write_text(p, "cost/plugin.lua", "plugin {}\n");
    write_text(p, "cost/lib/half.lua", "return 0.5\n");
    write_text(p, "cost/lib/zero.lua", "");
    write_text(p, "cost/.hidden", "x");
    write_text(p, "days.txt", "monday\n");
    run(p, "tar czf cost-1.0.0.tar.gz cost");
    snprintf(p->path, sizeof p->path, "%s/cost", p->folder);
    snprintf(p->lock, sizeof p->lock, "%s/plugins.lock", p->folder);
    snprintf(p->options, sizeof p->options, "{\"price\":3,\"days\":{\"file\":\"%s/days.txt\"}}", p->folder);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    run(p, "rm -rf cost cost-1.0.0.tar.gz days.txt plugins.lock plugins.lock.new odd.tgz");
    rmdir(p->folder);
    free(p);
    return 0;
}

static int read_it(struct place *p, const char *path, struct plugins *plugins)
{
    struct plugin_place place = {
        .name = "cost", .path = path, .options = p->options, .lines = "{\"price\":3}", .file = "m.yaml", .line = 2};
    p->findings = 0;
    return plugins_read(plugins, &place, 1, finding, p);
}

static void test_sum(void **state)
{
    struct place *p = *state;
    struct plugins folder, archive;
    char path[160];
    assert_int_equal(read_it(p, p->path, &folder), 0);
    snprintf(path, sizeof path, "%s/cost-1.0.0.tar.gz", p->folder);
    assert_int_equal(read_it(p, path, &archive), 0);
    assert_int_equal(folder.count, 1);
    assert_int_equal(folder.items[0]->count, 3);
    assert_int_equal(archive.count, 1);
    assert_false(folder.items[0]->refused);
    assert_string_equal(folder.items[0]->sha256, archive.items[0]->sha256);
    assert_string_equal(folder.items[0]->options.ptr, "{\"price\":3,\"days\":\"monday\\n\"}");
    plugins_free(&folder);
    plugins_free(&archive);
}

static void test_lock(void **state)
{
    struct place *p = *state;
    struct plugins plugins;
    struct buf text = BUF_INIT;
    struct error err;
    assert_int_equal(read_it(p, p->path, &plugins), 0);
    plugin_lock_add(&text, plugins.items[0], "1.0.0");
    assert_int_equal(file_put(p->lock, buf_str(&text), &err), 0);
    plugin_lock_check(&plugins, p->lock, finding, p);
    assert_int_equal(p->findings, 0);
    assert_true(plugins.items[0]->locked);
    plugins_free(&plugins);
    write_text(p, "cost/lib/zero.lua", "0");
    assert_int_equal(read_it(p, p->path, &plugins), 0);
    plugin_lock_check(&plugins, p->lock, finding, p);
    assert_int_equal(p->findings, 1);
    assert_true(plugins.items[0]->refused);
    plugins_free(&plugins);
    write_text(p, "cost/lib/zero.lua", "");
    buf_free(&text);
    /* One that cannot be read holds nothing: what it might forbid is not run. */
    static const char *const odd[] = {"ln -s nowhere plugins.lock", "mkdir plugins.lock", "mkfifo plugins.lock"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        run(p, "rm -rf plugins.lock");
        run(p, odd[i]);
        assert_int_equal(read_it(p, p->path, &plugins), 0);
        plugin_lock_check(&plugins, p->lock, finding, p);
        assert_int_equal(p->findings, 1);
        assert_true(plugins.items[0]->refused);
        plugins_free(&plugins);
    }
}

/* Each allocation fails in turn. */
static void test_memory(void **state)
{
    struct place *p = *state;
    struct plugins good, plugins;
    char archive[160];
    snprintf(archive, sizeof archive, "%s/cost-1.0.0.tar.gz", p->folder);
    const char *const paths[] = {p->path, archive};
    assert_int_equal(read_it(p, p->path, &good), 0);
    for (int i = 0; i < 2; i++) {
        for (long n = 1;; n++) {
            alloc_fail_at(n);
            int rc = read_it(p, paths[i], &plugins);
            bool failed = alloc_failed();
            alloc_fail_at(0);
            assert_true(rc == 0 || rc == ERR_NOMEM);
            if (failed)
                assert_true(rc == ERR_NOMEM || p->findings);
            for (size_t k = 0; k < plugins.count; k++) {
                if (plugins.items[k]->refused)
                    continue;
                assert_string_equal(plugins.items[k]->sha256, good.items[0]->sha256);
                if (!rc)
                    assert_string_equal(plugins.items[k]->options.ptr, good.items[0]->options.ptr);
            }
            plugins_free(&plugins);
            if (!failed)
                break;
        }
    }
    plugins_free(&good);
}

/* Files that are in no folder, or not all in one, keep their names. */
static void test_names(void **state)
{
    struct place *p = *state;
    struct plugins plugins;
    char archive[160];
    static const struct {
        const char *make, *names[2];
    } cases[] = {
        {"tar czf odd.tgz days.txt", {"days.txt", NULL}},
        {"tar czf odd.tgz -C cost/lib half.lua", {"half.lua", NULL}},
        {"tar czf odd.tgz cost/lib/half.lua days.txt", {"cost/lib/half.lua", "days.txt"}},
        {"tar czf odd.tgz cost/lib/half.lua", {"lib/half.lua", NULL}},
    };
    snprintf(archive, sizeof archive, "%s/odd.tgz", p->folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run(p, cases[i].make);
        assert_int_equal(read_it(p, archive, &plugins), 0);
        assert_int_equal(plugins.count, 1);
        assert_true(plugins.items[0]->refused);
        assert_non_null(strstr(p->last, "has no plugin.lua"));
        assert_int_equal(plugins.items[0]->count, cases[i].names[1] ? 2 : 1);
        for (size_t k = 0; k < plugins.items[0]->count; k++)
            assert_string_equal(plugins.items[0]->files[k].name, cases[i].names[k]);
        plugins_free(&plugins);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sum, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
