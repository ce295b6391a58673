-- SPDX-License-Identifier: Apache-2.0
-- Kubernetes Events on the jobs that are changed: what kubectl describe shows, and what keeps it from showing it.
local support = require "support"
local sim = require "support.sim"
local script = require "support.script"
local cluster = require "support.cluster"
local http = require "socket.http"

local EVENTS <const> = "/api/v1/namespaces/train/events"

describe("Kubernetes Events", function()
    local server, folder

    before_each(function()
        server = sim.start("--version", "v2beta1")
        server:make_namespace "train"
        folder = support.folder()
    end)
    after_each(support.cleanup)

    local function path(name, subresource)
        return server:path("v2beta1", "train", name) .. (subresource and "/" .. subresource or "")
    end

    local function create(name, spec)
        local template = { spec = { containers = { { name = "mpi", image = "registry.example.com/mpi:1",
            resources = { limits = { ["nvidia.com/gpu"] = 4 } } } } } }
        local whole = { mpiReplicaSpecs = { Launcher = { replicas = 1, template = { spec = { containers = { { name = "mpi", image = "i:1" } } } } },
            Worker = { replicas = 2, template = template } }, runPolicy = { cleanPodPolicy = "Running" } }
        for key, value in pairs(spec or {}) do
            whole[key] = value
        end
        local status, answer = server:request("POST", path(), { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob",
            metadata = { name = name, namespace = "train" }, spec = whole })
        assert(status == 201, support.json.encode(answer))
        return answer
    end

    local function finish(name)
        local _, job = server:request("GET", path(name))
        local at = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() - 7200)
        job.status = { conditions = { { type = "Succeeded", status = "True", reason = "x", message = "x", lastTransitionTime = at, lastUpdateTime = at } },
            startTime = at, completionTime = at }
        assert(server:request("PUT", path(name, "status"), job) == 200)
    end

    local function events()
        local status, list = server:request("GET", EVENTS)
        assert(status == 200)
        return list.items
    end

    -- One run of each policy of this text.
    local function once(text, config, ...)
        support.write(folder .. "/p.lua", text)
        if config then
            support.write(folder .. "/mpijobd.yaml", config)
        end
        return script.once(server, folder, nil, "--state", folder .. "/s.db", ...)
    end

    local FREE <const> = [[policy { name = "free-gpus", every = "1h", about = "Finished jobs give their GPUs back.",
        match = { phase = "Succeeded" }, replace = { cleanPodPolicy = "All" } }
]]

    it("say on the job what was changed, by which policy and run, and what that does", function()
        local job = create("bert", { runPolicy = { cleanPodPolicy = "None" } })
        finish "bert"
        assert.equal(0, (once(FREE)))
        local all = events()
        assert.equal(1, #all)
        local event = all[1]
        support.contains(event.message, "policy free-gpus, run 1: cleanPodPolicy: None -> All; effective, frees 8 GPUs: ")
        support.contains(event.message, ". Finished jobs give their GPUs back.")
        assert.equal("Replaced", event.reason)
        assert.equal("Normal", event.type)
        assert.equal(1, event.count)
        assert.equal("mpijobd", event.source.component)
        local about = event.involvedObject -- what kubectl describe asks by
        assert.same({ "kubeflow.org/v2beta1", "MPIJob", "train", "bert", job.metadata.uid },
            { about.apiVersion, about.kind, about.namespace, about.name, about.uid })
        local _, now = server:request("GET", path "bert")
        assert.equal(now.metadata.resourceVersion, about.resourceVersion)
    end)

    it("are written for nothing in a dry run, by a policy that is silent, and where the configuration is", function()
        create "a"
        local quiet = [[policy { name = "quiet", every = "1h", events = false, replace = { labels = { a = "%d" } } }
]]
        local loud = [[policy { name = "loud", every = "1h", replace = { labels = { b = "%d" } } }
]]
        assert.equal(0, (once(loud:format(1), nil, "--dry-run")))
        assert.equal(0, (once(quiet:format(1))))
        assert.same({}, events())
        assert.equal(0, (once(loud:format(2), "events: false\n")))
        assert.same({}, events())
        assert.equal(0, (once(loud:format(3), "events: true\n")))
        assert.equal(1, #events())
        support.contains(events()[1].message, 'policy loud, run 4: labels.b: "2" -> "3"; stored')
        local code, _, err = once [[policy { name = "x", every = "1h", events = "no", replace = { labels = { a = "1" } } }]]
        assert.not_equal(0, code)
        support.contains(err, "true or false")
        code, _, err = once(loud:format(4), "events: maybe\n")
        assert.not_equal(0, code)
        support.contains(err, "mpijobd.yaml:1: events has to be true or false")
    end)

    it("tell of changes by hand, and of who made them", function()
        create "a"
        local code, _, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "-n", "train", "a", "cleanPodPolicy=None")
        assert.equal(0, code, err)
        assert.matches("^by hand %(%S+%): cleanPodPolicy: Running %-> None; ", events()[1].message)
        code = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "--no-journal", "-n", "train", "a", "cleanPodPolicy=All")
        assert.equal(0, code)
        assert.equal(2, #events())
        server:fault { fault = "forbidden", path = "*/events" }
        code, _, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "--no-journal", "-n", "train", "a", "cleanPodPolicy=None")
        assert.equal(0, code)
        support.lacks(err, "Event") -- who changes one job by hand wants no advice about roles
    end)

    it("hold long values and odd characters within one line of 1024 bytes", function()
        create "a"
        local code, _, err = once([[
            local notes = { small = "one\ntwo\27[31m" }
            for i = 1, 40 do notes["note" .. i] = ("é€😀"):rep(200) end
            policy { name = "notes", every = "1h", about = ("☃"):rep(2000), replace = { annotations = notes } }
        ]])
        assert.equal(0, code, err)
        local text = events()[1].message
        assert.is_true(#text <= 1024 and #text > 600, #text)
        assert.truthy(utf8.len(text))
        assert.falsy(text:find "%c")
        support.contains(text, "more; stored")
        support.contains(text, "...")
    end)

    it("are written by events.emit, in bounds", function()
        create "a"
        local code, _, err = once(script.PRELUDE .. script.policy("own", [=[
            local job = mpijob.get "train/a"
            eq(events.emit(job, { reason = "Idle", message = "its GPUs\ndo nothing", type = "Warning" }), true)
            eq(events.emit(job, { reason = "Idle", message = "its GPUs\ndo nothing", type = "Warning" }), true)
            eq(events.emit(job, { reason = "Long", message = ("€"):rep(5000) }), true)
            raises("one word of letters and digits", events.emit, job, { reason = "two words", message = "m" })
            raises("one word of letters and digits", events.emit, job, { message = "m" })
            raises("one word of letters and digits", events.emit, job, { reason = ("x"):rep(65), message = "m" })
            raises("message has to be a string, not nil", events.emit, job, { reason = "A" })
            raises("message has to be a string, not userdata", events.emit, job, { reason = "A", message = secret "s" })
            raises("message is empty", events.emit, job, { reason = "A", message = "" })
            raises('has to be "Normal" or "Warning", not "Error"', events.emit, job, { reason = "A", message = "m", type = "Error" })
            raises("a job expected, as mpijob.get gives one, not string", events.emit, "train/a", { reason = "A", message = "m" })
            raises("unknown option", events.emit, job, { reason = "A", message = "m", kind = "x" })
            local n = 0
            for i = 1, 200 do
                local done, why = events.emit(job, { reason = "Many", message = "n" .. i })
                if not done then eq(why.reason, "Limit") n = n + 1 end
            end
            eq(n, 177) -- 25 of one job at once, of which two were taken before; one was counted up while it waited
        ]=]))
        assert.equal(0, code, err)
        local all = events()
        assert.equal(25, #all)
        assert.equal("policy own, run 1: its GPUs do nothing", all[1].message)
        assert.same({ "Warning", "Idle", 2 }, { all[1].type, all[1].reason, all[1].count })
        assert.is_true(#all[2].message <= 1024 and #all[2].message > 1010 and utf8.len(all[2].message) ~= nil)
        code, _, err = once(script.PRELUDE .. script.policy("dry", "eq(events.emit(mpijob.get 'train/a', { reason = 'A', message = 'm' }), false)", "dry_run = true,"))
        assert.equal(0, code, err)
        assert.equal(25, #events())
    end)

    describe("of a daemon", function()
        local daemon

        local function start(text, config, ...)
            support.write(folder .. "/p.lua", text)
            support.write(folder .. "/mpijobd.yaml", config or "listen: 127.0.0.1:0\n")
            daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--config", folder .. "/mpijobd.yaml", "--state", folder .. "/s.db",
                "--clock", "2026-01-01T00:00:30Z", folder .. "/p.lua", ...)
        end

        local function counted(outcome)
            local text = assert(http.request(daemon.metrics .. "/metrics"))
            return tonumber(text:match('mpijobd_events_total{outcome="' .. outcome .. '"} (%d+)'))
        end

        local function await_counted(outcome, n)
            assert(support.proc.await(function()
                return counted(outcome) == n
            end), outcome .. " " .. n)
        end

        local FLIP <const> = [[policy { name = "flip", every = "1m", replace = function(job)
            return { labels = { flip = job.labels.flip == "a" and "b" or "a" } } end }
]]

        it("count the same again up, and are limited for each job", function()
            create "a"
            start(FLIP)
            daemon.metrics = daemon:expect("metrics and health are served"):match "http://[%d.:]+"
            daemon:expect "in force"
            for i = 1, 40 do
                daemon:write "advance 1m\n"
                daemon:expect("run ended")
                if i <= 25 then
                    await_counted("created", i > 3 and 3 or i)
                    await_counted("counted", i > 3 and i - 3 or 0)
                end
            end
            local all = events()
            assert.equal(3, #all) -- unset -> a, a -> b, b -> a
            local n = 0
            for _, event in ipairs(all) do
                n = n + event.count
            end
            assert.equal(25, n)
            assert.equal(15, counted "limited")
            support.contains(all[2].message, "policy flip, run 2")
            assert.not_equal(all[2].firstTimestamp, all[2].lastTimestamp)
        end)

        it("say once what right is missing, and let the changes go on", function()
            create "a"
            server:fault { fault = "forbidden", method = "POST", path = "*/events", message = 'User "mpijobd" cannot create resource "events"' }
            start(FLIP)
            daemon.metrics = daemon:expect("metrics and health are served"):match "http://[%d.:]+"
            daemon:expect "in force"
            for _ = 1, 5 do
                daemon:write "advance 1m\n"
                daemon:expect "run ended"
            end
            await_counted("forbidden", 5)
            daemon:stop "sigterm"
            assert.equal(1, support.count(daemon.stderr, "no Events may be written here"))
            support.contains(daemon.stderr, "allow create and patch on events (`mpijobd rbac` prints the role), or set `events: false`")
        end)
    end)
end)

describe("Kubernetes Events on a cluster #cluster", function()
    lazy_teardown(support.cleanup)

    it("are found as kubectl describe asks for them, counted up, and have names that a server takes", function()
        local server = cluster.start(cluster.versions[4])
        local namespace, folder = server:namespace(), support.folder()
        -- The name is cut behind "a-": what comes before the instant has to be a letter or a digit.
        local long = ("a"):rep(235) .. "-" .. ("b"):rep(17)
        server:create(namespace, "short", { state = "Running", policy = "None" })
        server:create(namespace, long, { state = "Running", policy = "None" })
        support.write(folder .. "/p.lua", ([[policy { name = "p", every = "1h", match = { namespace = "%s" }, about = ("☃"):rep(900),
            replace = function(job) return { labels = { flip = job.labels.flip == "a" and "b" or "a" } } end }]]):format(namespace))
        for _ = 1, 2 do
            local code, _, err = script.once(server, folder, nil, "--state", folder .. "/s.db")
            assert.equal(0, code, err)
        end
        for _, name in ipairs { "short", long } do
            local uid = server:get(namespace, name).metadata.uid
            local query = ("involvedObject.name=%s,involvedObject.namespace=%s,involvedObject.kind=MPIJob,involvedObject.uid=%s"):format(name, namespace, uid)
            local status, raw = server:request("GET", "/api/v1/namespaces/" .. namespace .. "/events?fieldSelector=" .. query:gsub("=", "%%3D"):gsub(",", "%%2C"))
            assert.equal(200, status, raw)
            local found = support.json.decode(raw).items
            assert.equal(2, #found)
            table.sort(found, function(a, b) return a.metadata.name < b.metadata.name end)
            assert.is_true(#found[1].metadata.name <= 253)
            support.contains(found[1].message, "policy p, run 1: labels.flip: unset -> a; stored. ☃")
            assert.is_true(#found[1].message <= 1024)
            assert.same({ "Normal", "Replaced", 1, "mpijobd" }, { found[1].type, found[1].reason, found[1].count, found[1].source.component })
        end
    end)

    it("of one daemon count the same again up", function()
        local server = cluster.start(cluster.versions[4])
        local namespace, folder = server:namespace(), support.folder()
        server:create(namespace, "a", { state = "Running", policy = "None" })
        support.write(folder .. "/p.lua", ([[policy { name = "p", every = "1m", match = { namespace = "%s" }, run = function(run)
            for job in run.jobs do events.emit(job, { reason = "Same", message = "again" }) end end }]]):format(namespace))
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--clock", "2026-01-01T00:00:30Z",
            folder .. "/p.lua")
        daemon:expect "in force"
        for run = 1, 3 do
            daemon:write "advance 1m\n"
            daemon:expect "run ended policy=p"
            assert(support.proc.await(function()
                local _, raw = server:request("GET", "/api/v1/namespaces/" .. namespace .. "/events")
                local items = support.json.decode(raw).items
                return #items == 1 and items[1].count == run and items[1].message == ("policy p, run %d: again"):format(run)
            end), "run " .. run)
        end
    end)
end)
