/* SPDX-License-Identifier: Apache-2.0 */
/* What scripts find in their globals: own functions against Lua's originals, and what is not there. */
#include "script_fixture.h"

#include <lualib.h>

/* Lua's own libraries as the global `original`. */
static int register_original(lua_State *L)
{
    lua_newtable(L);
    luaopen_string(L); /* also gives strings its own metatable: put ours back */
    lua_setfield(L, -2, "string");
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_getglobal(L, "string");
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
    luaopen_table(L);
    lua_setfield(L, -2, "table");
    lua_setglobal(L, "original");
    return 0;
}

static void differ(struct fixture *f, const char *text)
{
    struct script_limits limits = {.cpu_us = 250000000};
    struct script *s = fixture_script(f, &limits);
    struct ending e;
    struct error err;
    assert_int_equal(script_protect(s, register_original, NULL, &err), 0);
    load_text(f, s, &e, text);
    if (e.code)
        fail_msg("%s", e.message);
    script_free(s);
}

static const char shared[] =
    "local function show(...) local t = {} for i = 1, select('#', ...) do t[i] = string.format('%q', "
    "tostring((select(i, ...)))) end\n"
    "  return table.concat(t, ',') end\n"
    "local function same(name, own, orig, ...)\n"
    "  local a, b = show(pcall(own, ...)), show(pcall(orig, ...))\n"
    "  a, b = original.string.gsub(a, 'bad argument #%d to .-%(', ''), original.string.gsub(b, 'bad argument #%d to "
    ".-%(', '')\n"
    "  if a ~= b then error(name .. '(' .. show(...) .. ')\\n  gives     ' .. a .. '\\n  Lua gives ' .. b) end end\n"
    "local function pick(t) return t[math.random(#t)] end\n"
    "math.randomseed(20261123)\n";

static const char patterns[] =
    "local items = {'a', 'b', 'c', '1', '.', '%a', '%d', '%w', '%s', '%A', '%S', '%%', '[abc]', '[^a]', '[a-c]', "
    "'[%a_]', '[]]', '[^]]',\n"
    "  '[a-]', '[%]]', '[^%s%d]', '[-a]', '[c-a]', '(', ')', '()', '(a*)', '(.-)', '%1', '%2', '%b()', '%bab', "
    "'%f[%w]', '%f[^a]', '^', '$', '*',\n"
    "  '+', '-', '?', '*', '+', '-', '?', '%', '[', '[^', '%f', '%b', '\\0', '%g', '%x', '%p', '%c', '%l', '%U', 'ab', "
    "'(b)', '(%w+)'}\n"
    "local bytes = {'a', 'b', 'c', 'a', 'b', '(', ')', ' ', '1', '_', '-', ']', '%', '\\0', 'B', '\\xe9'}\n"
    "local replacements = {'x', '%0', '%1', '<%1%0>', '%%', '%2', '%', '', '%a', 7, {a = 'A', b = false, ab = 1}, {[1] "
    "= 'pos'}, true,\n"
    "  function(x, y) if x == 'a' then return nil end return tostring(x) .. '/' .. tostring(y) end, function() return "
    "{} end, function() end}\n"
    "local function all(find) return function(...) local t, n = {}, 0 for a, b, c in find(...) do n = n + 1\n"
    "  t[n] = show(a, b, c) if n > 30 then break end end return table.concat(t, ';') end end\n"
    "local own, orig = all(string.gmatch), all(original.string.gmatch)\n"
    "local o = original.string\n"
    "for round = 1, ROUNDS do\n"
    "  local p, s = {}, {}\n"
    "  for i = 1, math.random(1, 7) do p[i] = pick(items) end\n"
    "  for i = 1, math.random(0, 14) do s[i] = pick(bytes) end\n"
    "  p, s = original.table.concat(p), original.table.concat(s)\n"
    "  local init = math.random(4) == 1 and math.random(-16, 16) or nil\n"
    "  same('find', string.find, o.find, s, p, init) same('match', string.match, o.match, s, p, init)\n"
    "  same('find', string.find, o.find, s, p, init, true) same('gmatch', own, orig, s, p, init)\n"
    "  local r = pick(replacements) same('gsub', string.gsub, o.gsub, s, p, r, math.random(3) == 1 and math.random(-1, "
    "4) or nil)\n"
    "end\n"
    "same('deep', string.find, o.find, ('a'):rep(300), ('a?'):rep(199)) same('deep', string.find, o.find, "
    "('a'):rep(300), ('a?'):rep(201))\n"
    "same('captures', string.find, o.find, ('a'):rep(40), ('(a)'):rep(32)) same('captures', string.find, o.find, "
    "('a'):rep(40), ('(a)'):rep(33))\n"
    "same('arguments', string.find, o.find) same('arguments', string.gsub, o.gsub, 'a', 'a') same('arguments', "
    "string.gmatch, o.gmatch, 'a')\n"
    "same('numbers', string.find, o.find, 1234, 23) same('numbers', string.gsub, o.gsub, 1234, 2, 9)\n";

static char *joined(const char *first, const char *second, const char *rounds)
{
    char *text = malloc(strlen(first) + strlen(second) + 64);
    sprintf(text, "local ROUNDS = %s\n%s%s", rounds, first, second);
    return text;
}

static void test_patterns_as_lua(void **state)
{
    char *text = joined(shared, patterns, getenv("MPIJOBD_SCRIPT_ROUNDS") ? getenv("MPIJOBD_SCRIPT_ROUNDS") : "10000");
    differ(*state, text);
    free(text);
}

static const char tables[] =
    "local o = original.table\n"
    "local values = {1, 2, 3, 2.5, 'a', 'b', -1, 10}\n"
    "local function lists() local n = math.random(0, 9) local a, b = {}, {} for i = 1, n do local v = pick(values) "
    "a[i], b[i] = v, v end\n"
    "  return a, b end\n"
    "local function dump(t) local r = {} for i = -6, 25 do r[#r + 1] = tostring(t[i]) end return o.concat(r, ' ') end\n"
    "local function on(f) return function(t, ...) return show(f(t, ...)), dump(t) end end\n"
    "local function both(name, ...) local a, b = lists() local extra = {...}\n"
    "  local x, y = show(pcall(on(table[name]), a, o.unpack(extra))), show(pcall(on(o[name]), b, o.unpack(extra)))\n"
    "  x, y = original.string.gsub(x, 'bad argument #%d to .-%(', ''), original.string.gsub(y, 'bad argument #%d to "
    ".-%(', '')\n"
    "  x, y = original.string.gsub(x, 'table: 0x%x+', ''), original.string.gsub(y, 'table: 0x%x+', '')\n"
    "  if x ~= y then error(name .. ' ' .. show(...) .. '\\n  gives     ' .. x .. '\\n  Lua gives ' .. y) end end\n"
    "local function n() return math.random(-2, 12) end\n"
    "for round = 1, ROUNDS do\n"
    "  both('insert', 'v') both('insert', n(), 'v') both('insert') both('remove') both('remove', n()) both('move', "
    "n(), n(), n())\n"
    "  both('concat') both('concat', '-') both('concat', '-', n(), n()) both('unpack') both('unpack', n(), n())\n"
    "  both('concat', nil, math.maxinteger, math.maxinteger) both('move', math.mininteger, 0, 1) both('unpack', "
    "math.mininteger, math.maxinteger)\n"
    "  local a = {} for i = 1, math.random(0, 70) do a[i] = math.random(30) end\n"
    "  local b, c = o.move(a, 1, #a, 1, {}), o.move(a, 1, #a, 1, {})\n"
    "  table.sort(a) o.sort(b) assert(dump(a) == dump(b))\n"
    "  table.sort(a, function(x, y) return x > y end) o.sort(b, function(x, y) return x > y end) assert(dump(a) == "
    "dump(b))\n"
    "end\n"
    "assert(table.pack(1, nil, 3).n == 3 and table.pack().n == 0 and table.pack('x')[1] == 'x')\n"
    "for _, bad in ipairs {{1, 'a'}, {{}, {}}, {1, {}}, {true, false}} do\n"
    "  local x, y = show(pcall(table.sort, {bad[2], bad[1]})), show(pcall(o.sort, {bad[1], bad[2]})) "
    "assert(x:find('attempt to compare')) end\n"
    "local mt = {__lt = function(x, y) return x.v < y.v end}\n"
    "local l = {} for i = 1, 50 do l[i] = setmetatable({v = (i * 37) % 50, i = i}, mt) end table.sort(l)\n"
    "for i = 2, 50 do assert(l[i - 1].v < l[i].v) end\n"
    "table.sort(l, function(a, b) return a.v // 10 < b.v // 10 end)\n"
    "for i = 2, 50 do assert(l[i - 1].v < l[i].v, 'stable') end\n"
    "local proxy = setmetatable({}, {__len = function() return 3 end, __index = function(_, i) return 10 - i end})\n"
    "assert(table.concat(proxy, ' ') == '9 8 7') assert(select('#', table.unpack(proxy)) == 3) table.sort(proxy) "
    "assert(rawget(proxy, 1) == 7)\n";

static void test_tables_as_lua(void **state)
{
    char *text = joined(shared, tables, "1500");
    differ(*state, text);
    free(text);
}

static const char strings[] =
    "local o = original.string\n"
    "for _, a in ipairs {{'ab', 3}, {'ab', 3, '-'}, {'', 5}, {'', 5, ','}, {'x', 0}, {'x', -1, 'y'}, {'x', 1, 'y'}, "
    "{'abc', 1000, '--'}, {'x', 2^53}, {5, 2}, {'x'}} do\n"
    "  same('rep', string.rep, o.rep, table.unpack(a, 1, 3)) end\n"
    "assert(string.rep('', 1e15) == '' and ('abc'):rep(2) == 'abcabc' and ('%d'):format(3) == '3' and ('abc'):byte(1, "
    "-1) == 97)\n"
    "assert(('x'):upper() == 'X' and ('abc'):sub(2) == 'bc' and ('abc'):reverse() == 'cba' and #('abc') == 3)\n"
    "assert(string.unpack('<i4', string.pack('<i4', 77)) == 77 and string.packsize('i4') == 4 and string.char(65, 66) "
    "== 'AB')\n"
    "local out = {} for _, c in utf8.codes('aé') do out[#out + 1] = c end assert(out[2] == 233 and utf8.len('aé') == 2 "
    "and utf8.char(233) == 'é')\n"
    "assert(tonumber('0x10') == 16 and tonumber('z', 36) == 35 and tonumber('x') == nil)\n";

static void test_strings_as_lua(void **state)
{
    char *text = joined(shared, strings, "1");
    differ(*state, text);
    free(text);
}

static void test_allowlist(void **state)
{
    struct fixture *f = *state;
    assert_returns(f,
                   "local t = {} for k in pairs(_G) do if k ~= 'main' then t[#t + 1] = k end end table.sort(t) return "
                   "table.concat(t, ' ')",
                   "_G _VERSION assert coroutine error getmetatable ipairs load math next pairs pcall print rawequal "
                   "rawget rawlen rawset "
                   "select setmetatable string table tonumber tostring type utf8 xpcall");
    assert_returns(
        f, "return tostring(string.dump) .. tostring(os) .. tostring(io) .. tostring(debug) .. tostring(package)",
        "nilnilnilnilnil");
    assert_returns(f, "return getmetatable('')", "false");
    assert_returns(f, "return '10' + 1 .. '2' * '3'", "116");
    assert_raises(f, "setmetatable('', {})", ERR_SCRIPT, "table expected");
    assert_raises(f, "setmetatable({}, {__gc = function() end})", ERR_SCRIPT, "__gc is not available");
    assert_raises(f, "setmetatable({}, {__gc = false})", ERR_SCRIPT, "__gc is not available");
    assert_returns(f,
                   "local m = {} local t = setmetatable({}, m) m.__gc = function() ran = 1 end t = nil for i = 1, 1e5 "
                   "do local _ = {} end return ran",
                   "nil");
    assert_raises(f, "setmetatable(setmetatable({}, {__metatable = 1}), {})", ERR_SCRIPT, "protected metatable");
    assert_raises(f, "setmetatable({})", ERR_SCRIPT, "nil or table expected");
    assert_raises(f, "print(1)", ERR_SCRIPT, "use log.info");
}

static void test_load_of_text(void **state)
{
    struct fixture *f = *state;
    assert_returns(f, "return load('return 6 * 7')()", "42");
    assert_returns(f, "return load('return x', 'n', 't', {x = 5})()", "5");
    assert_returns(f, "local t, i = {'return ', '1', '+1'}, 0 return load(function() i = i + 1 return t[i] end)()",
                   "2");
    assert_returns(f, "local _, e = load('x = = 1', '=piece') return e", "piece:1: unexpected symbol near '='");
    assert_returns(f, "local _, e = load('x = = 1') return e", "[string \"x = = 1\"]:1: unexpected symbol near '='");
    assert_returns(f, "local _, e = load('\\27Lua') return e", "attempt to load a binary chunk (mode is 't')");
    assert_returns(f, "local _, e = load('return 1', 'n', 'b') return e", "attempt to load a text chunk (mode is 'b')");
    assert_returns(f, "local _, e = load(('x'):rep(1024 * 1024 + 1)) return e",
                   "load: the text is longer than 1048576 bytes");
    assert_returns(f, "local _, e = load(function() return ('x'):rep(100000) end) return e",
                   "load: the text is longer than 1048576 bytes");
    assert_returns(f, "local _, e = load(function() return {} end) return e", "reader function must return a string");
    assert_raises(f, "load()", ERR_SCRIPT, "bad argument #1");
    assert_returns(f, "local _, e = load(function() error('mine') end) return e", "t.lua:1: mine");
}

static void test_xpcall(void **state)
{
    struct fixture *f = *state;
    assert_returns(f, "return table.concat({select(2, xpcall(function(...) return ... end, print, 1, 2, 3))}, ' ')",
                   "1 2 3");
    assert_returns(f, "return select('#', xpcall(function() end, print))", "1");
    assert_returns(f,
                   "local ok, e, n = xpcall(error, function(e) return e .. '!', 'cut' end, 'x') return tostring(ok) .. "
                   "e .. tostring(n)",
                   "falsex!nil");
    assert_returns(
        f, "local ok, e = xpcall(function() local x = nil + 1 end, function(e) return 'seen: ' .. e end) return e",
        "seen: t.lua:1: attempt to perform arithmetic on a nil value");
    assert_returns(f, "local ok, e = xpcall(nil, function(e) return e end) return e", "attempt to call a nil value");
    assert_raises(f, "xpcall(print)", ERR_SCRIPT, "bad argument #2 to 'xpcall' (function expected, got no value)");
    assert_returns(f, "return tostring(xpcall(error, function(e) error(e) end))", "false");
}

static void test_print(void **state)
{
    struct fixture *f = *state;
    assert_raises(f, "print(1)", ERR_SCRIPT, "t.lua:1: print has nowhere to write to here; use log.info(message)");
}

/* What one instruction or one C function takes is bounded (docs/reference/lua.md). */
static void test_bounds(void **state)
{
    struct fixture *f = *state;
    assert_returns(f, "local t = {} for i = 1, 8192 do t['k' .. i] = i end return t.k8192", "8192");
    assert_raises(f, "local t = {} for i = 1, 16385 do t['k' .. i] = i end", ERR_LIMIT,
                  "t.lua:1: a table of more than 8192 keys that are not 1, 2, 3... is too large for a policy");
    assert_returns(f, "local t = {} for i = 1, 16385 do t[i] = {} end for i = 1, 5e5 do t[i] = 1 end return #t",
                   "500000");
    assert_returns(f,
                   "local s = ('aB'):rep(393216) local t = table.pack(table.unpack({}, 1, 49152)) "
                   "return #s .. #s:upper() .. #s:lower() .. s:reverse():sub(1, 2) .. t.n",
                   "786432786432786432Ba49152");
    assert_raises(f, "setmetatable({}, {__mode = 'k'})", ERR_SCRIPT, "no weak tables");
    assert_raises(f, "setmetatable({}, {__mode = 'v'})", ERR_SCRIPT, "no weak tables");
    assert_raises(f, "setmetatable({}, {__concat = tostring})", ERR_SCRIPT, "__concat is not available here");
    /* One that is set later is not called: with it Lua would use a stack that has moved. */
    assert_raises(f,
                  "local function deep(n) return n == 0 and 0 or 1 + deep(n - 1) end\n"
                  "local m = {} local t = setmetatable({}, m) m.__concat = function() deep(3000) return 'r' end\n"
                  "local s = t .. 'x'",
                  ERR_SCRIPT, "attempt to concatenate a table value");
    assert_returns(f,
                   "local m = {} local t = setmetatable({}, m) m.__mode = 'kv' t[{}] = {}\n"
                   "for i = 1, 1e6 do local _ = {i} end return next(t) ~= nil and m.__mode == 'kv'",
                   "true");
    assert_returns(f, "return #string.format(('%d '):rep(1000), table.unpack(table.pack(('x'):rep(1000):byte(1, -1))))",
                   "4000");
    assert_raises(f, "string.format(('%d'):rep(1001))", ERR_SCRIPT, "format has more than 1000 items");
    assert_returns(f, "return string.format('%5.1f%%|%-4s|%q|%s', 1.25, 'ab', 'x', nil)", "  1.2%|ab  |\"x\"|nil");
    assert_raises(f, "string.format('%', 1)", ERR_SCRIPT, "invalid conversion '%' to 'format'");
    assert_raises(f, "local s = ('x'):rep(5e6) string.format('%s%s', s, s)", ERR_SCRIPT, "resulting string too large");
    assert_raises(f, "string.format('%q', ('x'):rep(3e5))", ERR_SCRIPT, "%q takes at most 262144 bytes");
    assert_raises(f, "string.pack('c9000000', 'x')", ERR_SCRIPT, "resulting string too large");
    assert_returns(f, "return #string.pack('c10i4', 'x', 5)", "14");
}

/* A search goes on after the loop has had its turn as if nothing had been. */
static void test_paused_searches(void **state)
{
    struct fixture *f = *state;
    assert_returns(f, "return table.concat({(('a'):rep(100000) .. 'xb'):find('a-(x)b')}, ' ')", "1 100002 x");
    assert_returns(f, "local s = ('a'):rep(8000) .. 'x' local a, b = s:find('.-y') return tostring(a)", "nil");
    assert_returns(
        f,
        "local s = (('a'):rep(200) .. 'x'):rep(500) local n = 0 for w in s:gmatch('a-(x)') do n = n + #w end "
        "return n",
        "500");
    assert_returns(f, "local s, n = (('a'):rep(200) .. 'x'):rep(500):gsub('a-x', 'b') return #s .. ' ' .. n",
                   "500 500");
    assert_returns(f,
                   "local c = coroutine.wrap(function() return (('a'):rep(8000) .. 'x'):match('.-y') or 'none' end) "
                   "return c()",
                   "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        T(test_patterns_as_lua), T(test_tables_as_lua), T(test_strings_as_lua),
        T(test_allowlist),       T(test_load_of_text),  T(test_print),
        T(test_xpcall),          T(test_bounds),        T(test_paused_searches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
