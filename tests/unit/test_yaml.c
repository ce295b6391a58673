/* SPDX-License-Identifier: Apache-2.0 */
/* YAML: the tree, what scalars stand for, and the ways to JSON and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "alloc.h"
#include "base/clock.h"
#include "yaml/convert.h"

static struct yaml_tree *tree_of(const char *text)
{
    struct yaml_tree *tree;
    struct error err = {0};
    if (yaml_tree_parse(str_of(text), "f", &tree, &err))
        fail_msg("%s", err.message);
    return tree;
}

static void assert_text(struct yaml_node node, const char *text)
{
    assert_int_equal(yaml_kind(node), YAML_SCALAR);
    assert_string_equal(yaml_text(node).ptr, text);
    assert_int_equal(yaml_text(node).len, strlen(text));
}

/* ---- the tree ---- */

static void a_tree(void **state)
{
    (void)state;
    struct yaml_tree *tree = tree_of("# a comment\nname: job\nlist:\n- 0400\n- 'yes'\n- {a: }\nempty: {}\n");
    struct yaml_node root = yaml_root(tree), list = yaml_get(root, "list");
    assert_int_equal(yaml_kind(root), YAML_MAP);
    assert_int_equal(yaml_line(root), 2);
    assert_int_equal(yaml_count(root), 3);
    assert_text(yaml_key(root, 0), "name");
    assert_text(yaml_value(root, 0), "job");
    assert_text(yaml_get(root, "name"), "job");
    assert_int_equal(yaml_kind(list), YAML_LIST);
    assert_int_equal(yaml_count(list), 3);
    assert_text(yaml_item(list, 0), "0400"); /* as it was written */
    assert_int_equal(yaml_line(yaml_item(list, 1)), 5);
    assert_text(yaml_item(list, 1), "yes");
    struct yaml_node a = yaml_get(yaml_item(list, 2), "a");
    assert_text(a, "");
    assert_true(yaml_is_null(a));
    assert_int_equal(yaml_count(yaml_get(root, "empty")), 0);
    assert_int_equal(yaml_kind(yaml_get(root, "nothing")), YAML_ABSENT);
    assert_int_equal(yaml_kind(yaml_get(list, "name")), YAML_ABSENT);
    assert_int_equal(yaml_kind(yaml_get(yaml_get(root, "nothing"), "name")), YAML_ABSENT);
    assert_int_equal(yaml_line(yaml_get(root, "nothing")), 0);
    assert_int_equal(yaml_count(yaml_get(root, "name")), 0);
    assert_null(yaml_text(list).ptr);
    yaml_tree_free(tree);
    yaml_tree_free(NULL);
}

static void what_is_null(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool null;
    } table[] = {{"~", true},    {"null", true},         {"Null", true},  {"NULL", true},
                 {"a: ", false}, {"'~'", false},         {"\"\"", false}, {"nil", false},
                 {"[]", false},  {"|\n  null\n", false}, {"--- \n", true}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct yaml_tree *tree = tree_of(table[i].text);
        if (yaml_is_null(yaml_root(tree)) != table[i].null)
            fail_msg("%s", table[i].text);
        yaml_tree_free(tree);
    }
}

static void of_a_key_that_stands_twice_the_last_counts(void **state)
{
    (void)state;
    struct yaml_tree *tree = tree_of("a: 1\nb: 2\na: 3\n[x]: 4\n");
    assert_text(yaml_get(yaml_root(tree), "a"), "3");
    assert_int_equal(yaml_kind(yaml_key(yaml_root(tree), 3)), YAML_LIST);
    yaml_tree_free(tree);
}

static void aliases_and_merge_keys(void **state)
{
    (void)state;
    struct yaml_tree *tree = tree_of("base: &base {a: 1, b: 2}\nmore: &more {b: 3, c: 4}\n"
                                     "one: {<<: *base, a: 5}\nmany: {<<: [*more, *base]}\nalias: *base\n"
                                     "deep: {<<: {<<: *base}}\nloop: &loop {<<: *loop}\n"
                                     "loops: &loops {<<: [*loops, *loops, *loops, *loops]}\n");
    struct yaml_node root = yaml_root(tree), one = yaml_get(root, "one"), many = yaml_get(root, "many");
    assert_text(yaml_get(yaml_get(root, "alias"), "a"), "1");
    assert_int_equal(yaml_line(yaml_get(root, "alias")), 1); /* where the node stands that it is an alias of */
    assert_text(yaml_get(one, "a"), "5");
    assert_text(yaml_get(one, "b"), "2");
    assert_text(yaml_get(many, "b"), "3");
    assert_text(yaml_get(many, "a"), "1");
    assert_text(yaml_get(many, "c"), "4");
    assert_text(yaml_get(yaml_get(root, "deep"), "b"), "2");
    assert_int_equal(yaml_kind(yaml_get(yaml_get(root, "loop"), "a")), YAML_ABSENT);
    assert_int_equal(yaml_kind(yaml_get(yaml_get(root, "loops"), "a")), YAML_ABSENT);
    yaml_tree_free(tree);
}

static void documents_in_turn(void **state)
{
    (void)state;
    static const char text[] = "# one\n--- a\n--- [b]\n...\n---\n";
    struct yaml_tree *tree = tree_of(text);
    assert_text(yaml_root(tree), "a");
    assert_int_equal(yaml_tree_next(tree, NULL), 0);
    assert_text(yaml_item(yaml_root(tree), 0), "b");
    assert_int_equal(yaml_tree_next(tree, NULL), 0);
    assert_true(yaml_is_null(yaml_root(tree)));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(yaml_tree_next(tree, NULL), 0);
        assert_int_equal(yaml_kind(yaml_root(tree)), YAML_ABSENT);
    }
    yaml_tree_free(tree);
    static const char *const nothing[] = {"", " \n\n", "# only this\n", "%YAML 1.1\n"};
    for (size_t i = 0; i < 3; i++) {
        tree = tree_of(nothing[i]);
        assert_int_equal(yaml_kind(yaml_root(tree)), YAML_ABSENT);
        yaml_tree_free(tree);
    }
    struct yaml_tree *first = tree_of("a: b\n--- [\n"); /* what follows is looked at when it is asked for */
    struct error err;
    assert_text(yaml_get(yaml_root(first), "a"), "b");
    assert_int_equal(yaml_tree_next(first, &err), ERR_SYNTAX);
    assert_int_equal(yaml_kind(yaml_root(first)), YAML_ABSENT);
    yaml_tree_free(first);
}

/* ---- what is refused ---- */

static void refused(struct str text, int code, const char *says)
{
    struct yaml_tree *tree = (void *)1;
    struct error err = {0};
    assert_int_equal(yaml_tree_parse(text, "f", &tree, &err), code);
    assert_null(tree);
    if (!strstr(err.message, says))
        fail_msg("\"%s\" does not say \"%s\"", err.message, says);
}

static void what_is_no_yaml(void **state)
{
    (void)state;
    refused(str_of("a: b\n c: d\n"), ERR_SYNTAX,
            "f:2: this is not YAML: mapping values are not allowed in this context");
    refused(str_of("a: [\n"), ERR_SYNTAX,
            "f:2: this is not YAML: did not find expected node content while parsing a flow node");
    refused(str_of("a: \xc3\x28\n"), ERR_SYNTAX, "f is not YAML: invalid trailing UTF-8 octet (at byte 4)");
    refused(str_of("a: b\n\nc: *x\n"), ERR_SYNTAX, "f:3: this is not YAML: found undefined alias");
    refused(str_of("a: &x b\nc: &x d\n"), ERR_SYNTAX, "f:2: this is not YAML: found duplicate anchor");
    refused(str_n("a", (size_t)INT32_MAX + 1), ERR_LIMIT, "f is larger than the limit of 2147483647 bytes");
}

/* libyaml takes time by the square of the nesting: three megabytes of brackets took it three quarters of a minute. */
static void what_is_nested_too_deeply(void **state)
{
    (void)state;
    enum { SIZE = 3000000 };
    char *text = malloc(SIZE);
    assert_non_null(text);
    int64_t began = clock_monotonic();
    memset(text, '[', SIZE);
    refused(str_n(text, SIZE), ERR_SYNTAX, "f:1: this is not YAML: it is nested too deeply");
    for (int i = 0; i < SIZE; i++)
        text[i] = "- "[i % 2];
    refused(str_n(text, SIZE), ERR_SYNTAX, "f:1: this is not YAML: it is nested too deeply");
    assert_true(clock_monotonic() - began < 20 * CLOCK_SECOND);
    memset(text, '[', 1000);
    memset(text + 1000, ']', 1000);
    struct yaml_tree *tree;
    assert_int_equal(yaml_tree_parse(str_n(text, 2000), "f", &tree, NULL), 0);
    yaml_tree_free(tree);
    free(text);
}

/* ---- to JSON ---- */

static void as_json(const char *text, const char *json)
{
    struct buf out = BUF_INIT;
    struct error err = {0};
    if (yaml_to_json(str_of(text), "f", &out, &err))
        fail_msg("%s: %s", text, err.message);
    assert_string_equal(out.ptr, json);
    buf_free(&out);
}

static void no_json(const char *text, const char *says)
{
    struct buf out = BUF_INIT;
    struct error err = {0};
    assert_int_equal(yaml_to_json(str_of(text), "f", &out, &err), ERR_SYNTAX);
    assert_string_equal(err.message, says);
    buf_free(&out);
}

static void scalars_in_json(void **state)
{
    (void)state;
    as_json("[true, True, TRUE, false, False, FALSE]", "[true,true,true,false,false,false]");
    as_json("[null, Null, NULL, ~, ]", "[null,null,null,null]");
    as_json("[0, -1, 1.50, 1e300, 9007199254740993, -0]", "[0,-1,1.50,1e300,9007199254740993,-0]");
    as_json("['true', \"1\", '~', '']", "[\"true\",\"1\",\"~\",\"\"]");
    /* as kubectl takes them: test_yaml_kubectl.c has the whole of it */
    as_json("[0400, 0x1F, .5, 1_000, yes, No, on, +1, 1., !!str 5, 1e400]",
            "[256,31,0.5,1000,true,false,true,1,1,\"5\",\"1e400\"]");
    as_json("[+01.50e+3, -.5, 3.14159265358979323846, 18446744073709551616]",
            "[1.50e+3,-0.5,3.14159265358979323846,18446744073709551616]"); /* every digit stays */
    as_json("a: |\n  two\n  lines\nb: >-\n  one\n  line\n? c\n: \"\\u00e9\\n\"\n",
            "{\"a\":\"two\\nlines\\n\",\"b\":\"one line\",\"c\":\"\xc3\xa9\\n\"}");
    as_json("a: &x [1]\nb: *x\n<<: {c: 2}\n", "{\"a\":[1],\"b\":[1],\"c\":2}");
    as_json("{\"a\": [], \"b\": {}, \"c\": \"\\u0000\"}", "{\"a\":[],\"b\":{},\"c\":\"\\u0000\"}");
    as_json("~\n", "null");
}

static void all_documents_in_json(void **state)
{
    (void)state;
    static const struct {
        const char *text, *json;
    } table[] = {{"a: 1\n---\n- 2\n---\n", "[{\"a\":1},[2]]"},
                 {"---\n---\n~\n--- 'null'\n", "[\"null\"]"},
                 {"# nothing\n", "[]"},
                 {"a\n...\n---\n# b\n", "[\"a\"]"}};
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        buf_reset(&out);
        assert_int_equal(yaml_documents_to_json(str_of(table[i].text), "f", &out, NULL), 0);
        assert_string_equal(out.ptr, table[i].json);
    }
    struct error err;
    assert_int_equal(yaml_documents_to_json(str_of("a\n---\n[\n"), "f", &out, &err), ERR_SYNTAX);
    buf_free(&out);
}

static void what_is_refused_as_json(void **state)
{
    (void)state;
    no_json("", "f: it is empty");
    no_json("a: 1\n--- b\n", "f: it holds several documents; give one");
    no_json("a: 1\nb: 2\na: 3\n", "f:3: \"a\" is given twice");
    no_json("a: 1\n[b]: 2\n", "f:2: a key has to be a plain text");
    no_json("a: [b\nc: d\n", "f:2: while parsing a flow sequence, did not find expected ',' or ']'");
    no_json("a: 1\n--- [\n", "f:3: while parsing a flow node, did not find expected node content");
    no_json("a: \xc3\x28\n", "f:1: invalid trailing UTF-8 octet");
    no_json("x: &a [*a]\n", "f:1: it is nested too deeply, or an anchor leads back to itself");
    char deep[131];
    memset(deep, '[', 65);
    memset(deep + 65, ']', 65);
    deep[130] = '\0';
    no_json(deep, "f:1: it is nested too deeply, or an anchor leads back to itself");
    deep[129] = '\0';
    as_json(deep + 1, deep + 1);
}

/* Aliases of aliases make much of little. */
static void what_grows_without_end(void **state)
{
    (void)state;
    struct buf text = BUF_INIT, out = {.max = 1000};
    struct error err = {0};
    buf_puts(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 20; i++)
        buf_printf(&text, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1, i - 1,
                   i - 1, i - 1, i - 1, i - 1, i - 1);
    no_json(text.ptr, "f:1: it grows beyond 16 MiB (anchors that are used many times?)");
    assert_int_equal(yaml_to_json(buf_str(&text), "f", &out, &err), ERR_LIMIT);
    assert_string_equal(err.message, "f is larger than the limit of 1000 bytes");
    buf_free(&text);
    buf_free(&out);
}

/* Merges of merges are the same: sixteen levels of nine would be 10^15 members. */
static void merges_that_grow_without_end(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    int64_t began = clock_monotonic();
    buf_puts(&text, "a0: &a0 {x: 1}\n");
    for (int i = 1; i < 17; i++)
        buf_printf(&text, "a%d: &a%d {<<: [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]}\n", i, i, i - 1,
                   i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    no_json(text.ptr, "f:1: its merge keys (<<) bring in too much");
    assert_true(clock_monotonic() - began < 20 * CLOCK_SECOND);
    buf_free(&text);
    no_json("a: &a {<<: *a}\n", "f:1: merge keys (<<) are nested too deeply, or an anchor leads back to itself");
    no_json("a:\n  <<: 1\n", "f:2: a merge key (<<) needs a map or a list of maps");
}

static void tags_and_keys_that_do_not_fit(void **state)
{
    (void)state;
    no_json("a:\n- !!int yes\n", "f:2: \"yes\" is not what its tag !!int says");
    no_json("a: .inf\n", "f:1: .inf is no value in JSON; for the text write it in quotes");
    no_json("~: a\n", "f:1: a key cannot be null; for the text write it in quotes");
    no_json("a: 1\n!!int x: a\n", "f:2: the key is not what its tag says");
    no_json("yes: 1\non: 2\n", "f:2: \"true\" is given twice");
}

static void the_line_of_a_pointer(void **state)
{
    (void)state;
    static const char text[] = "a:\n  b:\n  - 1\n  -\n    c: 2\nd: {e: 3}\n";
    static const struct {
        const char *pointer;
        int line;
    } table[] = {{"", 1},   {"/a", 2},   {"/a/b", 3},   {"/a/b/0", 3},  {"/a/b/1/c", 5}, {"/d/e", 6},
                 {"/x", 0}, {"/a/x", 0}, {"/a/b/2", 0}, {"/a/b/-1", 0}, {"/d/e/f", 0},   {"/a/b/1", 5}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(yaml_pointer_line(str_of(text), table[i].pointer), table[i].line);
    assert_int_equal(yaml_pointer_line(str_of(""), ""), 0);
    assert_int_equal(yaml_pointer_line(str_of("a: [\n"), "/a"), 0);
}

/* Neither keys nor anchors are looked for one by one. */
static void a_hundred_thousand_keys_and_anchors(void **state)
{
    (void)state;
    struct buf text = BUF_INIT, out = BUF_INIT;
    struct error err;
    int64_t began = clock_monotonic();
    for (int i = 0; i < 100000; i++)
        buf_printf(&text, "key-%06d: &anchor-%06d [*anchor-%06d]\n", i, i, i / 2 + 1);
    assert_int_equal(yaml_to_json(buf_str(&text), "f", &out, &err), ERR_SYNTAX);
    assert_string_equal(err.message, "f:1: found undefined alias");
    buf_reset(&text);
    for (int i = 0; i < 100000; i++)
        buf_printf(&text, "key-%06d: &anchor-%06d [%d]\n", i, i, i);
    buf_puts(&text, "last: *anchor-099999\n");
    buf_reset(&out);
    assert_int_equal(yaml_to_json(buf_str(&text), "f", &out, &err), 0);
    assert_true(str_ends(buf_str(&out), "\"key-099999\":[99999],\"last\":[99999]}"));
    buf_puts(&text, "key-000007: again\n");
    buf_reset(&out);
    assert_int_equal(yaml_to_json(buf_str(&text), "f", &out, &err), ERR_SYNTAX);
    assert_string_equal(err.message, "f:100002: \"key-000007\" is given twice");
    assert_true(clock_monotonic() - began < 20 * CLOCK_SECOND);
    buf_free(&text);
    buf_free(&out);
}

/* ---- from JSON ---- */

static void as_yaml(const char *json, const char *text)
{
    struct buf out = BUF_INIT;
    struct json root;
    assert_int_equal(json_parse(str_of(json), "", &root, NULL), 0);
    assert_int_equal(json_to_yaml(root, &out, NULL), 0);
    assert_string_equal(out.ptr, text);
    buf_free(&out);
    as_json(text, json);
}

static void written_as_kubectl_does(void **state)
{
    (void)state;
    as_yaml("{\"kind\":\"MPIJob\",\"spec\":{\"slots\":1,\"list\":[\"a\",{\"b\":true}],\"none\":null}}",
            "kind: MPIJob\nspec:\n  slots: 1\n  list:\n  - a\n  - b: true\n  none: null\n");
    as_yaml("{\"a\":[],\"b\":{},\"c\":[[]]}", "a: []\nb: {}\nc:\n- []\n");
    as_yaml("[1.50,1e300,9007199254740993]", "- 1.50\n- 1e300\n- 9007199254740993\n");
}

static void texts_stay_texts(void **state)
{
    (void)state;
    as_yaml("[\"true\",\"yes\",\"No\",\"null\",\"~\",\"\",\"y\",\".inf\",\"<<\"]",
            "- \"true\"\n- \"yes\"\n- \"No\"\n- \"null\"\n- \"~\"\n- \"\"\n- \"y\"\n- \".inf\"\n- \"<<\"\n");
    as_yaml("[\"1\",\"0400\",\"1e3\",\".5\",\"0x1F\",\"12:30:00\",\"2024-01-01T10:00:00Z\"]",
            "- \"1\"\n- \"0400\"\n- \"1e3\"\n- \".5\"\n- \"0x1F\"\n- \"12:30:00\"\n- \"2024-01-01T10:00:00Z\"\n");
    as_yaml("[\"2024-01-01 10:00:00\",\"2024-1-1\",\"2024-01-01t10:00:00.5z\",\"2024-build\",\"1 2\"]",
            "- \"2024-01-01 10:00:00\"\n- \"2024-1-1\"\n- \"2024-01-01t10:00:00.5z\"\n- 2024-build\n- 1 2\n");
    as_yaml("[\"truely\",\"v1\",\"a: b\",\"# c\",\"\xc3\xa9\"]", "- truely\n- v1\n- 'a: b'\n- '# c'\n- \xc3\xa9\n");
    as_yaml("{\"1\":\"two\\nlines\\n\"}", "\"1\": |\n  two\n  lines\n");
}

/* ---- memory ---- */

static int all_of_it(void)
{
    static const char text[] =
        "a: &x [1, two, ~]\nb: *x\nc: {d: \"e\"}\nm: &m {0x10: y, !!binary dw==: 1_0}\no: {<<: *m}\n";
    struct buf json = BUF_INIT, yaml = BUF_INIT;
    struct json root;
    struct error err = {0};
    int rc = yaml_to_json(str_of(text), "f", &json, &err);
    if (!rc)
        rc = json_parse(buf_str(&json), "f", &root, &err);
    if (!rc)
        rc = json_to_yaml(root, &yaml, &err);
    assert_int_equal(rc, err.code);
    if (!rc)
        assert_string_equal(yaml.ptr, "a:\n- 1\n- two\n- null\nb:\n- 1\n- two\n- null\nc:\n  d: e\n"
                                      "m:\n  \"16\": true\n  w: 10\no:\n  \"16\": true\n  w: 10\n");
    buf_free(&json);
    buf_free(&yaml);
    return rc;
}

static void each_allocation_fails(void **state)
{
    (void)state;
    for (long n = 1;; n++) {
        alloc_fail_at(n);
        int rc = all_of_it();
        bool failed = alloc_failed();
        alloc_fail_at(0);
        if (!failed) {
            assert_int_equal(rc, 0);
            assert_true(n > 10);
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree),
        cmocka_unit_test(what_is_null),
        cmocka_unit_test(of_a_key_that_stands_twice_the_last_counts),
        cmocka_unit_test(aliases_and_merge_keys),
        cmocka_unit_test(documents_in_turn),
        cmocka_unit_test(what_is_no_yaml),
        cmocka_unit_test(what_is_nested_too_deeply),
        cmocka_unit_test(scalars_in_json),
        cmocka_unit_test(all_documents_in_json),
        cmocka_unit_test(what_is_refused_as_json),
        cmocka_unit_test(what_grows_without_end),
        cmocka_unit_test(a_hundred_thousand_keys_and_anchors),
        cmocka_unit_test(merges_that_grow_without_end),
        cmocka_unit_test(tags_and_keys_that_do_not_fit),
        cmocka_unit_test(the_line_of_a_pointer),
        cmocka_unit_test(written_as_kubectl_does),
        cmocka_unit_test(texts_stay_texts),
        cmocka_unit_test(each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
