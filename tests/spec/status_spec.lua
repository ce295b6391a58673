-- SPDX-License-Identifier: Apache-2.0
-- What people do with a running daemon: status, pause, resume, trigger, reload.
local support = require "support"
local sims = require "support.sim"
local control = require "support.control"
local http = require "socket.http"
local uv = support.uv

local JOB = [[{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"%s","labels":%s},"spec":{"mpiReplicaSpecs":{
    "Worker":{"replicas":1,"template":{"spec":{"containers":[{"name":"w","image":"i"}]}}},
    "Launcher":{"replicas":1,"template":{"spec":{"containers":[{"name":"l","image":"i"}]}}}}}}]]

local POLICIES = [[
policy { name = "noon", about = "Marks jobs at noon.", schedule = "0 12 * * *", match = { labels = "noon" }, replace = { labels = { marked = "${mark}" } } }
policy { name = "seen", on = "match", match = { labels = "seen" }, replace = { annotations = { seen = "yes" } } }
policy { name = "script", schedule = "0 0 1 1 *", run = function(run)
    for i = 1, 12 do log.info("line " .. i, { who = run.policy }) end
    if store.get("fails") then error("it broke") end
    store.set("fails", true)
end }
policy { name = "chosen", schedule = "0 0 1 1 *", match = { labels = "noon" }, limits = { percent = 1, percent_floor = 0 },
    replace = function(job) if job.name == "left" then return nil end return { labels = { chosen = "yes" } } end }
]]

describe("a running daemon", function()
    local server, folder, daemon, port

    local function write(mark)
        support.write(folder .. "/p.lua", (POLICIES:gsub("%${mark}", mark)))
    end

    local function start(at, ...)
        daemon = support.daemon({ stdin = true }, "run", "--no-supervisor", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db",
            "--listen", "127.0.0.1:0", "--clock", at, folder .. "/p.lua", ...)
        port = daemon:expect("metrics and health are served"):match("127%.0%.0%.1:(%d+)")
        daemon:expect("in force")
    end

    local function advance(by)
        daemon:write("advance " .. by .. "\n")
        daemon:expect("clock 20", "stdout")
    end

    local function ask(command, ...)
        return support.mpijobd(command, "--state", folder .. "/s.db", ...)
    end

    local function good(command, ...)
        local code, out, err = ask(command, ...)
        if code ~= 0 then
            error(("%s ended with %d\n%s%s"):format(command, code, out, err), 2)
        end
        return out, err
    end

    local function labels(name)
        local _, job = server:request("GET", server:path("v2beta1", "train", name))
        return job.metadata.labels or {}
    end

    local function create(name, given)
        assert.are.equal(201, (server:request("POST", server:path("v2beta1", "train"), JOB:format(name, given))))
    end

    lazy_setup(function()
        server = sims.start("--version", "v2beta1")
        folder = support.folder()
        for _, namespace in ipairs { "train", "other" } do
            server:make_namespace(namespace)
        end
        create("one", '{"noon":"x"}')
        create("left", '{"noon":"x"}')
        create("plain", "{}")
        write("first")
        start("2026-03-01T10:00:00Z")
    end)
    lazy_teardown(support.cleanup)

    it("tells how it and its policies are", function()
        local out, err = good "status"
        assert.are.equal("", err)
        support.contains(out, "[+] cluster default: connected\n")
        assert.is_truthy(out:find("POLICY +STATE +LAST RUN +OUTCOME +NEXT RUN\n"))
        assert.is_truthy(out:find("\nnoon +in force +%- +%- +2026%-03%-01T12:00:00Z\n"), out)
        assert.is_truthy(out:find("\nseen +in force +%- +%- +%-\n"), out)
        out = good("status", "noon")
        support.contains(out, ("noon - Marks jobs at noon.\n      File: %s/p.lua:1\n   Trigger: 0 12 * * * (UTC)\n     State: in force\n"):format(folder))
        support.contains(out, "  Last run: none in the journal\n  Next run: 2026-03-01T12:00:00Z\n")
        local all = support.json.decode((good("status", "-o", "json")))
        assert.are.equal(4, #all.policies)
        assert.are.equal("in force", all.policies[1].clusters[1].state)
        assert.are.equal("2026-03-01T12:00:00.000000Z", all.policies[1].clusters[1].next)
        local code, _, why = ask("status", "nooon")
        assert.are.equal(1, code)
        support.contains(why, 'there is no policy "nooon"; did you mean "noon"?')
    end)

    it("tells a probe whether it is ready", function()
        assert.are.equal("ok\n", (good("status", "--ready")))
        assert.are.equal(2, (ask("status", "--ready", "noon")))
        assert.are.equal(2, (ask("status", "--ready", "-o", "json")))
    end)

    it("runs a policy now, and tells what came of it", function()
        local out = good("trigger", "noon")
        assert.is_truthy(out:find("^run %d+ of noon: done: 2 changed, 0 as they should be, 0 failed\n$"), out)
        assert.are.equal("first", labels("one").marked)
        local runs = support.json.decode((good("runs", "-o", "json", "--policy", "noon")))
        assert.are.equal("manual", runs[1].trigger)
        assert.are.equal(uv.getuid(), runs[1].who.uid)
        assert.are.equal("done", runs[1].outcome)
        out = good("status", "noon")
        support.contains(out, ("(manual by %s): done, 2 changed\n"):format(uv.os_get_passwd().username))
        support.contains(out, "  Next run: 2026-03-01T12:00:00Z\n") -- the schedule goes on
        local answer = support.json.decode((good("trigger", "noon", "-o", "json")))
        assert.are.equal(2, answer.runs[1].unchanged)
        -- A run that fails, and the last ten of its lines.
        good("trigger", "script")
        local code, failed = ask("trigger", "script")
        assert.are.equal(1, code)
        support.contains(failed, "of script: failed: ")
        support.contains(failed, "it broke")
        out = good("status", "script")
        support.contains(out, "line 12 policy=script who=script")
        support.lacks(out, "line 4 ")
        support.contains(out, "run ended policy=script outcome=failed")
        -- One that a limit stops.
        code, out = ask("trigger", "chosen")
        assert.are.equal(4, code)
        support.contains(out, "limits.percent allows 1 %")
    end)

    it("runs a policy on one job, which has to match", function()
        local out = good("trigger", "chosen", "train/one")
        support.contains(out, "done: 1 changed, 0 as they should be, 0 failed\n")
        assert.are.equal("yes", labels("one").chosen)
        assert.is_nil(labels("left").chosen)
        out = good("trigger", "chosen", "-n", "train", "left")
        support.contains(out, "done: 0 changed, 0 as they should be, 0 failed\n")
        support.contains(out, "  the policy leaves this job alone; why is told by: mpijobd why chosen train/left\n")
        local function refused(words, code, ...)
            local got, _, err = ask("trigger", ...)
            assert.are.equal(code, got, err)
            support.contains(err, words)
        end
        refused('the job train/plain does not match the policy "chosen" now', 1, "chosen", "train/plain")
        refused('there is no MPIJob "none" in namespace "train"', 1, "chosen", "train/none")
        refused("did you mean", 1, "chose")
        refused("name the job as NAMESPACE/NAME", 2, "chosen", "one")
        refused("a job is named as NAMESPACE/NAME", 1, "chosen", "train/")
        refused("takes the name of one policy", 2, "a", "b", "c")
        refused("-n is the namespace of a JOB, which is not named", 2, "chosen", "-n", "train") -- it would have run on all
    end)

    it("pauses a policy, which takes no runs until it is resumed", function()
        local out = good("pause", "noon")
        support.contains(out, "noon is paused: it takes no runs until mpijobd resume noon")
        good("pause", "seen")
        support.contains(good("pause", "noon"), "noon was paused already, by " .. uv.os_get_passwd().username .. " since 2026-03-01T10:00:00Z\n")
        local code, _, err = ask("pause", "non")
        assert.are.equal(1, code)
        support.contains(err, 'there is no policy "non"; did you mean "noon"?')
        code, _, err = ask("trigger", "noon")
        assert.are.equal(1, code)
        support.contains(err, 'policy "noon" is paused: mpijobd resume noon lets it run')
        create("late", '{"seen":"x","noon":"x"}')
        write("second") -- a pause holds over changes of the file
        support.contains(good "reload", "4 policies loaded; changed: noon\n")
        advance("3h")
        assert.is_nil(labels("late").marked)
        -- Everybody says so.
        out = good "status"
        assert.is_truthy(out:find("\nnoon +paused by " .. uv.os_get_passwd().username .. ", since 2026%-03%-01T10:00:00Z"), out)
        support.contains(good("status", "noon"), "     State: paused by ")
        support.contains(good("runs"), "noon is paused, by ")
        support.contains(good("resume"), "seen is paused, by ")
        local body = http.request("http://127.0.0.1:" .. port .. "/readyz?verbose")
        support.contains(body, "[-] policy noon: paused by ")
        support.contains(body, "\nready\n")
        support.contains(http.request("http://127.0.0.1:" .. port .. "/metrics"), 'mpijobd_policy_paused{policy="noon"} 1\n')
        code, out, err = support.mpijobd("plan", "--kubeconfig", server.kubeconfig, "-A", "--state", folder .. "/s.db", folder .. "/p.lua")
        assert.are.equal(4, code, err) -- by the limit of "chosen"
        support.contains(err, 'policy "noon" is paused, by ')
        support.contains(out, "train/late  (noon)")
        _, out, err = support.mpijobd("why", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "noon", "train/late", folder .. "/p.lua")
        support.contains(out .. err, "the policy is paused, by ")
        -- Also over a restart; without one daemon it cannot be forgotten.
        assert.are.equal(0, (daemon:stop()))
        _, _, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", folder .. "/p.lua")
        support.contains(err, "the policy is left out, because it is paused policy=noon")
        assert.is_nil(labels("late").marked)
        start("2026-03-01T14:00:00Z")
        advance("1s")
        assert.is_nil(labels("late").marked)
        local _, job = server:request("GET", server:path("v2beta1", "train", "late"))
        assert.is_nil(job.metadata.annotations)
        -- What was missed is made up for, as `missed` says, and the events that came are handled.
        support.contains(good("resume", "noon"), "noon may run again\n")
        good("resume", "seen")
        advance("1s")
        assert.are.equal("second", labels("late").marked)
        _, job = server:request("GET", server:path("v2beta1", "train", "late"))
        assert.are.equal("yes", job.metadata.annotations.seen)
        support.lacks(http.request("http://127.0.0.1:" .. port .. "/metrics"), 'mpijobd_policy_paused{policy="noon"} 1\n')
        code, _, err = ask("resume", "noon")
        assert.are.equal(1, code)
        support.contains(err, 'policy "noon" is neither paused nor in quarantine')
    end)

    it("says which policy stands aside, and does not run it", function()
        local old = sims.start("--version", "v1alpha2")
        local path = support.write(folder .. "/aside.lua", [[policy { name = "aside", schedule = "0 0 1 1 *", replace = { suspend = true } }
policy { name = "fine", schedule = "0 0 1 1 *", replace = { labels = { a = "b" } } }]])
        local other = support.daemon({}, "run", "--no-supervisor", "--kubeconfig", old.kubeconfig, "--state", folder .. "/v1.db", "--listen", "none", path)
        other:expect("in force")
        local _, out = support.mpijobd("status", "--state", folder .. "/v1.db")
        assert.is_truthy(out:find("\naside +stands aside: MPIJobs of v1alpha2 under mpi%-operator have no field suspend"), out)
        local code, _, err = support.mpijobd("trigger", "--state", folder .. "/v1.db", "aside")
        assert.are.equal(1, code)
        support.contains(err, 'policy "aside" stands aside on cluster default: ')
        code, _, err = support.mpijobd("reload", "--state", folder .. "/v1.db")
        assert.are.equal(0, code)
        support.contains(err, "mpijobd reload: aside is not in force on cluster default: MPIJobs of v1alpha2 under mpi-operator have no field suspend")
        _, out = support.mpijobd("reload", "--state", folder .. "/v1.db", "-o", "json")
        assert.are.equal("aside", support.json.decode(out).not_in_force[1].policy)
        assert.are.equal(0, (other:stop()))
    end)

    it("says that a reload does not read a configuration that has changed", function()
        local config = support.write(folder .. "/mpijobd.yaml", "state: c.db\npolicies: [ c.lua ]\nlisten: none\n")
        support.write(folder .. "/c.lua", 'policy { name = "c", schedule = "0 0 1 1 *", replace = { labels = { a = "b" } } }')
        local other = support.daemon({}, "run", "--no-supervisor", "--kubeconfig", server.kubeconfig, "--config", config)
        other:expect("in force")
        local said = config .. " has changed since the daemon's start, and a reload does not read it: restart the daemon (plugins)\n"
        local code, out, err = support.mpijobd("reload", "--config", config)
        assert.are.same({ 0, "1 policy loaded\n", "" }, { code, out, err })
        support.write(config, support.read(config) .. "plugins: { cost: plugins/cost }\n")
        code, out, err = support.mpijobd("reload", "--config", config)
        assert.are.same({ 0, "1 policy loaded\n", "mpijobd reload: " .. said }, { code, out, err })
        other:expect("the configuration has changed, and a reload does not read it: restart the daemon file=" .. config)
        support.write(folder .. "/c.lua", 'require "cost"') -- what a new plugin looks like
        err = select(3, support.mpijobd("reload", "--config", config))
        support.contains(err, 'there is no module "cost"')
        support.contains(err, said)
        out = select(2, support.mpijobd("reload", "--config", config, "-o", "json"))
        assert.are.equal(config, support.json.decode(out).config_changed)
        assert.are.equal("plugins", support.json.decode(out).config_changes)
        uv.fs_unlink(config) -- not known
        err = select(3, support.mpijobd("reload", "--state", folder .. "/c.db"))
        support.contains(err, 'there is no module "cost"')
        support.lacks(err, "has changed")
        assert.are.equal(0, (other:stop()))
    end)

    it("says what is wrong in a reload", function()
        support.write(folder .. "/p.lua", "\npolicy { nam = 1 }\n")
        local code, out, err = ask "reload"
        assert.are.equal(1, code)
        assert.are.equal("", out)
        support.contains(err, folder .. '/p.lua:2: policy: nam is not a key of a policy; did you mean "name"?\n')
        support.contains(err, "the policies in force stay as they are")
        code, out = ask("reload", "-o", "json")
        assert.are.equal(1, code)
        local answer = support.json.decode(out)
        assert.is_false(answer.in_force)
        assert.are.equal(2, answer.errors[1].line)
        write("third")
        local all = {} -- several at once
        for i = 1, 4 do
            all[i] = support.daemon({}, "reload", "--state", folder .. "/s.db")
        end
        for i = 1, 4 do
            assert.are.equal(0, (all[i]:wait()), all[i].stderr)
        end
    end)

    it("goes on where the asker has gone away", function()
        for _, verb in ipairs { "trigger", "reload", "status", "resume", "pause" } do
            local c = assert(control.connect(folder .. "/s.db.control"))
            c:send(('{"verb":"%s","args":{"policy":"script"}}\n'):format(verb))
            c:close()
        end
        assert.is_truthy(support.proc.await(function()
            return (good("status", "script")):find("State: paused by", 1, true)
        end))
        good("resume", "script")
        for _, request in ipairs { { verb = "trigger" }, { verb = "pause", args = { policy = 5 } }, { verb = "resume", args = {} } } do
            assert.are.equal("Invalid", control.ask(folder .. "/s.db.control", request).error.reason)
        end
        for _, name in ipairs { ("x"):rep(5000), "a\nb", "\27[2J", "" } do
            for _, verb in ipairs { "trigger", "pause", "resume", "status" } do
                local answer = control.ask(folder .. "/s.db.control", { verb = verb, args = { policy = name } })
                assert.is_truthy(answer.error or (verb == "status" and name == ""), verb)
            end
        end
        assert.is_nil(daemon.code)
    end)

    it("is not there", function()
        assert.are.equal(0, (daemon:stop()))
        for _, command in ipairs { { "status" }, { "status", "--ready" }, { "trigger", "noon" }, { "pause", "noon" }, { "reload" } } do
            local code, _, err = ask(table.unpack(command))
            assert.are.equal(1, code)
            support.contains(err, ("no daemon can be asked at %s/s.db.control: there is no such socket; is one running, and has it this --config, --state or --control?"):format(folder))
        end
        local code, _, err = ask("resume", "noon")
        assert.are.equal(1, code)
        support.contains(err, '"noon" is not in quarantine')
        -- A pause is lifted in the state's file.
        start("2026-03-01T15:00:00Z")
        good("pause", "noon")
        assert.are.equal(0, (daemon:stop()))
        support.contains(good "resume", "noon is paused, by ")
        assert.are.equal("noon may run again\nthe next start of the daemon finds it\n", (good("resume", "noon")))
        support.contains(good "resume", "no policy is paused\n")
    end)
end)
