-- SPDX-License-Identifier: Apache-2.0
-- A policy that keeps failing is paused by the breaker: what trips it, what does not, and how it goes on.
local support = require "support"
local sims = require "support.sim"
local webs = require "support.web"
local http = require "socket.http"

local JOB = [[{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"%s","labels":{"team":"%s"}},"spec":{"mpiReplicaSpecs":{
    "Worker":{"replicas":1,"template":{"spec":{"containers":[{"name":"w","image":"i"}]}}},
    "Launcher":{"replicas":1,"template":{"spec":{"containers":[{"name":"l","image":"i"}]}}}}}}]]

local CONFIG = [[
cluster:
  kubeconfig: %s
state: %s/s.db
listen: 127.0.0.1:0
notify:
  ops: { type: slack, url: "http://127.0.0.1:%d/ops" }
  others: { type: slack, url: "http://127.0.0.1:%d/others" }
breaker:
  notify: [ops]
]]

describe("the breaker", function()
    local server, folder, config, daemon, port, web

    local function start()
        daemon = support.daemon({ stdin = true }, "run", "--no-supervisor", "--config", config, "--clock", "2026-03-01T12:00:00Z", "--request-timeout", "2s", folder .. "/p.lua")
        port = daemon:expect("metrics and health are served"):match("127%.0%.0%.1:(%d+)")
        daemon:expect("in force")
    end

    local function ask(command, ...)
        return support.mpijobd(command, "--config", config, ...)
    end

    local function write(mended)
        support.write(folder .. "/p.lua", ([[
local MENDED = %s
policy { name = "script", schedule = "0 0 1 1 *", run = function() if not MENDED then error("it broke") end end }
policy { name = "stubborn", schedule = "0 0 1 1 *", breaker = false, run = function() error("it broke") end }
policy { name = "share", schedule = "0 0 1 1 *", match = { labels = "team=many" }, replace = { labels = { seen = "yes" } }, limits = { concurrency = 1 } }
policy { name = "futile", schedule = "0 0 1 1 *", match = { name = "many-?" }, replace = function() error("it broke") end }
policy { name = "one", schedule = "0 0 1 1 *", match = { name = "many-1" }, replace = function() error("its owner's fault") end }
policy { name = "refused", schedule = "0 0 1 1 *", match = { name = "many-1?" }, replace = { labels = { futile = "yes" } } }
policy { name = "listing", schedule = "0 0 1 1 *", run = function()
    for job in mpijob.list { namespace = "train" } do log.debug(job.name) end
end }
policy { name = "sweep", schedule = "0 0 1 1 *", match = { labels = "team=none" }, replace = { labels = { seen = "yes" } } }
policy { name = "effects", schedule = "0 0 1 1 *", match = { phase = "Succeeded", labels = "team=done" }, replace = { cleanPodPolicy = "All" }, wait_effect = "50ms" }
]]):format(tostring(mended)))
    end

    local function fails(policy, wanted)
        local code, out, err = ask("trigger", policy)
        assert.are.equal(wanted or 1, code, out .. err)
        return out .. err
    end

    -- The Event on a job that says that this policy is paused.
    local function event_of(policy)
        local found
        support.proc.await(function()
            local _, list = server:request("GET", "/api/v1/namespaces/train/events")
            for _, event in ipairs(list.items or {}) do
                if event.reason == "PolicyPaused" and event.message:find("policy " .. policy .. " ", 1, true) then
                    found = event
                end
            end
            return found
        end)
        return found
    end

    lazy_setup(function()
        server = sims.start("--version", "v2beta1")
        web = webs.start()
        folder = support.folder()
        config = folder .. "/mpijobd.yaml"
        support.write(config, CONFIG:format(server.kubeconfig, folder, web.port, web.port))
        server:make_namespace "train"
        for i = 1, 14 do
            assert.are.equal(201, (server:request("POST", server:path("v2beta1", "train"), JOB:format("many-" .. i, "many"))))
        end
        write(false)
        start()
    end)
    lazy_teardown(support.cleanup)

    it("pauses a policy after three failing runs in a row, and tells", function()
        fails "script"
        fails "script"
        write(true)
        ask "reload"
        assert.are.equal(0, (ask("trigger", "script"))) -- a good one in between begins the count again
        write(false)
        ask "reload"
        fails "script"
        fails "script"
        assert.is_nil(daemon.stderr:find("a policy is paused", 1, true))
        fails "script"
        local line = daemon:expect "a policy is paused, and takes no runs until it is resumed policy=script"
        support.contains(line, 'by="the breaker" reason="3 runs in a row have failed, the last one with: ')
        support.contains(line, "it broke")
        support.lacks(line, "stack traceback")
        support.contains(fails "script", 'policy "script" is paused: mpijobd resume script lets it run')
        support.contains(select(2, ask("status", "script")), "State: paused by the breaker, since 2026-03-01T12:00:00Z: 3 runs in a row have failed")
        support.contains(select(2, ask "resume"), "script is paused, by the breaker since 2026-03-01T12:00:00Z: 3 runs in a row have failed")
        support.contains(select(2, ask("why", "script", "train/many-1")), "the policy is paused, by the breaker since 2026-03-01T12:00:00")
        support.contains(web:await "/ops", "mpijobd has paused policy script: 3 runs in a row have failed, the last one with: ")
        assert.is_nil(web.proc.stdout:find("/others", 1, true))
        local metrics = http.request("http://127.0.0.1:" .. port .. "/metrics")
        support.contains(metrics, '\nmpijobd_policy_paused{policy="script"} 1\n')
        support.contains(metrics, '\nmpijobd_breaker_trips_total{policy="script"} 1\n')
    end)

    it("is told by next, which marks the times", function()
        local _, out = support.mpijobd("next", folder .. "/p.lua", "-c", "1", "--state", folder .. "/s.db")
        assert.is_truthy(out:find("^script [^\n]*\n  paused, by the breaker since 2026%-03%-01T12:00:00Z: 3 runs in a row have failed[^\n]*: it takes no runs until mpijobd resume script\n  %d[%dT:+-]+   %(paused%)\n"), out)
        assert.is_nil(out:find("stubborn[^\n]*\n  paused"))
        _, out = support.mpijobd("next", folder .. "/p.lua", "-c", "1", "--state", folder .. "/s.db", "-o", "json")
        for _, row in ipairs(support.json.decode(out)) do
            assert.are.equal(row.name == "script" and "the breaker" or nil, row.paused ~= support.json.null and row.paused.by or nil)
        end
    end)

    it("holds over a restart, and trips at once where a resumed policy fails again", function()
        daemon:kill("sigkill")
        daemon:wait()
        start()
        support.contains(select(2, ask("status", "script")), "State: paused by the breaker, since 2026-03-01T12:00:00Z: 3 runs in a row have failed")
        local code, out = ask("resume", "script")
        assert.are.equal(0, code, out)
        fails "script"
        daemon:expect 'a policy is paused, and takes no runs until it is resumed policy=script by="the breaker" reason="4 runs in a row have failed'
        write(true)
        ask "reload"
        support.contains(fails "script", "is paused") -- the one who has mended it says so
        assert.are.equal(0, (ask("resume", "script")))
        assert.are.equal(0, (ask("trigger", "script")))
        write(false)
        ask "reload"
        fails "script"
        fails "script"
        support.contains(select(2, ask("status", "script")), "State: in force")
    end)

    it("leaves alone who does not want it", function()
        for _ = 1, 5 do
            support.contains(fails "stubborn", "it broke")
        end
    end)

    it("ends a run that fails at half of what it writes", function()
        server:fault "status:method=PUT,code=422,path=*/mpijobs/many-*"
        support.contains(fails "share", "10 of 10 writes of one run have failed: the others are left alone")
        server:clear_faults()
        daemon:expect 'policy=share by="the breaker" reason="10 of 10 writes of one run have failed"'
        local event = event_of "share"
        assert.are.equal("policy share is paused, and leaves all jobs alone until a person resumes it: 10 of 10 writes of one run have failed", event.message)
        assert.are.same({ "Warning", "MPIJob", "train" }, { event.type, event.involvedObject.kind, event.involvedObject.namespace })
        assert.is_truthy(event.involvedObject.name:find "^many%-")
        assert.are.equal(10, #support.json.decode((select(2, ask("journal", "--policy", "share", "-o", "json")))))
        assert.are.equal(0, (ask("resume", "share")))
        local code, out = ask("trigger", "share")
        assert.are.equal(0, code, out)
        support.contains(out, "done: 14 changed")
    end)

    it("counts a run of which every change has failed, also over a restart", function()
        fails("futile", 3)
        fails("futile", 3)
        daemon:kill("sigkill")
        daemon:wait()
        start()
        fails("futile", 3)
        daemon:expect 'policy=futile by="the breaker" reason="3 runs in a row have failed, the last one with: every change has failed"'
        support.contains(select(2, ask("runs", "--policy", "futile", "-o", "csv")), "partial")
    end)

    it("does not let the owner of one bad job pause a policy for all", function()
        for _ = 1, 4 do
            fails("one", 3)
        end
        support.contains(select(2, ask("status", "one")), "State: in force")
    end)

    it("counts what the server refuses, and not what it is too busy for", function()
        server:fault "status:method=PUT,code=503,path=*/mpijobs/many-1?"
        for _ = 1, 3 do
            fails("refused", 3)
        end
        server:clear_faults()
        support.contains(select(2, ask("status", "refused")), "State: in force")
        server:fault "status:method=PUT,code=422,path=*/mpijobs/many-1?"
        for _ = 1, 3 do
            fails("refused", 3)
        end
        server:clear_faults()
        daemon:expect 'policy=refused by="the breaker" reason="3 runs in a row have failed, the last one with: every change has failed"'
    end)

    it("pauses a policy whose effects do not come", function()
        for i = 1, 5 do
            local name = "done-" .. i
            assert.are.equal(201, (server:request("POST", server:path("v2beta1", "train"), JOB:format(name, "done"))))
            local _, job = server:request("GET", server:path("v2beta1", "train", name))
            job.status = { completionTime = "2026-03-01T11:00:00Z", conditions = { { type = "Succeeded", status = "True", lastTransitionTime = "2026-03-01T11:00:00Z" } } }
            assert.are.equal(200, (server:request("PUT", server:path("v2beta1", "train", name) .. "/status", job)))
            assert.are.equal(201, (server:request("POST", "/api/v1/namespaces/train/pods", { apiVersion = "v1", kind = "Pod",
                metadata = { name = name .. "-worker-0", labels = { ["training.kubeflow.org/job-name"] = name, ["training.kubeflow.org/job-role"] = "worker" },
                    ownerReferences = { { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob", name = name, uid = job.metadata.uid, controller = true } } },
                spec = { containers = { { name = "x", image = "registry.example.com/x" } } } })))
        end
        local code, out = ask("trigger", "effects")
        assert.are.equal(0, code, out)
        daemon:expect 'policy=effects by="the breaker" reason="the effects of 5 changes in a row did not come, the last one on train/done-'
        assert.is_truthy(event_of("effects").involvedObject.name:find "^done%-")
    end)

    it("does not take a server that is away for the policy's fault", function()
        server:fault "status:method=GET,code=503,path=*/mpijobs"
        for _ = 1, 3 do
            fails "listing"
        end
        server:clear_faults()
        local code, out = ask("trigger", "listing")
        assert.are.equal(0, code, out)
    end)

    it("does not take a token that has ended for the policies' fault: it would leave every one of them paused", function()
        for _, code in ipairs { 401, 403 } do
            server:fault("status:method=GET,code=" .. code .. ",path=*/mpijobs")
            for _ = 1, 3 do
                fails "sweep"
            end
            server:clear_faults()
        end
        local _, out = ask("status", "sweep") -- what is paused since the third run is told by now
        support.lacks(out, "paused")
        support.lacks(daemon.stderr, 'policy=sweep by="the breaker"')
    end)

    it("notifies sinks that there are", function()
        local wrong = support.write(folder .. "/wrong.yaml", "breaker:\n  notify: [opps]\n")
        local code, _, err = support.mpijobd("status", "--config", wrong)
        assert.are_not.equal(0, code)
        support.contains(err, 'wrong.yaml:2: breaker.notify names "opps", and notify has no such sink')
    end)
end)
