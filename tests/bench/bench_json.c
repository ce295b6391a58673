/* SPDX-License-Identifier: Apache-2.0 */
/* Documents a second: parse (with full validation), set one field, have the new bytes. Ours beside json-c, in one run.
 *
 *     bench_json [seconds for each figure, 0.5] */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "bench_json_c.h"
#include "json/edit.h"
#include "json/write.h"

static const char *pointer = "/spec/cleanPodPolicy";

static void write_container(struct json_writer *w, int n)
{
    char text[96];
    json_write_object(w);
    snprintf(text, sizeof text, "worker-%d", n);
    json_write_key(w, "name");
    json_write_string(w, text);
    json_write_key(w, "image");
    json_write_string(w, "registry.example.com/ml/horovod-tensorflow:2.13.0-cuda12.2-ubuntu22.04");
    json_write_key(w, "command");
    json_write_array(w);
    json_write_string(w, "mpirun");
    json_write_string(w, "-np");
    json_write_string(w, "16");
    json_write_string(w, "python /examples/train.py --epochs=90 --batch-size=256 --data=\"/data/imagenet\"");
    json_write_end(w);
    json_write_key(w, "env");
    json_write_array(w);
    for (int i = 0; i < 5; i++) {
        json_write_object(w);
        json_write_key(w, "name");
        snprintf(text, sizeof text, "NCCL_SETTING_%d", i);
        json_write_string(w, text);
        json_write_key(w, "value");
        json_write_string(w, "eth0,ib0");
        json_write_end(w);
    }
    json_write_end(w);
    json_write_key(w, "resources");
    json_write_object(w);
    json_write_key(w, "limits");
    json_write_object(w);
    json_write_key(w, "nvidia.com/gpu");
    json_write_int(w, 8);
    json_write_key(w, "memory");
    json_write_string(w, "512Gi");
    json_write_end(w);
    json_write_end(w);
    json_write_key(w, "terminationGracePeriodSeconds");
    json_write_int(w, 30 + n);
    json_write_end(w);
}

/* An MPIJob as an API server sends it, with as many containers as reach the size. */
static void make_document(struct buf *out, size_t size)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_write_object(&w);
    json_write_key(&w, "apiVersion");
    json_write_string(&w, "kubeflow.org/v2beta1");
    json_write_key(&w, "kind");
    json_write_string(&w, "MPIJob");
    json_write_key(&w, "metadata");
    json_write_object(&w);
    json_write_key(&w, "name");
    json_write_string(&w, "tensorflow-mnist");
    json_write_key(&w, "resourceVersion");
    json_write_string(&w, "9007199254740993");
    json_write_key(&w, "labels");
    json_write_object(&w);
    json_write_key(&w, "team");
    json_write_string(&w, "vision");
    json_write_end(&w);
    json_write_end(&w);
    json_write_key(&w, "spec");
    json_write_object(&w);
    json_write_key(&w, "cleanPodPolicy");
    json_write_string(&w, "None");
    json_write_key(&w, "containers");
    json_write_array(&w);
    for (int n = 0; out->len + 200 < size; n++)
        write_container(&w, n);
    json_write_end(&w);
    json_write_key(&w, "slotsPerWorker");
    json_write_int(&w, 8);
    json_write_end(&w);
    json_write_key(&w, "status");
    json_write_object(&w);
    json_write_key(&w, "startTime");
    json_write_string(&w, "2026-11-23T20:15:00Z");
    json_write_end(&w);
    json_write_end(&w);
}

static size_t ours(const struct buf *document, struct buf *out)
{
    struct json root;
    if (json_parse(buf_str(document), "the document", &root, NULL))
        abort();
    struct json_edits edits = {0};
    json_edit_set_string(&edits, pointer, str_of("All"));
    buf_reset(out);
    if (json_edit_apply(&edits, root, out, NULL))
        abort();
    json_edits_free(&edits);
    return out->len;
}

static size_t parse_only(const struct buf *document, struct buf *out)
{
    struct json root;
    (void)out;
    if (json_parse(buf_str(document), "the document", &root, NULL))
        abort();
    return root.text.len;
}

static size_t other(const struct buf *document, struct buf *out)
{
    (void)out;
    size_t len = bench_json_c(document->ptr, document->len, pointer, "All");
    if (len == 0)
        abort();
    return len;
}

static double measure(size_t (*once)(const struct buf *, struct buf *), const struct buf *document, double seconds)
{
    struct buf out = BUF_INIT;
    int64_t begin = clock_monotonic(), end = begin + (int64_t)(seconds * 1e6), now;
    size_t rounds = 0, bytes = 0;
    do {
        for (int i = 0; i < 16; i++, rounds++)
            bytes += once(document, &out);
        now = clock_monotonic();
    } while (now < end);
    buf_free(&out);
    return bytes ? (double)rounds * 1e6 / (double)(now - begin) : 0;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.5;
    printf("%10s %14s %14s %14s %8s\n", "bytes", "parse/s", "parse+set/s", "json-c/s", "times");
    for (size_t size = 3000; size <= 300000; size *= 10) {
        struct buf document = BUF_INIT;
        make_document(&document, size);
        double parse = measure(parse_only, &document, seconds);
        double set = measure(ours, &document, seconds), tree = measure(other, &document, seconds);
        printf("%10zu %14.0f %14.0f %14.0f %8.1f\n", document.len, parse, set, tree, set / tree);
        buf_free(&document);
    }
    return 0;
}
