/* SPDX-License-Identifier: Apache-2.0 */
/* What the cache is made of: memory in pieces, the table, namespaces, packing. Each against a plain model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cache/jobs.h"
#include "cache/namespaces.h"
#include "cache/pack.h"

static uint32_t next(uint32_t *random, uint32_t below)
{
    *random = *random * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)*random * below) >> 32);
}

/* ---- slab ---- */

struct piece {
    uint32_t handle, size;
    unsigned char fill;
};

static void fill(struct slab *slab, struct piece *p, uint32_t size, unsigned char with)
{
    p->handle = slab_take(slab, size);
    assert_int_not_equal(p->handle, SLAB_NONE);
    p->size = size;
    p->fill = with;
    memset(slab_at(slab, p->handle), with, size);
}

static void check(const struct slab *slab, const struct piece *p)
{
    const unsigned char *at = slab_at(slab, p->handle);
    for (uint32_t i = 0; i < p->size; i++)
        assert_int_equal(at[i], p->fill);
}

static uint32_t some_size(uint32_t *random)
{
    switch (next(random, 20)) {
    case 0:
        return 1 + next(random, 100000);
    case 1:
        return 1 + next(random, 17000);
    default:
        return 1 + next(random, 1200);
    }
}

static void pieces_do_not_touch(void **state)
{
    (void)state;
    struct slab slab = {0};
    static struct piece pieces[3000];
    uint32_t random = 7, count = 0;
    for (int step = 0; step < 30000; step++) {
        if (count < 3000 && next(&random, 100) < (step < 15000 ? 60 : 45)) {
            fill(&slab, &pieces[count++], some_size(&random), (unsigned char)step);
        } else if (count) {
            uint32_t i = next(&random, count);
            check(&slab, &pieces[i]);
            slab_give(&slab, pieces[i].handle);
            pieces[i] = pieces[--count];
        }
    }
    size_t held = 0;
    for (uint32_t i = 0; i < count; i++) {
        check(&slab, &pieces[i]);
        held += pieces[i].size;
    }
    assert_true(slab.used_bytes >= held && slab.used_bytes < held + held / 4 + 16 * count);
    while (count)
        slab_give(&slab, pieces[--count].handle);
    assert_int_equal(slab.used_bytes, 0);
    assert_true(slab.bytes <= SLAB_CLASSES * 65536);
    slab_free(&slab);
}

static void every_size_fits(void **state)
{
    (void)state;
    struct slab slab = {0};
    for (uint32_t size = 0; size < 20000; size++) {
        struct piece a, b;
        fill(&slab, &a, size, 1);
        fill(&slab, &b, size, 2);
        check(&slab, &a);
        slab_give(&slab, a.handle);
        check(&slab, &b);
        slab_give(&slab, b.handle);
    }
    slab_free(&slab);
}

static void sealing_closes_gaps(void **state)
{
    (void)state;
    struct slab slab = {0};
    static struct piece pieces[20000];
    uint32_t random = 3, count = 0;
    for (uint32_t i = 0; i < 20000; i++)
        fill(&slab, &pieces[i], 200 + next(&random, 300), (unsigned char)i);
    for (uint32_t i = 0; i < 20000; i++) { /* nine of ten go: pages full of holes */
        if (next(&random, 10))
            slab_give(&slab, pieces[i].handle);
        else
            pieces[count++] = pieces[i];
    }
    assert_true(slab.bytes > 3 * slab.used_bytes);
    slab_seal(&slab);
    for (uint32_t i = 0; i < count; i++) {
        struct piece old = pieces[i];
        assert_true(slab_sealed(&slab, old.handle));
        fill(&slab, &pieces[i], old.size, old.fill);
        assert_false(slab_sealed(&slab, pieces[i].handle));
        check(&slab, &old);
        slab_give(&slab, old.handle);
    }
    assert_true(slab.bytes < 2 * slab.used_bytes + SLAB_CLASSES * 65536 / 4);
    for (uint32_t i = 0; i < count; i++)
        check(&slab, &pieces[i]);
    slab_free(&slab);
}

/* ---- namespaces ---- */

static void namespaces_have_numbers_while_they_are_held(void **state)
{
    (void)state;
    struct namespaces *s = namespaces_new();
    uint32_t b = namespaces_hold(s, str_of("b")), a = namespaces_hold(s, str_of("a")),
             none = namespaces_hold(s, str_of(""));
    assert_int_equal(namespaces_hold(s, str_of("a")), a);
    assert_int_equal(namespaces_find(s, str_of("b")), b);
    assert_int_equal(namespaces_find(s, str_of("")), none);
    assert_int_equal(namespaces_find(s, str_of("c")), NO_SPACE);
    namespaces_release(s, a);
    assert_int_equal(namespaces_find(s, str_of("a")), a);
    unsigned generation = namespaces_generation(s);
    namespaces_release(s, a);
    assert_int_equal(namespaces_find(s, str_of("a")), NO_SPACE);
    assert_int_not_equal(namespaces_generation(s), generation);
    assert_int_equal(namespaces_hold(s, str_of("z")), a); /* the number again */
    assert_true(str_is(namespaces_at(s, b), "b"));
    for (int i = 0; i < 500; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i * 7919 % 500);
        uint32_t n = namespaces_hold(s, str_of(name));
        assert_true(str_is(namespaces_at(s, n), name));
    }
    assert_int_equal(namespaces_find(s, str_of("b")), b);
    assert_int_not_equal(namespaces_find(s, str_of("n499")), NO_SPACE);
    namespaces_free(s);
}

/* ---- the table ---- */

#define NAMES 4000

static void put_job(struct jobs *jobs, const char *space, const char *name, uint32_t *slot)
{
    *slot = jobs_add(jobs, str_of(space), str_of(name));
    assert_int_not_equal(*slot, NO_SLOT);
    struct job *job = jobs_at(jobs, *slot);
    job->piece = jobs_piece(jobs, str_of(name), str_of("packed"));
    job->packed = 6;
}

static void jobs_are_found_by_name(void **state)
{
    (void)state;
    struct jobs jobs;
    static uint32_t slots[NAMES];
    char space[16], name[16];
    uint32_t random = 5, held = 0;
    assert_int_equal(jobs_init(&jobs), 0);
    memset(slots, 0xff, sizeof slots);
    for (int step = 0; step < 40000; step++) {
        uint32_t i = next(&random, NAMES);
        snprintf(space, sizeof space, "s%u", i % 7);
        snprintf(name, sizeof name, "j%u", i / 2);
        assert_int_equal(jobs_find(&jobs, str_of(space), str_of(name)), slots[i]);
        if (slots[i] == NO_SLOT) {
            put_job(&jobs, space, name, &slots[i]);
            held++;
        } else if (next(&random, 2)) {
            assert_true(str_is(jobs_name(&jobs, jobs_at(&jobs, slots[i])), name));
            assert_true(str_is(jobs_packed(&jobs, jobs_at(&jobs, slots[i])), "packed"));
            jobs_unlink(&jobs, slots[i]);
            assert_int_equal(jobs_find(&jobs, str_of(space), str_of(name)), NO_SLOT);
            jobs_remove(&jobs, slots[i]);
            assert_false(jobs_used(&jobs, slots[i]));
            slots[i] = NO_SLOT;
            held--;
        }
        assert_int_equal(jobs.count, held);
    }
    assert_true(jobs.slots <= NAMES);
    jobs_free(&jobs);
}

/* ---- packing ---- */

struct packer {
    uv_loop_t loop;
    struct pack *pack;
    bool trained, taken, closed;
};

static int setup_pack(void **state)
{
    static struct packer p;
    p = (struct packer){0};
    uv_loop_init(&p.loop);
    assert_int_equal(pack_new(&p.loop, &p.pack, NULL), 0);
    *state = &p;
    return 0;
}

static void pack_closed(void *data)
{
    ((struct packer *)data)->closed = true;
}

static int teardown_pack(void **state)
{
    struct packer *p = *state;
    if (p->pack)
        pack_close(p->pack, pack_closed, p);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    assert_true(p->closed);
    assert_int_equal(uv_loop_close(&p->loop), 0);
    return 0;
}

static void trained(void *data, bool taken)
{
    struct packer *p = data;
    p->trained = true;
    p->taken = taken;
}

/* The kind of object that number is of: two kinds that have little in common. */
static struct str sample(int kind, uint32_t number, struct buf *out)
{
    buf_reset(out);
    uint32_t random = number * 2654435761u;
    for (uint32_t i = 0; i < 40; i++)
        buf_printf(out, kind ? "<%08x v='%u'/>\n" : "\"%08x\":%u,", (i + 1000 * (uint32_t)kind) * 2654435761u,
                   next(&random, 40));
    return buf_str(out);
}

static bool train_on(struct packer *p, int kind)
{
    struct samples samples = {0};
    struct buf text = BUF_INIT;
    for (uint32_t i = 0; i < 400; i++)
        samples_add(&samples, sample(kind, i, &text));
    buf_free(&text);
    p->trained = false;
    assert_true(pack_train(p->pack, &samples, trained, p));
    assert_true(pack_training(p->pack));
    while (!p->trained)
        uv_run(&p->loop, UV_RUN_ONCE);
    return p->taken;
}

struct kept {
    struct buf bytes;
    uint8_t dictionary;
    size_t raw;
};

static struct kept keep(struct packer *p, struct str raw)
{
    struct packed packed;
    struct kept kept = {.raw = raw.len};
    assert_int_equal(pack_encode(p->pack, raw, &packed), 0);
    buf_add_str(&kept.bytes, packed.bytes);
    kept.dictionary = packed.dictionary;
    pack_hold(p->pack, packed.dictionary);
    return kept;
}

static void gives_back(struct packer *p, struct kept *kept, struct str raw)
{
    char *out = malloc(kept->raw + 1);
    assert_int_equal(pack_decode(p->pack, buf_str(&kept->bytes), kept->dictionary, out, kept->raw), 0);
    assert_int_equal(kept->raw, raw.len);
    assert_memory_equal(out, raw.ptr, raw.len);
    free(out);
}

static void drop(struct packer *p, struct kept *kept)
{
    pack_release(p->pack, kept->dictionary);
    buf_free(&kept->bytes);
}

static void a_dictionary_makes_it_small(void **state)
{
    struct packer *p = *state;
    struct buf text = BUF_INIT;
    struct kept without = keep(p, sample(0, 5000, &text));
    assert_int_equal(pack_current(p->pack), 0);
    assert_true(train_on(p, 0));
    assert_int_equal(pack_trained(p->pack), 1);
    struct kept with = keep(p, sample(0, 5000, &text));
    assert_true(with.bytes.len * 2 < without.bytes.len);
    gives_back(p, &with, sample(0, 5000, &text));
    gives_back(p, &without, sample(0, 5000, &text));
    drop(p, &with);
    drop(p, &without);
    buf_free(&text);
}

static void an_old_dictionary_stays_while_it_is_needed(void **state)
{
    struct packer *p = *state;
    struct buf text = BUF_INIT;
    assert_true(train_on(p, 0));
    struct kept old = keep(p, sample(0, 9000, &text));
    assert_true(train_on(p, 1));
    struct kept other = keep(p, sample(1, 9000, &text));
    assert_int_not_equal(old.dictionary, other.dictionary);
    size_t both = pack_memory(p->pack);
    gives_back(p, &old, sample(0, 9000, &text));
    drop(p, &old);
    assert_true(pack_memory(p->pack) < both);
    gives_back(p, &other, sample(1, 9000, &text));
    for (int i = 0; i < 12; i++) /* more than can be held at once, were they not given back */
        assert_true(train_on(p, i % 2));
    gives_back(p, &other, sample(1, 9000, &text));
    drop(p, &other);
    buf_free(&text);
}

static void one_that_is_no_better_is_not_taken(void **state)
{
    struct packer *p = *state;
    assert_true(train_on(p, 0));
    assert_false(train_on(p, 0));
    assert_int_equal(pack_trained(p->pack), 1);
}

static void too_little_is_not_trained_on(void **state)
{
    struct packer *p = *state;
    struct samples samples = {0};
    assert_false(pack_train(p->pack, &samples, trained, p));
    for (int i = 0; i < 10; i++)
        samples_add(&samples, str_of("x"));
    char large[SAMPLE_MAX + 1] = {0};
    samples_add(&samples, str_n(large, sizeof large));
    assert_int_equal(samples.count, 10);
    assert_false(pack_train(p->pack, &samples, trained, p)); /* zstd would not survive it */
    assert_int_equal(samples.count, 0);
}

static void noise_gives_no_dictionary(void **state)
{
    struct packer *p = *state;
    struct samples samples = {0}, more = {0};
    struct buf text = BUF_INIT;
    uint32_t random = 1;
    for (int i = 0; i < 100; i++) {
        buf_reset(&text);
        for (int k = 0; k < 1000; k++)
            buf_putc(&text, (char)next(&random, 256));
        samples_add(&samples, buf_str(&text));
    }
    assert_true(pack_train(p->pack, &samples, trained, p));
    for (uint32_t i = 0; i < 400; i++)
        samples_add(&more, sample(0, i, &text));
    assert_false(pack_train(p->pack, &more, trained, p)); /* one at a time */
    while (!p->trained)
        uv_run(&p->loop, UV_RUN_ONCE);
    assert_false(p->taken);
    assert_int_equal(pack_current(p->pack), 0);
    buf_free(&text);
}

static void closed_while_it_trains(void **state)
{
    struct packer *p = *state;
    struct samples samples = {0};
    struct buf text = BUF_INIT;
    for (uint32_t i = 0; i < 100; i++)
        samples_add(&samples, sample(0, i, &text));
    buf_free(&text);
    assert_true(pack_train(p->pack, &samples, trained, p));
    pack_close(p->pack, pack_closed, p);
    p->pack = NULL;
    uv_run(&p->loop, UV_RUN_DEFAULT);
    assert_false(p->trained);
}

static void large_and_small_ones(void **state)
{
    struct packer *p = *state;
    struct buf text = BUF_INIT;
    uint32_t random = 1;
    for (int i = 0; i < 3000000; i++)
        buf_putc(&text, (char)next(&random, 256));
    struct kept large = keep(p, buf_str(&text)), small = keep(p, str_of("{}"));
    gives_back(p, &large, buf_str(&text));
    gives_back(p, &small, str_of("{}"));
    assert_true(pack_memory(p->pack) < 16 << 20);
    drop(p, &large);
    drop(p, &small);
    buf_free(&text);
}

int main(void)
{
#define PACK_TEST(name) cmocka_unit_test_setup_teardown(name, setup_pack, teardown_pack)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_do_not_touch),
        cmocka_unit_test(every_size_fits),
        cmocka_unit_test(sealing_closes_gaps),
        cmocka_unit_test(namespaces_have_numbers_while_they_are_held),
        cmocka_unit_test(jobs_are_found_by_name),
        PACK_TEST(a_dictionary_makes_it_small),
        PACK_TEST(an_old_dictionary_stays_while_it_is_needed),
        PACK_TEST(one_that_is_no_better_is_not_taken),
        PACK_TEST(too_little_is_not_trained_on),
        PACK_TEST(noise_gives_no_dictionary),
        PACK_TEST(closed_while_it_trains),
        PACK_TEST(large_and_small_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
