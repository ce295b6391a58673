-- SPDX-License-Identifier: Apache-2.0
-- Bodies of policies that want to hold on to the daemon, or want more memory than there is.
local support = require "support"

local hostile = {}

-- What a fast machine does within its time is ended for its time on a slow one.
local NOT_INTERRUPTED = "where it cannot be interrupted"

-- What each is called, the words that it ends with (one of them), and the body of its `run`. What becomes known is added here.
hostile.cases = {
    { "a decoder without a bound on depth", 'nothing can be set here', [[
        local c = require "cjson" c.decode_max_depth(2^31-1) ]] },
    { "deep texts", 'well=true', [[
        local c = require "cjson"
        local ok, err = pcall(c.decode, ("["):rep(1e5))
        local t = {} for _ = 1, 1e5 do t = { t } end
        local ok2, err2 = pcall(c.encode, t)
        log.info("end", { decode = err, encode = err2, well = not ok and not ok2 }) ]] },
    { "a table that is shared", { 'the JSON text is larger than the limit', NOT_INTERRUPTED }, [[
        local t = {} for _ = 1, 40 do t = { t, t } end require("cjson").encode(t) ]] },
    { "empty tables with many places, shared", { 'CPU limit', NOT_INTERRUPTED }, [[
        local e = {} for i = 1, 1e6 do e[i] = i end for i = 1e6, 1, -1 do e[i] = nil end
        local t = {} for i = 1, 1e5 do t[i] = e end while true do pcall(json.encode, t) end ]] },
    { "deep nesting around a long text", { 'CPU limit', NOT_INTERRUPTED }, [[
        local s = ("["):rep(99) .. '"' .. ("x"):rep(7e6) .. '"' .. ("]"):rep(99) while true do pcall(json.decode, s) end ]] },
    { "coroutines that close one another", 'outcome=done', [[
        local last
        for _ = 1, 12000 do
            local before = last
            last = coroutine.create(function()
                local x <close> = setmetatable({}, { __close = function() if before then coroutine.close(before) end end })
                coroutine.yield()
            end)
            coroutine.resume(last)
        end
        coroutine.close(last) ]] },
    { "whole numbers that collide", 'more than 8192 keys', [[
        local t = {} for j = 1, 65537 do t[j * 131071] = true end ]] },
    { "fractions that collide", 'more than 8192 keys', [[
        local t = {} for j = 1, 1e6 do t[1 + j * 2.0 ^ -52] = true end ]] },
    { "look-ups that fail through a chain", 'CPU limit', [[
        local a, b = {}, {} for j = 1, 4097 do a[j * 8191] = 1 b[j * 8191] = 1 end
        setmetatable(a, { __index = b }) setmetatable(b, { __index = a })
        while true do pcall(function() return a[5000 * 8191] end) end ]] },
    { "a patch that copies into itself", 'step 12: ', [[
        local steps = { { op = "add", path = "/metadata/annotations", value = { a = ("x"):rep(1000) } } }
        for i = 1, 24 do steps[#steps + 1] = { op = "copy", from = "/metadata/annotations", path = "/metadata/annotations/b" .. i } end
        local _, err = mpijob.patch(NS .. "/a", steps) log.info("end", { err = err and err.message }) ]] },
    { "a patch of many steps", 'step 10000: a JSON patch has at most 10000 steps', [[
        local steps = {} for i = 1, 10001 do steps[i] = { op = "test", path = "/metadata/name", value = "a" } end
        local _, err = mpijob.patch(NS .. "/a", steps) log.info("end", { err = err and err.message }) ]] },
    { "steps that rewrite a long list", 'go over more than 24 MiB', [[
        local l = {} for i = 1, 40000 do l[i] = i end
        local steps = { { op = "add", path = "/metadata/annotations", value = { a = l } } }
        for _ = 1, 100 do steps[#steps + 1] = { op = "add", path = "/metadata/annotations/a/0", value = 1 } end
        local _, err = mpijob.patch(NS .. "/a", steps) log.info("end", { err = err and err.message }) ]] },
    { "an object of many annotations", 'ok=true', [[
        local t = mpijob.get(NS .. "/b"):table()
        for i = 1, 8000 do t.metadata.annotations["a" .. i] = tostring(math.random(9)) end
        local done, err = mpijob.replace_object(t) log.info("end", { ok = done ~= nil, err = err and err.message }) ]] },
    { "lists that are never read", 'memory limit', [[
        local t = {} for i = 1, 4000 do t[i] = ("a"):rep(55) .. i end
        local l = {} for i = 1, 1e5 do l[i] = mpijob.list { name = t } end ]] },
    { "long lines of the log", 'CPU limit', [[
        local f = {} for i = 1, 32 do f["f" .. i] = ("\1"):rep(8e6 // 1 | 0) break end
        local s = f.f1 for i = 2, 32 do f["f" .. i] = s end
        for _ = 1, 3 do log.info("x", f) end while true do end ]] },
    { "long globs", 'names have at most 253', [[
        local t = {} for i = 1, 4096 do t[i] = ("a"):rep(12000 // 10) .. i end mpijob.list { name = t } ]] },
    { "many globs", 'more than 64 names with * or ?', [[
        local t = {} for i = 1, 4096 do t[i] = ("*a"):rep(100) .. i end mpijob.list { name = t } ]] },
    { "many names", 'CPU limit', [[
        local t = {} for i = 1, 4096 do t[i] = ("a"):rep(50) .. i end while true do mpijob.list { name = t } end ]] },
    { "large conditions", '256 KiB', [[
        local t, s = {}, ("x"):rep(1e6) for i = 1, 1000 do t["a" .. i] = s end mpijob.list { annotations = t } ]] },
    { "a selector of many values", 'more than 1024 values', [[
        local t = {} for i = 1, 50000 do t[i] = "v" .. i end
        mpijob.list { labels = "a in (" .. table.concat(t, ",", 1, 20000) .. ")" } ]] },
    { "changes that hold empty tables with many places", { 'take too long to read', NOT_INTERRUPTED }, [[
        local e = {} for i = 1, 1e6 do e[i] = i end for i = 1e6, 1, -1 do e[i] = nil end
        local t = {} for i = 1, 1e5 do t[i] = e end mpijob.replace(NS .. "/a", { schedulingPolicy = { minResources = t } }) ]] },
    { "many long annotations", 'annotations have more than 262144 bytes', [[
        local t, s = {}, ("x"):rep(1e6) for i = 1, 4000 do t["a" .. i] = s end mpijob.replace(NS .. "/a", { annotations = t }) ]] },
    { "weak keys", 'CPU limit', [[
        local m = {} local t = setmetatable({}, m) m.__mode = "k"
        while true do local k = {} for _ = 1, 7500 do local n = {} t[k] = n k = n end for k in pairs(t) do t[k] = nil end end ]] },
    { "a format of many items", 'CPU limit', [[
        local t = {} for i = 1, 1e5 do t[i] = 1e308 end
        while true do pcall(string.format, ("%99.99f"):rep(1e5), table.unpack(t)) end ]] },
    { "JSON texts that no string can hold", 'CPU limit', [[
        local s = ("x"):rep(8300000) for _ = 1, 100 do pcall(json.encode, { s, s }) end while true do end ]] },
    { "zones that there are not", 'CPU limit', [[
        while true do pcall(time.rfc3339, 0, "Europe/Berlim") pcall(time.rfc3339, 0, "Europe/B" .. math.random(1e9)) end ]] },
    { "patterns", 'CPU limit', [[
        while true do ("a"):rep(200):find(".-.-.-b") end ]] },
    { "sleeps of no time", 'CPU limit', [[
        while true do sleep(0) end ]] },
    { "many watches", 'this policy has 16 watches open already', [[
        local all = {} for i = 1, 600 do
            local next, a, b, state = mpijob.watch()
            all[i] = state
            coroutine.wrap(function() next(a, b) end)()
        end ]] },
}

-- The bodies of the sandbox's own test (tests/unit/test_script_hostile.c): the literals of a C array, which Lua reads as its own.
function hostile.sandbox()
    local array = support.read(support.source .. "/tests/unit/test_script_hostile.c"):match("bodies%[%] = (%b{});")
    local bodies, parts = {}, {}
    local at = 2
    while at < #array do
        local comment = array:match("^/%*.-%*/()", at)
        local literal, behind = array:match('^(")()', at)
        if literal then
            while array:sub(behind, behind) ~= '"' do
                behind = behind + (array:sub(behind, behind) == "\\" and 2 or 1)
            end
            parts[#parts + 1] = assert(load("return " .. array:sub(at, behind)))()
            at = behind + 1
        elseif array:sub(at, at) == "," then
            bodies[#bodies + 1] = table.concat(parts)
            parts, at = {}, at + 1
        else
            at = comment or at + 1
        end
    end
    return bodies
end

-- The files that the fuzzer of the sandbox begins with.
function hostile.fuzzer()
    local folder, texts = support.source .. "/tests/fuzz/corpus/script", {}
    for name in support.uv.fs_scandir_next, assert(support.uv.fs_scandir(folder)) do
        texts[#texts + 1] = support.read(folder .. "/" .. name)
    end
    return texts
end

-- A policy file with that body, which may use NS, a namespace with the jobs a and b. Nothing but the body bounds it: with the
-- breaker the third failing one would be the last that runs.
function hostile.policy(name, namespace, body, limits)
    return ('local NS = %q\npolicy { name = %q, every = "1s", breaker = false, limits = { %s }, run = function(run)\n%s\nend }\n'):format(namespace, name, limits, body)
end

return hostile
