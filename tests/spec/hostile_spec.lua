-- SPDX-License-Identifier: Apache-2.0
-- Policies that want to hold on to the daemon, each on a real daemon beside a good one that looks at the time every 20 ms: the good one is
-- never late by more than a busy machine makes it, the bad one ends with the right words, memory does not grow, and the daemon ends when
-- it is told to.
local support = require "support"
local cluster = require "support.cluster"

-- The stretches that these bodies once held the loop for were 0.1 s to minutes, and most of them without an end. Alone on a machine the
-- neighbour is late by 20 ms at most.
local LATE = tonumber(os.getenv("MPIJOBD_HOSTILE_LATE") or 0.5) -- seconds
local MEMORY = 160 * 1024 -- KiB: the daemon's own, one script's cap of 64 MiB, and what the allocator keeps

local GOOD = [[
policy { name = "good", every = "1s", limits = { cpu = "10s" }, run = function(run)
    local worst, last = 0, time.now()
    for _ = 1, 40 do
        sleep(0.02)
        local now = time.now()
        worst, last = math.max(worst, now - last - 0.02), now
    end
    log.info("good", { late = ("%.3f"):format(worst) })
end }
]]

-- What a fast machine does within its time is ended for its time on a slow one.
local NOT_INTERRUPTED = "where it cannot be interrupted"

local CASES = {
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
    { "whole numbers that collide", 'more than 16384 keys', [[
        local t = {} for j = 1, 65537 do t[j * 131071] = true end ]] },
    { "fractions that collide", 'more than 16384 keys', [[
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
    { "steps that rewrite a long list", 'go over more than 48 MiB', [[
        local l = {} for i = 1, 40000 do l[i] = i end
        local steps = { { op = "add", path = "/metadata/annotations", value = { a = l } } }
        for _ = 1, 100 do steps[#steps + 1] = { op = "add", path = "/metadata/annotations/a/0", value = 1 } end
        local _, err = mpijob.patch(NS .. "/a", steps) log.info("end", { err = err and err.message }) ]] },
    { "an object of many annotations", 'end policy=bad ok=true', [[
        local t = mpijob.get(NS .. "/b"):table()
        for i = 1, 16000 do t.metadata.annotations["a" .. i] = tostring(math.random(9)) end
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
        while true do local k = {} for _ = 1, 15000 do local n = {} t[k] = n k = n end for k in pairs(t) do t[k] = nil end end ]] },
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
}

describe("a hostile policy #measured", function()
    local server, folder, namespace

    lazy_setup(function()
        server = cluster.start(cluster.versions[4])
        folder = support.folder()
        namespace = server:namespace()
        server:create(namespace, "a", { state = "Running" })
        server:create(namespace, "b", { state = "Running" })
    end)
    lazy_teardown(support.cleanup)

    local function memory(pid)
        return tonumber(support.read("/proc/" .. pid .. "/status"):match("VmRSS:%s*(%d+)"))
    end

    for _, case in ipairs(CASES) do
        local name, words, body = case[1], case[2], case[3]
        it("does no harm to its neighbour: " .. name, function()
            local bad = ('local NS = %q\npolicy { name = "bad", every = "2s", limits = { cpu = "500ms" }, run = function(run)\n%s\nend }\n'):format(
                namespace, body)
            local daemon = support.daemon({}, "run", "--no-supervisor", "--kubeconfig", server.kubeconfig, "--state", ":memory:", "-n", namespace,
                support.write(folder .. "/good.lua", GOOD), support.write(folder .. "/bad.lua", bad))
            daemon:expect("policies in force")
            local said = support.proc.await(function()
                for _, text in ipairs(type(words) == "table" and words or { words }) do
                    if daemon.stderr:find(text, 1, true) then
                        return true
                    end
                end
            end)
            assert.is_truthy(said, daemon.stderr:sub(-4000))
            daemon:expect("good late=")
            daemon:expect("good late=")
            local worst = 0
            for late in daemon.stderr:gmatch("good late=(%S+)") do
                worst = math.max(worst, tonumber(late))
            end
            if os.getenv("MPIJOBD_HOSTILE_TIMES") then
                print(("%6.3f s late, %7d KiB: %s"):format(worst, memory(daemon.pid), name))
            end
            assert.is_true(worst < LATE, ("the neighbour was %.3f s late\n%s"):format(worst, daemon.stderr:sub(-3000)))
            assert.is_true(memory(daemon.pid) < MEMORY, ("%d KiB of memory"):format(memory(daemon.pid)))
            assert.are.equal(0, (daemon:stop()))
        end)
    end
end)
