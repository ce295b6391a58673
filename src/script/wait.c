/* Calls of bindings that wait. */
#include "script/state.h"

/* Through here, so that a wait stays the run's to cancel until its continuation has really begun. */
static int wait_over(lua_State *L, int status, lua_KContext ctx)
{
    struct script_wait *wait = (struct script_wait *)ctx; // NOLINT(performance-no-int-to-ptr)
    wait->run->wait = NULL;
    return wait->k(L, status, wait->ctx);
}

int script_wait(lua_State *L, struct script_wait *wait, lua_KFunction k, lua_KContext ctx)
{
    struct script *s = script_of(L);
    struct script_run *run = s->running;
    const char *refused = NULL;
    if (!run || run->call.loading)
        refused = "this call waits for an answer: while the file is being loaded nothing can wait; call it from `run`, "
                  "`replace` or "
                  "another function of the policy";
    else if (run->meter.verdict != VERDICT_NONE)
        refused = "the run is being ended";
    else if (!script_can_yield(L))
        refused = "this call waits for an answer, which is not possible here: in __tostring or another function that C "
                  "code calls "
                  "back; call it outside and use its result";
    if (refused) {
        wait->cancel(wait);
        return luaL_error(L, "%s", refused);
    }
    wait->run = run;
    wait->k = k;
    wait->ctx = ctx;
    run->wait = wait;
    s->host_yield = true;
    return lua_yieldk(L, 0, (lua_KContext)wait, wait_over);
}

void script_wake(struct script_wait *wait)
{
    wait->woken = true;
    if (wait->run && wait->run->wait == wait)
        run_enqueue(wait->run);
}
