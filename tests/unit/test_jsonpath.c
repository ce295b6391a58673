/* SPDX-License-Identifier: Apache-2.0 */
/* JSONPath templates: what they give, what is refused, and no memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "json/path/jsonpath.h"

static const char document[] =
    "{\"metadata\":{\"name\":\"bert\",\"labels\":{\"app.io/team\":\"nlp\",\"a\\\"b\":\"q\"}},\"n\":3,"
    "\"items\":[{\"type\":\"Created\",\"status\":\"True\",\"n\":1,\"in\":[1,2]},"
    "{\"type\":\"Running\",\"status\":\"False\",\"n\":20,\"in\":[]},{\"type\":\"Failed\",\"n\":3.5,\"ok\":true}],"
    "\"empty\":[],\"null\":null}";

static struct json parsed(void)
{
    struct json root;
    assert_int_equal(json_parse(str_of(document), "the test", &root, NULL), 0);
    return root;
}

static void gives(const char *template, const char *want)
{
    struct jsonpath *path;
    struct buf out = BUF_INIT;
    struct error err;
    if (jsonpath_template(template, &path, &err))
        fail_msg("%s", err.message);
    assert_int_equal(jsonpath_print(path, parsed(), &out, &err), 0);
    buf_puts(&out, "");
    assert_string_equal(out.len ? out.ptr : "", want);
    buf_free(&out);
    jsonpath_free(path);
}

static void paths_lead_to_values(void **state)
{
    (void)state;
    gives("{.metadata.name}", "bert");
    gives("{$.metadata.name}", "bert");
    gives("{ ['metadata']['name'] }", "bert");
    gives("{.metadata.labels.app\\.io/team}", "nlp");
    gives("{.metadata.labels['app.io/team']}", "nlp");
    gives("{.metadata.labels['a\"b']}", "q");
    gives("{.items[0].type} {.items[-1].type} {.items[7].type}{.items[-7].type}", "Created Failed ");
    gives("{.items[*].type}", "Created Running Failed");
    gives("{.items[0:2].type}/{.items[1:].type}/{.items[:-1].n}", "Created Running/Running Failed/1 20");
    gives("{.metadata.*}", "bert {\"app.io/team\":\"nlp\",\"a\\\"b\":\"q\"}");
    gives("{.items[*].in[*]}", "1 2");
    gives("{.absent.too}{.n.name}{.metadata[0]}{.empty[0]}", "");
    gives("{.null}", "null");
    gives("{.}", document);
    gives("plain, {\"a\\n\\t\\\"}\"} {'b'}", "plain, a\n\t\"} b");
    gives("", "");
}

static void filters_choose(void **state)
{
    (void)state;
    gives("{.items[?(@.type==\"Running\")].n}", "20");
    gives("{.items[?(@.type == 'Running')].n}", "20");
    gives("{.items[?(@.type!=\"Running\")].n}", "1 3.5");
    gives("{.items[?(@.n>3)].type}", "Running Failed");
    gives("{.items[?(@.n<=3.5)].type}", "Created Failed");
    gives("{.items[?(@.type<'E')].type}", "Created");
    gives("{.items[?(@.status)].type}", "Created Running");
    gives("{.items[?(@.ok==true)].type}", "Failed");
    gives("{.items[?(@.in[1]==2)].type}", "Created");
    gives("{.items[?(@['n']>=20)].type}", "Running");
    gives("{.items[?(@.n>'1')].type}", ""); /* a number and a text have no order */
    gives("{.metadata[?(@.name)].x}", "");
}

static void ranges_repeat(void **state)
{
    (void)state;
    gives("{range .items[*]}{.type}={.n}{\"\\n\"}{end}", "Created=1\nRunning=20\nFailed=3.5\n");
    gives("{range .items[*]}{range .in[*]}<{@}{$.metadata.name}>{end};{end}.", "<1bert><2bert>;;;.");
    gives("{range .empty[*]}x{end}{range .absent}y{end}z", "z");
}

static void refuses(const char *template, const char *want)
{
    struct jsonpath *path;
    struct error err;
    assert_int_equal(jsonpath_template(template, &path, &err), ERR_SYNTAX);
    assert_null(path);
    if (!strstr(err.message, want))
        fail_msg("%s: %s", template, err.message);
}

static void mistakes_have_a_place_and_a_cure(void **state)
{
    (void)state;
    refuses("{.metadata", "character 11 of \"{.metadata\": } is missing");
    refuses("{..name}", "\"..\" is not supported here; name each step");
    refuses("{.a..name}", "\"..\" is not supported");
    refuses("{.a.}", "a name is missing");
    refuses("{metadata}", "a path such as .metadata.name");
    refuses("{.a[}", "an index, a name in quotes, * or ?(...) is missing");
    refuses("{.a[99999999999]}", "an index");
    refuses("{.a[0,1]}", "unions");
    refuses("{.a[0:4:2]}", "unions and steps");
    refuses("{.a['x]}", "a text in quotes does not end");
    refuses("{.a[?(.x==1)]}", "@ is missing");
    refuses("{.a[?(@.x==)]}", "compares with");
    refuses("{.a[?(@.x=='1']}", ") is missing");
    refuses("{.a[?(@.*==1)]}", "* is not supported in a filter");
    refuses("{.a[?(@.x[0:1]==1)]}", "not at a slice");
    refuses("{end}", "{end} without a {range");
    refuses("{range .a}x", "has no {end}");
    refuses("{\"x}", "does not end");
    refuses("{", "a path such as");
    refuses("{range .a}{range .a}{range .a}{range .a}{range .a}{range .a}{range .a}{range .a}{range .a}", "8 ranges");
    refuses("{.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a}", "32 steps");
}

static void count(void *data, struct json value)
{
    (void)value;
    ++*(int *)data;
}

static int values(const char *text)
{
    struct jsonpath *path;
    int n = 0;
    if (jsonpath_single(text, &path, NULL))
        return -1;
    assert_int_equal(jsonpath_each(path, parsed(), count, &n, NULL), 0);
    jsonpath_free(path);
    return n;
}

static void a_single_path_may_lack_its_braces(void **state)
{
    (void)state;
    assert_int_equal(values(".items[*].n"), 3);
    assert_int_equal(values("{.items[*].n}"), 3);
    assert_int_equal(values("items[*].n"), 3);
    assert_int_equal(values("$.metadata.name"), 1);
    assert_int_equal(values("@"), 1);
    assert_int_equal(values("absent"), 0);
    assert_int_equal(values(""), -1);
    assert_int_equal(values("{.a}x"), -1);
    assert_int_equal(values("{.a}{.b}"), -1);
    assert_int_equal(values("range .a"), -1);
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    struct json root = parsed();
    for (long n = 1;; n++) {
        struct jsonpath *path = NULL;
        struct buf out = BUF_INIT;
        alloc_fail_at(n);
        int rc = jsonpath_template("{range .items[?(@.type!='x')]}{.type}{['n']} {end}", &path, NULL);
        if (!rc)
            rc = jsonpath_print(path, root, &out, NULL);
        bool failed = alloc_failed();
        alloc_fail_at(0);
        buf_free(&out);
        jsonpath_free(path);
        assert_int_equal(rc, failed ? ERR_NOMEM : 0);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_to_values),
        cmocka_unit_test(filters_choose),
        cmocka_unit_test(ranges_repeat),
        cmocka_unit_test(mistakes_have_a_place_and_a_cure),
        cmocka_unit_test(a_single_path_may_lack_its_braces),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
