/* SPDX-License-Identifier: Apache-2.0 */
/* mpijob-sim: options, then the core behind the HTTP front, and one line when it is ready. */
#include "base/descriptors.h"
#include "sim/certificate.h"
#include "sim/core/sim.h"
#include "sim/fault/faults.h"
#include "sim/front.h"
#include "sim/kubeconfig.h"
#include "sim/options.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int stop_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void say_ready(const char *url, const char *kubeconfig, size_t jobs)
{
    char *path = kubeconfig ? realpath(kubeconfig, NULL) : NULL;
    printf("{\"ready\":true,\"url\":\"%s\",\"kubeconfig\":", url);
    if (path)
        printf("\"%s\"", path);
    else
        printf("null");
    printf(",\"jobs\":%zu,\"pid\":%d}\n", jobs, (int)getpid());
    fflush(stdout);
    free(path);
}

static int serve(const struct options *o, struct sim *sim, const struct certificate *cert, int stop_fd,
                 struct error *err)
{
    struct buf client_ca = BUF_INIT;
    if (o->client_ca && buf_read_file(&client_ca, o->client_ca, 1 << 20, err))
        return err->code;
    struct front_options fo = {.address = o->address,
                               .port = o->port,
                               .certificate = cert->pem,
                               .key = cert->key,
                               .client_ca = client_ca.ptr,
                               .latency_ms = o->latency_ms};
    struct front *front = front_start(&fo, sim, err);
    buf_free(&client_ca);
    if (!front)
        return err->code;
    bool v6 = strchr(o->address, ':') != NULL;
    char *url = sim_format("http%s://%s%s%s:%d", o->tls ? "s" : "", v6 ? "[" : "", o->address, v6 ? "]" : "",
                           front_port(front));
    int result = 0;
    if (o->kubeconfig)
        result = kubeconfig_write(o->kubeconfig, url, cert->pem, o->sim.token, o->sim.view_token, err);
    if (!result) {
        say_ready(url, o->kubeconfig, sim_job_count(sim));
        front_run(front, stop_fd);
    }
    free(url);
    front_stop(front);
    return result;
}

static int run(struct options *o, struct error *err)
{
    struct certificate cert = {0};
    int stop_fd = stop_signals();
    if (o->tls && certificate_make(&cert, o->tls_expired, o->tls_wrong_name, err))
        return err->code;
    o->sim.wake = front_wake;
    struct sim *sim = sim_new(&o->sim);
    char *problem = o->faults ? sim_faults_add(sim, o->faults) : NULL;
    int result = problem ? error_set(err, ERR_INVALID, "--faults: %s", problem) : serve(o, sim, &cert, stop_fd, err);
    free(problem);
    sim_free(sim);
    free(cert.pem);
    free(cert.key);
    close(stop_fd);
    return result;
}

int main(int argc, char **argv)
{
    struct options o;
    struct error err = {0};
    if (!descriptors_standard())
        return 2;
    int result = options_read(&o, argc, argv, &err);
    if (!result)
        result = run(&o, &err);
    if (result == 1)
        return 0;
    if (result)
        fprintf(stderr, "mpijob-sim: %s\n", err.message);
    return result ? 2 : 0;
}
