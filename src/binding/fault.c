/* SPDX-License-Identifier: Apache-2.0 */
/* fault.hang() computes for ever, fault.block() waits for ever, fault.crash(how) crashes: none of them asks the clock,
 * as a fault in the daemon would not. */
#include "binding/fault.h"

#ifdef MPIJOBD_TEST_FAULTS
#include <lauxlib.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int l_hang(lua_State *L)
{
    (void)L;
    volatile bool on = true;
    dprintf(STDERR_FILENO, "fault: hangs\n"); /* past the log, which may come later */
    while (on) {
    }
    return 0;
}

static int l_block(lua_State *L)
{
    (void)L;
    volatile bool on = true;
    while (on)
        poll(NULL, 0, 1000);
    return 0;
}

static void raise_segv(void)
{
    volatile char *volatile nowhere = NULL;
    *nowhere = 1;
}

/* The compiler must not see that it has no end. */
static int deeper(volatile char *above, volatile int *on)
{
    volatile char here[4096];
    here[0] = *above;
    return *on ? deeper(here, on) + here[0] : 0;
}

static int l_crash(lua_State *L)
{
    const char *how = luaL_checkstring(L, 1);
    volatile int on = 1;
    if (strcmp(how, "SIGSEGV") == 0)
        raise_segv();
    else if (strcmp(how, "SIGABRT") == 0)
        abort();
    else if (strcmp(how, "stack") == 0)
        on = deeper((volatile char *)&on, &on);
    else if (strcmp(how, "SIGFPE") == 0)
        raise(SIGFPE); /* the processors differ */
    return luaL_error(L, "no crash is called \"%s\"", how);
}

void fault_open(lua_State *L)
{
    static const luaL_Reg functions[] = {{"hang", l_hang}, {"block", l_block}, {"crash", l_crash}, {NULL, NULL}};
    const char *wanted = getenv("MPIJOBD_TEST_FAULTS");
    if (!wanted || strcmp(wanted, "1") != 0)
        return;
    luaL_newlib(L, functions);
    lua_setglobal(L, "fault");
}
#else
void fault_open(lua_State *L)
{
    (void)L;
}
#endif
