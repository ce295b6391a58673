-- SPDX-License-Identifier: Apache-2.0
-- A reload rehearses what is new before it is in force: how many jobs each policy would match now, with nothing written.
local support = require "support"
local sim = require "support.sim"

local NOW <const> = 1767225600 -- 2026-01-01T00:00:00Z
local function rfc(at)
    return os.date("!%Y-%m-%dT%H:%M:%SZ", at)
end

describe("the rehearsal of a reload", function()
    local server, folder, daemon

    local function create(name, team)
        local template = { spec = { containers = { { name = "mpi", image = "registry.example.com/mpi:1" } } } }
        local status, answer = server:request("POST", server:path("v2beta1", "train"), { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob",
            metadata = { name = name, namespace = "train", labels = { team = team } }, spec = { mpiReplicaSpecs = { Launcher = { replicas = 1, template = template } } } })
        assert(status == 201, support.json.encode(answer))
    end

    local function move(how)
        daemon:write(how .. "\n")
        daemon:expect("clock ", "stdout")
    end

    local function write(text)
        support.write(folder .. "/p.lua", text)
    end

    local function start()
        daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--grace", "1s", "--clock", rfc(NOW),
            folder .. "/p.lua")
        daemon:expect(" in force")
        move("set " .. rfc(NOW))
    end

    local function reload(text, ...)
        write(text)
        local code, out, err = support.mpijobd("reload", "--state", folder .. "/s.db", ...)
        assert.are.equal(0, code, err)
        return out
    end

    before_each(function()
        server = sim.start("--version", "v2beta1")
        server:make_namespace "train"
        folder = support.folder()
        for i = 1, 5 do
            create("a" .. i, "vision")
        end
        create("b1", "speech")
    end)
    after_each(support.cleanup)

    local function policy(name, match, more)
        return ('policy { name = "%s", on = "match", match = { %s }, replace = { labels = { ["seen-%s"] = "yes" } }%s }\n'):format(name, match, name, more or "")
    end

    it("tells how many jobs each changed policy would match, instead of how many; and what was handled: command, JSON, log", function()
        local keep = 'policy { name = "nightly", schedule = "0 0 1 1 *", match = {}, replace = { labels = { a = "%s" } } }\n'
        write(policy("free", 'labels = "team = speech"') .. policy("cap", "", ", again = true") .. keep:format "b" .. policy("same", ""))
        start()
        move "advance 1s" -- what matches is handled
        local out = reload(policy("free", 'labels = "team = vision"') .. policy("cap", 'phase = { "Running", "Pending" }', ", again = true") ..
            keep:format "b" .. policy("same", "") .. policy("other", 'namespace = "train"'))
        local sentence = "2 policies changed, 1 is new; free would now match 5 instead of 1; it has handled 1, which stay as they are; other would match 6; " ..
            "cap would match 6 as before; it has handled 6, which count as new"
        assert.are.equal("5 policies loaded; added: other; changed: free,cap\n" .. sentence .. "\n", out)
        support.contains(daemon:expect "2 policies changed, 1 is new", sentence)
        move "advance 1s"
        out = reload(policy("free", 'labels = "team = vision, team != speech"') .. keep:format "c", "-o", "json")
        local told = support.json.decode(out).rehearsal
        assert.are.equal("2 policies changed; free would match 5 as before; it has handled 5, which stay as they are; nightly would match 6 as before",
            told.sentence)
        assert.is_true(told.seconds >= 0 and told.seconds < 60)
        assert.are.same({ policy = "free", cluster = "default", new = false, matched = 5, matches = 5, not_counted = support.json.null, handled = 5, again = false,
            where_failed = 0, where_error = support.json.null }, told.policies[1])
        assert.are.equal("1 policy loaded; gone: nightly\n", reload(policy("free", 'labels = "team = vision, team != speech"')))
        assert.are.equal("1 policy loaded; added: nightly; gone: free\n1 policy is new; nightly is not counted: its jobs are not watched\n",
            reload(keep:format "b")) -- those of free alone were
        assert.are.equal(0, (daemon:stop()))
    end)

    it("asks where in its sandbox, within its budget: what it raises, an endless one, and nothing that it does is written", function()
        local function where(body, more)
            return policy("free", "where = function(job) " .. body .. " end", more)
        end
        write(where 'return job.name == "a1"')
        start()
        support.contains(reload(where 'return job.labels.team == "vision"'), "free would now match 5 instead of 1")
        support.contains(reload(where 'if job.name == "b1" then error("no " .. job.name) end return job.name > "a2"'),
            "free would now match 3 instead of 5, and its where fails for 1 (" .. folder .. "/p.lua:1: no b1)")
        support.contains(reload(where("while true do end", ', limits = { cpu = "100ms" }')), "free is not counted: ")
        support.contains(reload(where "return true"), "free would now match 6")
        local wild = where [[if run.trigger == "rehearsal" then
            mpijob.replace(job, { labels = { wild = "yes" } })
            store.set("wild", job.name)
            log.warn("wild")
        end return run.trigger == "rehearsal" ]]
        support.contains(reload(wild), "free would match 6 as before")
        move "advance 1s"
        for _, name in ipairs { "a1", "b1" } do
            local _, job = server:request("GET", server:path("v2beta1", "train", name))
            assert.is_nil(job.metadata.labels.wild)
        end
        support.lacks(daemon.stderr, "wild")
        assert.are.equal(0, (daemon:stop()))
    end)

    it("holds up neither the loop nor other runs, and ends with the daemon", function()
        write(policy("free", ""))
        start()
        write(policy("free", "where = function(job) sleep '1h' return true end"))
        local asker = support.daemon({}, "reload", "--state", folder .. "/s.db")
        daemon:expect "loading the policies again"
        local code, out = support.mpijobd("status", "--state", folder .. "/s.db")
        assert.are.equal(0, code, out)
        assert.are.equal(0, (daemon:stop()))
        assert.are.equal(1, (asker:wait()))
    end)

    it("and what comes after it share the turns of the loop, however many policies there are #measured", function()
        server = sim.start("--version", "v2beta1", "--jobs", "1000", "--seed", "7")
        local function policies(label)
            local all = {}
            for i = 1, 200 do
                all[i] = policy("p" .. i, 'older_than = "100000h", phase = "Running"'):gsub("seen", label)
            end
            return table.concat(all)
        end
        write(policies "one")
        daemon = support.daemon({}, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--listen", "127.0.0.1:0", folder .. "/p.lua")
        local url = daemon:expect("metrics and health are served"):match "url=(%S+)"
        daemon:expect "200 policies in force"
        local function longest()
            local code, out = support.proc.run("/usr/bin/curl", { args = { "-s", url .. "/metrics" } })
            assert.are.equal(0, code)
            return tonumber(out:match "\nmpijobd_loop_lag_cpu_seconds (%S+)")
        end
        longest()
        support.contains(reload(policies "two"), "200 policies changed; p1 would match 0 as before; ")
        daemon:expect "200 policies in force"
        local code, out = support.mpijobd("status", "--state", folder .. "/s.db")
        assert.are.equal(0, code, out)
        assert.is_true(longest() < 0.15, "a turn was too long")
        assert.are.equal(0, (daemon:stop()))
    end)
end)
