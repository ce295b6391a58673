-- SPDX-License-Identifier: Apache-2.0
-- Names that a script leaves to the server are chosen before anything is sent: what a killed run has created is not created twice.
local support = require "support"
local cluster = require "support.cluster"

local MAKES <const> = [[
policy { name = "makes", every = "10m", run = function()
    for _, word in ipairs { "a", "a", "b" } do
        local made, err = kube.create { apiVersion = "v1", kind = "ConfigMap", metadata = { generateName = "made-", namespace = "%s" },
            data = { word = word, one = "1", two = "2", three = "3" } }
        log.info(word .. " " .. (made and "is created" or err.reason))
    end
    kube.get("v1", "ConfigMap", "%s/last")
    log.info "over"
end }
]]

describe("an object whose name is left to the server", function()
    lazy_teardown(support.cleanup)

    it("is not created twice by the run that finishes a killed one, and again by the next", function()
        local server = cluster.start(cluster.versions[4])
        local namespace, folder = server:namespace(), support.folder()
        local path = "/api/v1/namespaces/" .. namespace .. "/configmaps"
        local file = support.write(folder .. "/p.lua", MAKES:format(namespace, namespace))
        local daemon
        local function start(clock)
            daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--listen", "none", "--state", folder .. "/s.db", "--clock", clock, file)
            daemon:expect "in force"
        end
        local function count()
            local _, raw = server:request("GET", path)
            local n = 0
            for _, one in ipairs(support.json.decode(raw).items) do
                n = n + (one.metadata.name:match "^made%-[a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9]$" and 1 or 0)
            end
            return n
        end
        start "2026-12-01T00:00:01Z"
        server.sim:fault { fault = "delay", ms = 60000, method = "GET", path = "*configmaps/last" }
        daemon:write "advance 10m\n"
        daemon:expect "b is created"
        assert.are.equal(3, count())
        daemon:stop("sigkill")
        server.sim:clear_faults()
        start "2026-12-01T00:11:00Z"
        daemon:expect "b is created" -- it is there already
        daemon:expect "over"
        daemon:expect "run ended"
        assert.are.equal(3, count())
        local _, out = support.mpijobd("runs", "--state", folder .. "/s.db", "-o", "json")
        local last = support.json.decode(out)[1]
        assert.are.same({ 3, 0, "done" }, { last.changed, last.failed, last.outcome })
        _, out = support.mpijobd("journal", ("%d"):format(last.id), "--state", folder .. "/s.db", "-o", "json")
        for _, row in ipairs(support.json.decode(out)) do
            assert.are.same({ "done", "an earlier try had made it" }, { row.outcome, row.message })
        end
        daemon:write "advance 10m\n"
        daemon:expect "b is created"
        daemon:expect "over"
        assert.are.equal(6, count())
        assert.are.equal(0, (daemon:stop()))
    end)

    it("is created for each job, also for those that a killed run has left to the one that finishes it", function()
        local server = cluster.start(cluster.versions[4])
        local namespace, folder = server:namespace(), support.folder()
        for i = 1, 4 do
            server:create(namespace, "job-" .. i)
        end
        local file = support.write(folder .. "/p.lua", ([[
            policy { name = "asks", every = "10m", match = { labels = "!asked" }, run = function(run)
                for job in run.jobs do
                    local made, err = kube.create { apiVersion = "v1", kind = "ConfigMap", metadata = { generateName = "made-", namespace = "%s" }, data = { same = "yes" } }
                    assert(made or err.reason == "AlreadyExists", err)
                    mpijob.replace(job, { labels = { asked = "yes" } })
                end
                log.info "over"
            end }]]):format(namespace))
        local function start(clock)
            local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--listen", "none", "--state", folder .. "/s.db", "--clock", clock, file)
            daemon:expect "in force"
            return daemon
        end
        local daemon = start "2026-12-01T00:00:01Z"
        server.sim:fault { fault = "stall", method = "PUT", path = "*/mpijobs/job-3" }
        daemon:write "advance 10m\n"
        support.proc.await(function() return #server.sim:requests "method=PUT&path=*/mpijobs/job-3&body=0" > 0 end)
        daemon:stop("sigkill")
        server.sim:clear_faults()
        daemon = start "2026-12-01T00:11:00Z"
        daemon:expect "over"
        assert.are.equal(0, (daemon:stop()))
        local _, raw = server:request("GET", "/api/v1/namespaces/" .. namespace .. "/configmaps")
        local count = 0
        for _, one in ipairs(support.json.decode(raw).items) do
            count = count + (one.metadata.name:find "^made%-" and 1 or 0)
        end
        assert.are.equal(4, count)
    end)

    -- With something else in it, it is not what the run has made.
    for _, place in ipairs { "labels", "data" } do
        it("is told to be there where another has changed its " .. place, function()
            local server = cluster.start(cluster.versions[4])
            local namespace, folder = server:namespace(), support.folder()
            local path = "/api/v1/namespaces/" .. namespace .. "/configmaps"
            local file = support.write(folder .. "/p.lua", ([[
                policy { name = "makes", every = "10m", run = function()
                    local made, err = kube.create { apiVersion = "v1", kind = "ConfigMap", metadata = { generateName = "made-", namespace = "%s", labels = { of = "spec" } }, data = { of = "spec" } }
                    log.info(made and "it is created" or err.reason)
                    kube.get("v1", "ConfigMap", "%s/last")
                    log.info "over"
                end }]]):format(namespace, namespace))
            local function start(clock)
                local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--listen", "none", "--state", folder .. "/s.db", "--clock", clock, file)
                daemon:expect "in force"
                return daemon
            end
            local daemon = start "2026-12-01T00:00:01Z"
            server.sim:fault { fault = "delay", ms = 60000, method = "GET", path = "*configmaps/last" }
            daemon:write "advance 10m\n"
            daemon:expect "it is created"
            daemon:stop("sigkill")
            server.sim:clear_faults()
            local _, raw = server:request("GET", path)
            for _, one in ipairs(support.json.decode(raw).items) do
                if one.metadata.name:find "^made%-" then
                    (place == "labels" and one.metadata.labels or one.data).of = "another"
                    assert.are.equal(200, (server:request("PUT", path .. "/" .. one.metadata.name, one)))
                end
            end
            daemon = start "2026-12-01T00:11:00Z"
            daemon:expect "AlreadyExists"
            daemon:expect "over"
            assert.are.equal(0, (daemon:stop()))
        end)
    end

    -- The job is what it is for.
    for _, kill in ipairs { "between the creation and its answer", "before the job is handled" } do
        it("is created once for each time that a job comes to match, where the daemon is killed " .. kill, function()
            local server = cluster.start(cluster.versions[4])
            local namespace, folder = server:namespace(), support.folder()
            for i = 1, 3 do
                server:create(namespace, "job-" .. i, { labels = '{"todo":"x"}' })
            end
            local file = support.write(folder .. "/p.lua", ([[
                policy { name = "asks", on = "match", match = { labels = "todo" }, run = function(run)
                    for job in run.jobs do
                        for i = 1, 2 do
                            assert(kube.create { apiVersion = "v1", kind = "ConfigMap", metadata = { generateName = "made-", namespace = "%s", labels = { of = job.name } },
                                data = { at = tostring(run.scheduled_at), i = tostring(i) } })
                        end
                        kube.get("v1", "ConfigMap", "%s/" .. job.name)
                    end
                    log.info "over"
                end }]]):format(namespace, namespace))
            local function start()
                local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--listen", "none", "--state", folder .. "/s.db", file)
                daemon:expect "in force"
                return daemon
            end
            local function made()
                local _, raw = server:request("GET", "/api/v1/namespaces/" .. namespace .. "/configmaps")
                local counts = {}
                for _, one in ipairs(support.json.decode(raw).items) do
                    local of = one.metadata.name:find "^made%-" and one.metadata.labels.of
                    counts[of or 0] = (counts[of or 0] or 0) + 1
                end
                return { counts["job-1"] or 0, counts["job-2"] or 0, counts["job-3"] or 0 }
            end
            if kill == "before the job is handled" then
                server.sim:fault { fault = "delay", ms = 60000, method = "GET", path = "*configmaps/job-2" }
            else
                server.sim:fault { fault = "stall-after", method = "POST", path = "*/configmaps", after = 2, count = 1 }
            end
            local daemon = start()
            local killed
            support.proc.await(function()
                killed = made()
                return kill == "before the job is handled" and killed[1] + killed[2] + killed[3] == 4 or killed[1] + killed[2] + killed[3] == 3
            end)
            daemon:stop("sigkill")
            server.sim:clear_faults()
            daemon = start()
            daemon:expect "over"
            assert.are.same({ 2, 2, 2 }, made())
            daemon:expect "run ended"
            -- Once more, it is for another time.
            local _, raw = server:request("GET", server:path(namespace, "job-2"))
            local job = support.json.decode(raw)
            job.metadata.labels.todo = nil
            assert.are.equal(200, (server:request("PUT", server:path(namespace, "job-2"), job)))
            _, raw = server:request("GET", server:path(namespace, "job-2"))
            job = support.json.decode(raw)
            job.metadata.labels = { todo = "x" }
            assert.are.equal(200, (server:request("PUT", server:path(namespace, "job-2"), job)))
            daemon:expect "over"
            assert.are.same({ 2, 4, 2 }, made())
            assert.are.equal(0, (daemon:stop()))
        end)
    end

    -- The run that goes on asks for other objects, or for the same ones in another order.
    local WHAT <const> = { "cpu", "gpu", "memory" }
    local ASKS_FOR <const> = {
        ["what is missing, which differs in its data"] = { lists = true },
        ["what is missing, which differs in its labels"] = { lists = true, labels = true },
        ["all of them in another order"] = { reversed = true },
        ["what is missing, with something in it that is another at each try"] = { lists = true, try = true },
    }
    for asked, with in pairs(ASKS_FOR) do
        it("is told as made only where it is there, after a kill, where the run asks for " .. asked, function()
            local server = cluster.start(cluster.versions[4])
            local namespace, folder = server:namespace(), support.folder()
            for i = 1, 4 do
                server:create(namespace, "job-" .. i, { labels = '{"todo":"x"}' })
            end
            local file = support.write(folder .. "/p.lua", ([[
                local with = { lists = %s, labels = %s, reversed = %s, try = %s }
                policy { name = "asks", on = "match", match = { labels = "todo" }, breaker = false, run = function(run)
                    for job in run.jobs do
                        local have = {}
                        for one in kube.list("v1", "ConfigMap", { namespace = job.namespace }) do
                            have[((one.data or {}).of or "") .. ((one.data or {}).what or "")] = with.lists
                        end
                        for i = 1, 3 do
                            local what = ({ "cpu", "gpu", "memory" })[with.reversed and run.id > 1 and 4 - i or i]
                            if not have[job.name .. what] then
                                local made, err = kube.create { apiVersion = "v1", kind = "ConfigMap",
                                    metadata = { generateName = "made-", namespace = job.namespace, labels = { what = with.labels and what or "any" } },
                                    data = { of = job.name, what = what, try = with.try and tostring(run.id) } }
                                log.info(made and "told as made" or err.message, { object = made and made.name })
                            end
                        end
                        log.info("handled " .. job.name)
                    end
                end }]]):format(with.lists, with.labels, with.reversed, with.try))
            local function start()
                local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--listen", "none", "--state", folder .. "/s.db", file)
                daemon:expect "in force"
                return daemon
            end
            local function made()
                local _, raw = server:request("GET", "/api/v1/namespaces/" .. namespace .. "/configmaps")
                local counts, all = {}, 0
                for _, one in ipairs(support.json.decode(raw).items) do
                    if one.metadata.name:find "^made%-" then
                        local key = one.data.of .. " " .. one.data.what
                        counts[key] = (counts[key] or 0) + 1
                        all = all + 1
                    end
                end
                return counts, all
            end
            server.sim:fault { fault = "stall-after", method = "POST", path = "*/configmaps", after = 4 }
            local daemon = start()
            support.proc.await(function()
                return select(2, made()) == 5
            end)
            daemon:stop("sigkill")
            server.sim:clear_faults()
            daemon = start()
            support.proc.await(function()
                return select(2, made()) == 12
            end)
            daemon:expect "run ended"
            local wanted = {}
            for i = 1, 4 do
                for _, what in ipairs(WHAT) do
                    wanted[("job-%d %s"):format(i, what)] = 1
                end
            end
            assert.are.same(wanted, (made()))
            assert.are.equal(0, (daemon:stop()))
            local _, out = support.mpijobd("runs", "--state", folder .. "/s.db", "-o", "json")
            for _, run in ipairs(support.json.decode(out)) do
                assert.are.equal(0, run.failed)
            end
        end)
    end

    -- It cannot be told from another object, and one that is told of and missing is worse than a second one.
    it("is made once more after a kill, where something in it is another at each try", function()
        local server = cluster.start(cluster.versions[4])
        local namespace, folder = server:namespace(), support.folder()
        server:create(namespace, "job", { labels = '{"todo":"x"}' })
        local file = support.write(folder .. "/p.lua", ([[
            policy { name = "asks", on = "match", match = { labels = "todo" }, run = function(run)
                for job in run.jobs do
                    assert(kube.create { apiVersion = "v1", kind = "ConfigMap", metadata = { generateName = "made-", namespace = "%s" }, data = { try = tostring(run.id) } })
                    log.info "it is created"
                    kube.get("v1", "ConfigMap", "%s/last")
                end
                log.info "over"
            end }]]):format(namespace, namespace))
        local tries = {}
        server.sim:fault { fault = "delay", ms = 60000, method = "GET", path = "*configmaps/last" }
        for _, last in ipairs { false, true } do
            local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--listen", "none", "--state", folder .. "/s.db", file)
            daemon:expect "it is created"
            if not last then
                daemon:stop("sigkill")
                server.sim:clear_faults()
            else
                daemon:expect "over"
                assert.are.equal(0, (daemon:stop()))
            end
        end
        local _, raw = server:request("GET", "/api/v1/namespaces/" .. namespace .. "/configmaps")
        for _, one in ipairs(support.json.decode(raw).items) do
            tries[#tries + 1] = one.metadata.name:find "^made%-" and one.data.try or nil
        end
        table.sort(tries)
        assert.are.same({ "1", "2" }, tries)
    end)
end)

describe("an object whose name is left to the server #cluster", function()
    lazy_teardown(support.cleanup)

    -- At the failpoint the server has answered, and the daemon has not read that yet.
    for trigger, keys in pairs { schedule = 'every = "10m"', event = 'on = "match"' } do
        it("is found by the run that goes on after a kill between the creation and its answer, of a policy by " .. trigger, function()
            local server = cluster.start(cluster.versions[4])
            local namespace, folder = server:namespace(), support.folder()
            server:create(namespace, "job", { labels = '{"todo":"x"}' })
            local file = support.write(folder .. "/p.lua", ([[
                policy { name = "makes", %s, match = { namespace = "%s", labels = "todo" }, run = function(run)
                    for job in run.jobs do
                        assert(kube.create { apiVersion = "v1", kind = "ConfigMap", metadata = { generateName = "made-", namespace = job.namespace }, data = { at = tostring(run.scheduled_at) } })
                        -- The server keeps these in another way than they are sent.
                        assert(kube.create { apiVersion = "v1", kind = "Secret", metadata = { generateName = "made-", namespace = job.namespace, creationTimestamp = json.null }, stringData = { word = "x" } })
                        local container = { name = "c", image = "i", env = { { name = "EMPTY", value = "" } }, resources = { limits = { cpu = "1000m", memory = "1024Mi" } } }
                        assert(kube.create { apiVersion = "batch/v1", kind = "Job", metadata = { generateName = "made-", namespace = job.namespace },
                            spec = { suspend = true, template = { spec = { restartPolicy = "Never", hostNetwork = false, containers = { container } } } }, status = {} })
                    end
                    log.info "over"
                end }]]):format(keys, namespace))
            local function start(clock, failpoint)
                return support.daemon({ stdin = true, env = { MPIJOBD_FAILPOINT = failpoint } }, "run", "--no-supervisor", "--kubeconfig", server.kubeconfig, "--listen", "none",
                    "--state", folder .. "/s.db", "--clock", clock, file, table.unpack(server.flags))
            end
            local function made()
                local _, raw = server:request("GET", "/api/v1/namespaces/" .. namespace .. "/configmaps")
                local n = 0
                for _, one in ipairs(support.json.decode(raw).items) do
                    n = n + (one.metadata.name:find "^made%-" and 1 or 0)
                end
                return n
            end
            local daemon = start("2026-12-01T00:00:01Z", "write-answered:3")
            if trigger == "schedule" then
                daemon:expect "in force"
                daemon:write "advance 10m\n"
            end
            daemon:wait()
            assert.are.equal(1, made())
            daemon = start "2026-12-01T00:11:00Z"
            daemon:expect "over"
            daemon:expect "run ended"
            assert.are.equal(0, (daemon:stop()))
            assert.are.equal(1, made())
            local _, out = support.mpijobd("journal", "2", "--state", folder .. "/s.db", "-o", "json")
            local rows = support.json.decode(out)
            assert.are.equal(3, #rows)
            for _, row in ipairs(rows) do
                assert.are.same({ "create", "done", "an earlier try had made it" }, { row.verb, row.outcome, row.message })
            end
        end)
    end
end)
