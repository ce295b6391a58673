-- SPDX-License-Identifier: Apache-2.0
-- What policies are given in Lua: every function and field, what raises and what returns nil and an error.
local support = require "support"
local cluster = require "support.cluster"

-- Goes in front of each policy: failures carry the values.
local PRELUDE = [==[
local function show(v)
    if type(v) == "table" then
        local ok, text = pcall(json.encode, v)
        return ok and text or tostring(v)
    end
    return tostring(v) .. ":" .. (math.type(v) or type(v))
end
local function eq(got, want, what)
    if got ~= want or math.type(got) ~= math.type(want) then
        error(("%s: %s, and not %s"):format(what or "", show(got), show(want)), 2)
    end
end
local function has(text, part)
    if not tostring(text):find(part, 1, true) then error(("%q is not in %q"):format(part, tostring(text)), 2) end
end
local function raises(part, f, ...)
    local ok, err = pcall(f, ...)
    if ok then error("raised nothing; wanted " .. part, 2) end
    has(err, part)
end
]==]

describe("in Lua", function()
    local server, folder

    lazy_setup(function()
        server = cluster.start(cluster.versions[4])
        folder = support.folder()
    end)
    lazy_teardown(support.cleanup)

    local namespace
    before_each(function()
        namespace = server:namespace()
    end)

    local function file(text)
        return support.write(folder .. "/p.lua", text)
    end

    -- The text as a run function's body.
    local function policy(body, more)
        return PRELUDE .. ("local NS = %q\npolicy { name = 'p', every = '1h', %s run = function(run)\n%s\nend }\n"):format(namespace,
            more or "", body)
    end

    local function once(text, ...)
        return support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", ":memory:", "-n", namespace, file(text), ...)
    end

    -- It has to end well; gives its log.
    local function good(body, more, ...)
        local code, out, err = once(policy(body, more), ...)
        if code ~= 0 and not (code == 3 and err:find("outcome=partial", 1, true)) then -- 3: a refusal that it provoked
            error(out .. err, 2)
        end
        return err
    end

    describe("json", function()
        it("reads and writes without losses", function()
            good [=[
                local t = json.decode('{"i":9007199254740993,"f":1.0,"e":1e3,"a":[],"o":{},"n":null,"s":"\\u00e9\\n","t":true,"big":18446744073709551616}')
                eq(t.i, 9007199254740993) eq(t.f, 1.0) eq(t.e, 1000.0) eq(t.n, json.null) eq(t.s, "é\n") eq(t.t, true) eq(t.big, 2.0^64)
                eq(json.encode(t.a), "[]") eq(json.encode(t.o), "{}") eq(json.encode(json.null), "null")
                eq(json.encode { 1, 2.5, "x", { y = json.array() } }, '[1,2.5,"x",{"y":[]}]')
                eq(json.encode(json.array { 1 }), "[1]") eq(json.encode {}, "{}")
                eq(json.encode(9007199254740993), "9007199254740993") eq(json.encode(0.1), "0.1")
                local mixed = json.array() mixed.x = 1
                eq(json.encode(mixed), '{"x":1}')
            ]=]
        end)

        it("gives nil and an error for a bad text, raises for a bad value", function()
            good [=[
                local value, err = json.decode("{,}")
                eq(value, nil) eq(err.code, 0) eq(err.reason, "Syntax") has(err.message, "line 1, column 2") eq(err.retryable, false)
                has(tostring(err), "Syntax: ")
                value, err = json.decode(("["):rep(200)) eq(value, nil) eq(err.reason, "Limit")
                raises("is a function", json.encode, { a = { print } })
                raises("a[1]", json.encode, { a = { print } })
                raises("not a finite number", json.encode, 0/0)
                raises("not a finite number", json.encode, math.huge)
                raises("neither 1, 2, 3... nor strings", json.encode, { [1.5] = 1 })
                raises("neither 1, 2, 3... nor strings", json.encode, { 1, x = 1 })
                local cycle = {} cycle[1] = cycle
                raises("contains itself", json.encode, cycle)
                raises("bad argument", json.array, 5)
                raises("bad argument", json.encode)
            ]=]
        end)

        it("ends where a table would be written without end", function()
            for call, wanted in pairs {
                ['json.encode(t)'] = 4,
                ['mpijob.replace_object { metadata = { name = "x" }, spec = t }'] = 4,
                ['raises("schedulingPolicy", mpijob.replace, "x", { schedulingPolicy = { minResources = t } })'] = 0,
            } do
                local code, _, err = once(policy("local t = { 1 } for _ = 1, 90 do t = { t, t } end " .. call))
                if wanted == 4 and code == 1 then
                    support.contains(err, "JSON text")
                else
                    assert.are.equal(wanted, code, call .. err)
                end
            end
        end)

        it("counts what is computed in C to the CPU budget", function()
            local code, _, err = once(policy([=[
                local t = {}
                for i = 1, 5000 do t[i] = i end
                while true do pcall(json.encode, t) end
            ]=], "limits = { cpu = '300ms' },"))
            assert.are.equal(4, code)
            support.contains(err, "CPU")
        end)

        it("has lua-cjson's names, and nothing to set", function()
            good [=[
                local c = require("cjson")
                eq(c.encode({ a = 1 }), '{"a":1}') eq(c.decode('{"a":3}').a, 3) eq(c.null, json.null) eq(c.new(), c) eq(c._NAME, "cjson")
                eq(c.encode(c.decode("[]")), "[]") eq(c.encode(json.array()), "[]") eq(c.decode("null"), json.null)
                raises("cjson.decode: Syntax: ", c.decode, "{,}") raises("bad argument", c.decode) raises("is a function", c.encode, print)
                for _, name in ipairs { "decode_max_depth", "encode_max_depth", "encode_sparse_array", "encode_number_precision",
                    "encode_keep_buffer", "encode_invalid_numbers", "decode_invalid_numbers", "encode_empty_table_as_object" } do
                    raises("cjson." .. name .. ": nothing can be set here", c[name], 1)
                end
            ]=]
        end)

        it("lets its modules be required, and nothing else", function()
            good [=[
                eq(require("cjson"), require("cjson"))
                eq(require("json"), json) eq(require("mpijob"), mpijob) eq(require("log"), log) eq(require("time"), time)
                raises('no module "io"', require, "io")
                raises('no module "mpijobd.modules"', require, "mpijobd.modules")
            ]=]
        end)
    end)

    describe("time", function()
        it("formats, parses, takes apart", function()
            good [=[
                eq(time.rfc3339(0), "1970-01-01T00:00:00Z")
                eq(time.rfc3339(1774745999.9, "Europe/Berlin"), "2026-03-29T01:59:59+01:00")
                eq(time.rfc3339(1774746000, "Europe/Berlin"), "2026-03-29T03:00:00+02:00")
                eq(time.parse("2026-03-29T03:00:00+02:00"), 1774746000)
                eq(time.parse("1970-01-01T00:00:00.5Z"), 0.5)
                local at, err = time.parse("yesterday")
                eq(at, nil) eq(err.reason, "Syntax") has(err.message, "RFC 3339")
                local d = time.date(1774746000, "Europe/Berlin")
                eq(d.year, 2026) eq(d.month, 3) eq(d.day, 29) eq(d.hour, 3) eq(d.min, 0) eq(d.sec, 0) eq(d.wday, 1) eq(d.isdst, true) eq(d.offset, 7200)
                eq(time.date(-1).year, 1969)
                eq(time.duration("1h30m"), 5400.0) eq(time.duration(5400), "1h30m") eq(time.duration(0.5), "500ms")
                eq(math.type(time.now()), "float")
                raises("Europe/Berlin", time.date, 0, "Europe/Berlim")
                for _ = 1, 2 do raises("did you mean", time.date, 0, "Europe/Berlim") end
                for i = 1, 10 do raises("unknown time zone", time.date, 0, "Europe/Nowhere" .. i) end
                raises('unknown time zone "Europe/Pariss"', time.date, 0, "Europe/Pariss") eq(time.date(0, "Europe/Paris").hour, 1)
                raises("seconds since 1970", time.rfc3339, 0/0)
                raises("seconds since 1970", time.rfc3339, math.huge)
                raises("2 hours", time.duration, "2 hours")
                raises("seconds, or a duration", time.duration, -1)
            ]=]
        end)

        it("sleeps by the daemon's clock", function()
            local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", ":memory:", "--clock",
                "2026-01-01T00:00:00Z", "-n", namespace, file(policy([=[
                    local from = time.now()
                    log.info("asleep")
                    sleep("30m")
                    local a = coroutine.wrap(function() sleep(60) coroutine.yield(time.now() - from) sleep(60.0) return time.now() - from end)
                    log.info("half", { a = a() >= 1860 })
                    log.info("whole", { a = a() >= 1920 })
                ]=], "limits = { timeout = '1d' },")))
            daemon:expect("in force")
            daemon:write("advance 1h\n")
            daemon:expect("asleep")
            -- The line is written before the sleep begins: more than is slept may have to pass.
            local function pass(text)
                for _ = 1, 20 do
                    daemon:write("advance 10m\n")
                    if support.proc.await(function() return daemon.stderr:find(text, 1, true) end, 0.1) then
                        break
                    end
                end
                return daemon:expect(text)
            end
            support.contains(pass("half"), "a=true")
            support.contains(pass("whole"), "a=true")
            daemon:expect("outcome=done")
            assert.are.equal(0, (daemon:stop()))
        end)

        it("ends a sleep that is under way when the daemon is stopped", function()
            local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/sleep.db", "--clock",
                "2026-01-01T00:00:00Z", "-n", namespace, file(policy('log.info("asleep") pcall(sleep, "1d") log.info("awake")')))
            daemon:expect("in force")
            daemon:write("advance 1h\n")
            daemon:expect("asleep")
            local code = daemon:stop()
            assert.are.equal(0, code)
            support.lacks(daemon.stderr, "awake")
        end)
    end)

    it("log cuts what is long, and says so", function()
        local log = good [=[
            log.info(("m"):rep(9000), { a = ("é"):rep(5000), [("n"):rep(200)] = 1, z = "whole" })
            local f, s = {}, ("x"):rep(8e6)
            for i = 1, 32 do f[("f%02d"):format(i)] = s end
            log.info("many", f)
        ]=]
        support.contains(log, ("m"):rep(8192) .. "... (cut, it has 9000 bytes)")
        support.contains(log, " a=\"" .. ("é"):rep(4096) .. "... (cut, it has 10000 bytes)\"")
        support.contains(log, ("n"):rep(128) .. "... (cut, it has 200 bytes)=1 z=whole")
        assert.are.equal(32, support.count(log, "... (cut, it has 8000000 bytes)\""))
        assert.is_true(#log < 70000, #log)
    end)

    it("log writes messages and fields, whatever they are", function()
        local log = good([=[
            log.debug("hidden") log.info("plain") log.warn("careful", { n = 1, f = 1.5, b = false, t = setmetatable({}, { __tostring = function() return "tee" end }) })
            log.error(42) log.info(nil) log.info("two\nlines", { ["odd name"] = "a b\27[31m\0c" })
            raises("have names", log.info, "x", { "y" })
            raises("table expected", log.info, "x", "y")
            raises("at most 32 fields", log.info, "x", (function() local t = {} for i = 1, 40 do t["k" .. i] = i end return t end)())
            raises("broken", log.info, "x", { a = setmetatable({}, { __tostring = function() error("broken") end }) })
        ]=])
        support.lacks(log, "hidden")
        support.contains(log, "info  plain policy=p run=1\n")
        for _, part in ipairs { "warn  careful policy=p", "b=false f=1.5 n=1 t=tee", "error 42", "info  nil" } do
            support.contains(log, part)
        end
        support.lacks(log, "\27[31m")
    end)

    describe("a job", function()
        it("has its fields, in their types", function()
            server:create(namespace, "j", { state = "Failed", policy = "None", deadline = "3600", labels = '{"team":"vision"}' })
            server:create(namespace, "bare")
            good [=[
                local job = assert(mpijob.get(NS .. "/j"))
                eq(job.name, "j") eq(job.namespace, NS) eq(job.key, NS .. "/j") eq(#job.uid > 8, true) eq(type(job.resourceVersion), "string")
                eq(job.version, "v2beta1") eq(job.controller, "mpi-operator") eq(job.labels.team, "vision") eq(job.annotations.note, "<keep>")
                eq(job.phase, "Failed") eq(job.reason, "MPIJobFailed") eq(job.evicted, false)
                eq(math.type(job.created), "integer") eq(math.type(job.finished), "integer")
                eq(job.age >= 0, true) eq(job.pending_for, nil) eq(job.running_for, nil) eq(job.finished_for >= 7200, true)
                eq(job.workers.replicas, 2) eq(job.gpus, 8) eq(job.cleanPodPolicy, "None") eq(job.activeDeadlineSeconds, 3600)
                eq(job.backoffLimit, nil) eq(job.ttlSecondsAfterFinished, nil) eq(job.suspend or false, false) eq(job.managedBy, nil) eq(job.schedulingPolicy, nil)
                eq(job:get("/spec/mpiReplicaSpecs/Worker/replicas"), 2) eq(job:get("/nothing"), nil)
                eq(job:get("").kind, "MPIJob") eq(json.encode(job:get("/spec/mpiReplicaSpecs/Worker/template/spec/containers/0/args")), "[]")
                eq(job:table().metadata.name, "j") eq(json.decode(job:json()).metadata.name, "j")
                eq(tostring(job), "mpijob " .. NS .. "/j (Failed)")
                eq(job == mpijob.get(job), true) eq(job == mpijob.get("bare"), false)
                raises('no field "labls"; did you mean "labels"?', function() return job.labls end)
                raises("job:get", function() return job.somethingElse end)
                raises("cannot be assigned to", function() job.phase = "x" end)
                raises("starts with a slash", job.get, job, "spec")
                raises("with a colon", job.get, "/spec")
                raises("named fields only", function() return job[1] end)
                eq(getmetatable(job), false)
                local labels = job.labels labels.team = "x" eq(job.labels.team, "vision")
                local bare = mpijob.get("bare")
                eq(bare.phase, "Pending") eq(bare.pending_for >= 0, true) eq(bare.finished, nil) eq(next(bare.labels), nil) eq(bare.cleanPodPolicy, nil)
            ]=]
        end)
    end)

    describe("mpijob.get and list", function()
        it("finds, filters, and says what is not there", function()
            for i = 1, 5 do
                server:create(namespace, "l-" .. i, { state = i > 3 and "Succeeded" or nil, labels = ('{"n":"%d"}'):format(i) })
            end
            good [=[
                local function names(match)
                    local list = {}
                    for job in mpijob.list(match) do list[#list + 1] = job.name end
                    table.sort(list)
                    return table.concat(list, " ")
                end
                eq(names(), "l-1 l-2 l-3 l-4 l-5") eq(names {}, names())
                eq(names { phase = "Succeeded" }, "l-4 l-5") eq(names { labels = "n in (1,4)" }, "l-1 l-4") eq(names { labels = { n = "2" } }, "l-2")
                eq(names { name = { "l-1", "*-5" } }, "l-1 l-5") eq(names { namespace = NS, gpus = ">7" }, "l-1 l-2 l-3 l-4 l-5") eq(names { gpus = 3.0 }, "")
                eq(names { older_than = 7200.0 }, "") eq(names { finished_for = 7200 }, "l-4 l-5") eq(names { cleanPodPolicy = "unset", phase = { "Pending" } }, "l-1 l-2 l-3")
                eq(names { annotations = { note = "<keep>" }, name = "l-1" }, "l-1") eq(names { namespace = "elsewhere" }, "")
                local job, err = mpijob.get("absent")
                eq(job, nil) eq(err.code, 404) eq(err.reason, "NotFound") eq(err.retryable, false) has(tostring(err), "NotFound: ")
                for _, bad in ipairs { "", "/", "a/", "/b", "a/b/c", "..", ".", "a/..", 5, {}, true } do
                    local ok, e, f = pcall(mpijob.get, bad)
                    if ok then eq(e, nil) eq(f.reason, "Invalid", show(bad)) end
                end
                raises("namespace", mpijob.get, "a/b/c") raises("namespace", mpijob.get)
                raises("match.phase", mpijob.list, { phase = "Done" }) raises("did you mean phase", mpijob.list, { phse = "Failed" })
                raises("where", mpijob.list, { where = print }) raises("match", mpijob.list, 5) raises("match.labels", mpijob.list, { labels = "a in b" })
                raises("4096", mpijob.list, { name = (function() local t = {} for i = 1, 5000 do t[i] = "n" .. i end return t end)() })
            ]=]
        end)

        it("may be left early, used on, closed, shared by coroutines and given up", function()
            for i = 1, 4 do
                server:create(namespace, "l-" .. i)
            end
            good [=[
                for job in mpijob.list() do if job.name then break end end
                local it, _, _, closing = mpijob.list()
                local a, b = coroutine.wrap(function() local x = it() coroutine.yield(x.name) return it().name end), coroutine.wrap(function() return it().name end)
                local seen = { a(), b(), a() }
                table.sort(seen)
                eq(table.concat(seen, " "), "l-1 l-2 l-3") eq(it().name, "l-4") eq(it(), nil) eq(it(), nil)
                do
                    local again, _, _, c = mpijob.list()
                    do local x <close> = c end
                    eq(again(), nil)
                end
                local jobs = {}
                for job in mpijob.list() do jobs[#jobs + 1] = job mpijob.list() end
                for i = 1, 200 do local t = {} for j = 1, 200 do t[j] = { j } end end -- garbage
                for _, job in ipairs(jobs) do eq(job:get("/metadata/name"), job.name) end
                eq(coroutine.wrap(function() for job in mpijob.list() do return pcall(mpijob.get, job) end end)(), true)
            ]=]
        end)

        it("end when a namespace in scope comes last that the match does not name", function()
            local config = support.write(folder .. "/scope.yaml", ("namespaces: [ %s, zz-other ]\n"):format(namespace))
            server:create(namespace, "one")
            local code, out, err = support.mpijobd("run", "--once", "--config", config, "--kubeconfig", server.kubeconfig, "--state", ":memory:",
                file(("policy { name = 'p', every = '1h', match = { namespace = %q }, replace = { labels = { a = '1' } }, limits = { timeout = '20s' } }"):format(namespace)))
            assert.are.equal(0, code, err)
            support.contains(out, "1 changed")
        end)
    end)

    describe("mpijob.replace", function()
        it("tells what it did", function()
            server:create(namespace, "r", { state = "Running", labels = '{"team":"vision","old":"1"}' })
            good [=[
                local job = mpijob.get("r")
                local done, err = mpijob.replace(job, { cleanPodPolicy = "All", activeDeadlineSeconds = time.duration("100h"), labels = { team = "speech", old = remove },
                    annotations = { ["ops.example.com/by"] = "me" } })
                assert(done, tostring(err))
                eq(done.changed, true) eq(done.dry_run, false) eq(type(done.effect), "string") eq(#done.message > 0, true)
                eq(done.resourceVersion ~= job.resourceVersion, true) eq(#done.warnings, 0) eq(#done.diff, 5) eq(run.changed, 1)
                local paths = {}
                for _, d in ipairs(done.diff) do paths[d.path] = d end
                eq(paths["/spec/runPolicy/cleanPodPolicy"] and true or paths["/spec/runPolicy"] and true, true, show(done.diff))
                eq(paths["/metadata/labels/team"].before, "vision") eq(paths["/metadata/labels/team"].after, "speech") eq(paths["/metadata/labels/old"].after, json.null)
                local now = mpijob.get(job)
                eq(now.activeDeadlineSeconds, 360000) eq(now.cleanPodPolicy, "All") eq(now.labels.old, nil) eq(now.annotations.note, "<keep>")
                done = mpijob.replace(NS .. "/r", { cleanPodPolicy = "All" })
                eq(done.changed, false) eq(done.effect, "unchanged") eq(#done.diff, 0) eq(run.unchanged, 1) eq(done.resourceVersion, now.resourceVersion)
                -- stale bytes: a conflict, read again, done
                done = assert(mpijob.replace(job, { labels = { again = "1" } })) eq(done.changed, true) eq(mpijob.get("r").labels.team, "speech")
                done, err = mpijob.replace(job, { labels = { again = "2" } }, { resourceVersion = job.resourceVersion })
                eq(done, nil) eq(err.reason, "Conflict") eq(err.code == 409 or err.code == 0, true)
                done, err = mpijob.replace("r", function() return { labels = { again = "2" } } end, { resourceVersion = "1" })
                eq(done, nil) eq(err.reason, "Conflict")
                eq(run.failed, 2)
                done = mpijob.replace("r", { labels = exactly { only = "this" } }) eq(done.changed, true)
                eq(json.encode(mpijob.get("r").labels), '{"only":"this"}')
                done = mpijob.replace("r", { labels = exactly {} }) eq(next(mpijob.get("r").labels), nil)
                done = mpijob.replace("r", { annotations = remove, activeDeadlineSeconds = json.null }) eq(next(mpijob.get("r").annotations), nil)
                eq(mpijob.get("r").activeDeadlineSeconds, nil)
            ]=]
        end)

        it("calls a function again after a conflict, and counts the job once", function()
            server:create(namespace, "f", { state = "Running" })
            local log = good([=[
                local calls, stale = 0, mpijob.get("f")
                assert(mpijob.replace("f", { labels = { n = "5" } }))
                local done = assert(mpijob.replace(stale, function(job) calls = calls + 1 return { labels = { n = tostring((tonumber(job.labels.n) or 0) + 1) } } end))
                eq(calls, 2) eq(mpijob.get("f").labels.n, "6") eq(run.changed, 2) eq(run.failed, 0)
                eq(mpijob.replace("f", function() end).effect, "unchanged")
                local co = coroutine.wrap(function() return pcall(mpijob.replace, "f", function(job) mpijob.get(job) return { labels = { x = "1" } } end) end)
                local ok, result = co() eq(ok, true) eq(result.changed, true)
                raises("my own", mpijob.replace, "f", function() error("my own") end)
                raises("have to be a table", mpijob.replace, "f", function() return 5 end)
            ]=], "limits = { changes = 3 },")
            support.lacks(log, "not replaced")
        end)

        it("raises for a script's mistake, before anything is sent", function()
            server:create(namespace, "m")
            good [=[
                local function bad(part, changes) raises(part, mpijob.replace, "m", changes) end
                bad("exactly None, Running or All", { cleanPodPolicy = "all" }) bad("cleanPodPolicy", { cleanPodPolcy = "All" }) bad("activeDeadlineSeconds", { activeDeadlineSeconds = "5" })
                bad("activeDeadlineSeconds", { activeDeadlineSeconds = 1.5 }) bad("activeDeadlineSeconds", { activeDeadlineSeconds = -1 }) bad("have to be a table", nil) bad("have to be a table", "x")
                bad("a field's name is the number 1", { "All" }) bad("has to be a table", { labels = "x" }) bad("has to be a string", { labels = { a = 1 } }) bad("keys are strings", { labels = { "a" } })
                bad("label key", { labels = { ["two words"] = "x" } }) bad("", { labels = { a = ("x"):rep(64) } }) bad("is a function", { suspend = print })
                local many = {} for i = 1, 5000 do many["k" .. i] = "v" end
                bad("more than 4096 keys", { labels = many })
                raises("did you mean \"dry_run\"", mpijob.replace, "m", { suspend = true }, { dryrun = true })
                raises("has to be true or false", mpijob.replace, "m", { suspend = true }, { dry_run = 1 })
                raises("has to be a string", mpijob.replace, "m", { suspend = true }, { resourceVersion = 1 })
                raises("option wait_effect", mpijob.replace, "m", { suspend = true }, { wait_effect = "soon" })
                raises("has to be a duration", mpijob.replace, "m", { suspend = true }, { wait_effect = true })
                raises("table expected", mpijob.replace, "m", { suspend = true }, "dry")
                raises("expected", mpijob.replace, nil, { suspend = true })
                raises("unknown option", mpijob.replace_object, "{}", { through_launcher = true })
                raises("table expected", exactly, "x")
                eq(run.changed, 0) eq(run.failed, 0)
            ]=]
        end)

        it("looks without writing when asked to, and does not count that as a change", function()
            server:create(namespace, "d", { state = "Succeeded" })
            local code, _, err = once(policy([=[
                local before = mpijob.get("d")
                for _ = 1, 3 do
                    local done = assert(mpijob.replace("d", { cleanPodPolicy = "All" }, { dry_run = true }))
                    eq(done.changed, true) eq(done.dry_run, true) eq(#done.diff, 1)
                end
                eq(mpijob.get("d").resourceVersion, before.resourceVersion)
                assert(mpijob.replace("d", { labels = { a = "1" } }))
                local done, err = mpijob.replace("d", { labels = { a = "2" } })
                eq(done, nil) eq(err.reason, "Limit") has(err.message, "limits.changes")
            ]=], "limits = { changes = 1 },"))
            assert.are.equal(4, code, err)
        end)

        it("takes a whole object: text, table, job", function()
            server:create(namespace, "w", { state = "Running" })
            good([=[
                local job = mpijob.get("w")
                local done = assert(mpijob.replace_object(job)) eq(done.changed, false) eq(done.effect, "unchanged") eq(json.decode(done.object).metadata.name, "w")
                local t = job:table() t.metadata.labels = { whole = "table" }
                done = assert(mpijob.replace_object(t)) eq(done.changed, true) eq(done.effect, "stored") eq(done.diff[1].path, "/metadata/labels/whole") eq(mpijob.get("w").labels.whole, "table")
                eq(json.decode(done.object).metadata.resourceVersion, done.resourceVersion)
                eq(json.encode(mpijob.get("w"):get("/spec/mpiReplicaSpecs/Worker/template/spec/containers/0/args")), "[]")
                local err
                done, err = mpijob.replace_object(t) eq(done, nil) eq(err.reason, "Conflict") eq(err.code, 409)
                done, err = mpijob.replace_object(mpijob.get("w"):json(), { resourceVersion = "1" }) eq(done, nil) eq(err.reason, "Conflict")
                done = assert(mpijob.replace_object(mpijob.get("w"):json(), { dry_run = true })) eq(done.dry_run, true) eq(done.changed, false)
                raises("metadata.name", mpijob.replace_object, "{}") raises("line 1, column 1", mpijob.replace_object, "x") raises("expected", mpijob.replace_object, 5)
                raises("is a function", mpijob.replace_object, { metadata = { name = "w" }, f = print })
            ]=])
            local code, _, err = once(policy([=[
                local t = mpijob.get("w"):table()
                for i = 1, 3 do t.metadata.labels = { n = tostring(i) } local done = mpijob.replace_object(t) if done then t = json.decode(done.object) end end
            ]=], "limits = { changes = 1 },"))
            assert.are.equal(4, code, err)
            support.contains(err, "the run has made its 1 changes")
            assert.are.equal("1", server:get(namespace, "w").metadata.labels.n)
        end)
    end)

    it("run says what run it is", function()
        server:create(namespace, "x", { state = "Running" })
        good([=[
            eq(run, _G.run) eq(math.type(run.id), "integer") eq(run.policy, "p") eq(run.trigger, "once") eq(math.type(run.scheduled_at), "integer")
            eq(run.changed, 0) eq(run.unchanged, 0) eq(run.failed, 0) eq(run.dry_run, false) eq(run.cancelled, false)
            raises('did you mean "policy"', function() return run.polcy end)
            raises("cannot be assigned", function() run.id = 1 end)
            raises("top level", policy, { name = "q" })
        ]=])
        good("eq(run.dry_run, true) local d = mpijob.replace('x', { labels = { a = '1' } }) eq(d.dry_run, true) eq(run.changed, 1)", "dry_run = true,")
        good("eq(run.dry_run, true)", nil, "--dry-run")
        for _, name in ipairs { "run.id", "mpijob.get('a')", "mpijob.list()", "mpijob.replace('a', {})", "mpijob.replace_object('{}')", "sleep(1)" } do
            local code, _, err = support.mpijobd("check", file("local x = " .. name))
            assert.are.equal(1, code)
            support.contains(err, "load")
        end
    end)

    it("policy takes tables, not what looks like one", function()
        for text, part in pairs {
            ["policy()"] = "takes one table", ["policy 'x'"] = "takes one table",
            ["policy(setmetatable({}, { __index = { name = 'a', every = '1h', replace = { suspend = true } } }))"] = "has no name",
            ["local t = { name = 'a', every = '1h' } t.replace = t policy(t)"] = "replace",
            ["local t = { name = 'a', every = '1h', replace = { suspend = true } } t.match = { phase = t } policy(t)"] = "match.phase",
            ["policy { name = 'a', every = '1h', replace = { suspend = true }, [1] = 2 }"] = "has an entry without a name",
            ["policy { name = 'a', every = '1h', replace = { suspend = true }, limits = { memory = 'nanMiB' } }"] = "limits.memory",
            ["policy { name = 'a', every = '1h', replace = { suspend = true }, limits = { changes = 1.5, percent = 0/0, cpu = {}, concurrency = 0 } }"] = "limits.percent",
            ["policy { name = 'a', every = '1m', jitter = '1m', replace = { suspend = true } }"] = "shorter than the period",
        } do
            local code, _, err = support.mpijobd("check", file(text))
            assert.are.equal(1, code, text)
            support.contains(err, part)
        end
        local code, _, err = support.mpijobd("check", file("policy { name = 'a', every = 3600.0, replace = { activeDeadlineSeconds = 3600.0 }, limits = { changes = 5.0 }, match = { gpus = 4.0, older_than = 60.0 } }"))
        assert.are.equal(0, code, err)
    end)

    it("changes functions that return garbage fail their job only", function()
        server:create(namespace, "a", { state = "Running" })
        server:create(namespace, "b", { state = "Running" })
        for _, garbage in ipairs { "5", "'x'", "true", "{ 5 }", "{ labels = 5 }", "{ cleanPodPolicy = print }", "setmetatable({}, { __index = error })", "job" } do
            local code, out, err = once(("policy { name = 'p', every = '1h', replace = function(job) if job.name == 'a' then return %s end return { labels = { g = %q } } end }")
                :format(garbage, garbage:gsub("%W", "")))
            if garbage:find("setmetatable") then -- an empty table: nothing to change
                assert.are.equal(0, code, err)
            else
                assert.are.equal(3, code, garbage .. out .. err)
                support.contains(out, "1 failed")
            end
            support.contains(out, "1 changed")
        end
    end)

    it("a stop while the cluster cannot be reached ends at once", function()
        local silent = support.uv.new_tcp() -- takes connections and says nothing
        silent:bind("127.0.0.1", 0)
        local held = {}
        silent:listen(8, function()
            local peer = support.uv.new_tcp()
            silent:accept(peer)
            held[#held + 1] = peer
        end)
        local config = support.write(folder .. "/silent.yaml", ("cluster:\n  server: http://127.0.0.1:%d\n"):format(silent:getsockname().port))
        local daemon = support.daemon({}, "run", "--config", config, "--state", ":memory:", file("policy { name = 'p', every = '1h', run = function() end }"))
        support.proc.await(function() return #held > 0 end)
        daemon:kill("sighup")
        daemon:kill("sigterm")
        local begun = support.uv.hrtime()
        assert.are.equal(0, (daemon:wait()))
        assert.is_truthy(support.uv.hrtime() - begun < 5e9)
        support.lacks(daemon.stderr, "internal error")
        for _, peer in ipairs(held) do
            peer:close()
        end
        silent:close()
    end)
end)

describe("under training-operator", function()
    local server, namespace
    lazy_setup(function()
        server = cluster.start(cluster.versions[3])
        namespace = server:namespace()
    end)
    lazy_teardown(support.cleanup)

    it("what ends a job at once is refused unless it is allowed", function()
        server:create(namespace, "t", { state = "Running" })
        local folder = support.folder()
        local text = ([=[
            policy { name = "p", every = "1h", %s run = function()
                local done, err = mpijob.replace("%s/t", { activeDeadlineSeconds = 60 }, %s)
                if done then log.info("done", { effect = done.effect }) else log.info("refused", { reason = err.reason, message = err.message }) end
            end }]=])
        local function run(policy, options)
            local file = support.write(folder .. "/p.lua", PRELUDE .. text:format(policy, namespace, options))
            local _, out, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", ":memory:", file, table.unpack(server.flags))
            return out .. err
        end
        support.contains(run("", "nil"), "reason=Refused")
        assert.is_nil(server:get(namespace, "t").spec.runPolicy)
        support.contains(run("dry_run = true,", "{ destructive = true }"), "effect=destructive")
        support.contains(run("", "{ destructive = true }"), "effect=destructive")
        assert.are.equal(60, server:get(namespace, "t").spec.runPolicy.activeDeadlineSeconds)
    end)
end)
