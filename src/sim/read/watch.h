/* Watches: how one begins, what the core tells them, and how whoever carries the answer reads them. */
#ifndef SIM_READ_WATCH_H
#define SIM_READ_WATCH_H
#include "sim/server/exchange.h"

void verb_watch(struct exchange *x);
void watch_notify(struct sim *sim, struct revision *rev); /* something was written */
int64_t watch_tick(struct sim *sim);                      /* returns the monotonic ms of the next thing that is due */
/* What a fault does to the watches that are open: "silent", "cut", "gone", "error" or "end". path: a glob, or NULL. */
void watch_strike(struct sim *sim, const char *how, const char *path);

/* ---- for whoever carries the answer */
enum sim_watch_state { SIM_WATCH_QUIET, SIM_WATCH_DATA, SIM_WATCH_END, SIM_WATCH_CUT };
/* Adds whole events to out, up to about `most` bytes. CUT: break the connection after what was added. */
enum sim_watch_state sim_watch_read(struct sim_watch *w, struct buf *out, size_t most);
void sim_watch_close(struct sim_watch *w);
void sim_watch_owner(struct sim_watch *w, void *owner);
#endif
