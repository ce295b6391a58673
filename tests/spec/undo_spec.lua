-- SPDX-License-Identifier: Apache-2.0
-- mpijobd undo: what a run changed is put back, byte for byte, and what others wrote since stays.
local support = require "support"
local cluster = require "support.cluster"
local control = require "support.control"
local uv = support.uv

local FREE = [[
policy {
  name = "free", schedule = "0 0 1 1 *", match = { namespace = "%s", phase = { "Succeeded", "Failed" } },
  replace = { cleanPodPolicy = "All", labels = { freed = "yes" }, annotations = { note = remove } },
}
]]

-- The object without what the server owns.
local function own(raw)
    local object = support.json.decode(raw)
    for _, key in ipairs { "resourceVersion", "generation", "managedFields", "uid", "creationTimestamp" } do
        object.metadata[key] = nil
    end
    object.status = nil
    return support.json.encode(object)
end

for _, version in ipairs(cluster.versions) do
    describe("an undo over " .. version.name .. " #cluster", function()
        local server, namespace, folder, state, policies

        lazy_setup(function()
            server = cluster.start(version)
        end)
        lazy_teardown(support.cleanup)

        before_each(function()
            namespace = server:namespace()
            folder = support.folder()
            state = folder .. "/s.db"
            policies = support.write(folder .. "/p.lua", FREE:format(namespace))
        end)

        local function with(command, ...)
            local args = { command, ... }
            table.move(server.reach, 1, #server.reach, #args + 1, args)
            table.move(server.flags, 1, #server.flags, #args + 1, args)
            args[#args + 1] = "--state"
            args[#args + 1] = state
            return support.mpijobd(table.unpack(args))
        end

        local function run(...)
            local code, out, err = with("run", "--once", policies, ...)
            assert.are.equal(0, code, out .. err)
        end

        local function undo(...)
            local code, out, err = with("undo", ...)
            return code, out, err
        end

        local function runs()
            local code, out, err = support.mpijobd("runs", "--state", state, "-o", "json")
            assert.are.equal(0, code, err)
            return support.json.decode(out)
        end

        local function raw(name)
            local _, text = server:get(namespace, name)
            return text
        end

        it("brings every byte back but those that the server owns", function()
            local names, before = {}, {}
            for i, options in ipairs { {}, { policy = "None" }, { deadline = "600", labels = '{"b":"1","a":"2"}' }, { annotations = "{}" } } do
                names[i] = "job-" .. i
                options.state = i % 2 == 0 and "Failed" or "Succeeded"
                server:create(namespace, names[i], options)
                before[i] = own(raw(names[i]))
            end
            run()
            for i, name in ipairs(names) do
                assert.are_not.equal(before[i], own(raw(name)))
            end
            local code, out, err = undo("1", "--dry-run")
            assert.are.equal(0, code, err)
            support.contains(out, namespace .. "/job-1 would be put back\n")
            support.contains(out, "4 would be put back, 0 as before the run, 0 left in whole or in part, 0 failed\n")
            assert.are_not.equal(before[1], own(raw(names[1])))
            assert.are.equal(1, #runs())

            code, out, err = undo("1")
            assert.are.equal(0, code, err)
            support.contains(out, "4 put back, 0 as before the run, 0 left in whole or in part, 0 failed\n")
            support.contains(out, "this is run 2; mpijobd undo 2 takes it back\n")
            support.contains(err, "mpijobd pause free holds it")
            for i, name in ipairs(names) do
                assert.are.equal(before[i], own(raw(name)))
            end
            local row = runs()[1]
            assert.are.same({ "by hand", "undo", "done", 4, "takes back run 1", uv.getuid() },
                { row.policy, row.trigger, row.outcome, row.changed, row.message, row.who.uid })

            code, out, err = undo("1")
            assert.are.equal(0, code, err)
            support.contains(out, "job-1 is as it was before the run\n")
            support.contains(out, "0 put back, 4 as before the run")
            code, out, err = undo("2")
            assert.are.equal(0, code, err)
            support.contains(out, "4 put back")
            assert.are.equal("yes", support.json.decode(raw "job-3").metadata.labels.freed)
        end)

        it("leaves what another writer has changed since, and names it", function()
            server:create(namespace, "mine", { state = "Succeeded" })
            server:create(namespace, "gone", { state = "Succeeded" })
            server:create(namespace, "new", { state = "Succeeded" })
            run()
            assert.are.equal(0, (with("replace", "-n", namespace, "mine", "labels.freed=later", "--no-journal")))
            for _, name in ipairs { "gone", "new" } do
                assert.are.equal(200, (server:request("DELETE", server:path(namespace, name))))
            end
            server:create(namespace, "new", { state = "Succeeded", policy = "All" })
            local newer = raw "new"
            local code, out, err = undo("1")
            assert.are.equal(0, code, err)
            support.contains(out, ('left: %s/mine /metadata/labels/freed: it is "later" now, and the run had written "yes"\n'):format(namespace))
            support.contains(out, ("left: %s/gone: it is not there any more\n"):format(namespace))
            support.contains(out, ("left: %s/new: another object has that name now\n"):format(namespace))
            support.contains(out, "1 put back, 0 as before the run, 3 left in whole or in part, 0 failed\n")
            local mine = support.json.decode(raw "mine")
            assert.are.equal("later", mine.metadata.labels.freed)
            assert.is_nil(mine.spec.cleanPodPolicy or mine.spec.runPolicy and mine.spec.runPolicy.cleanPodPolicy)
            assert.are.equal(newer, raw "new")
            code, out = undo("1", "-o", "json", "--job", namespace .. "/mine")
            assert.are.equal(0, code)
            local told = support.json.decode(out)
            assert.are.same({ 1, 3, 0, 0, 1, 0 }, { told.run, told.undo_run, told.back, told.unchanged, told.left, told.failed })
            assert.are.same({ { path = "/metadata/labels/freed", before = "yes", after = "later" } }, told.objects[1].left)
        end)

        it("deletes what was created, and creates what was deleted", function()
            server:create(namespace, "old", { labels = '{"team":"vision"}' })
            local old = own(raw "old")
            support.write(folder .. "/p.lua", ([[
policy { name = "both", schedule = "0 0 1 1 *", run = function()
    local job = mpijob.get("%s/old"):table()
    assert(mpijob.delete("%s/old", { destructive = true }))
    for _, name in ipairs { "copy", "touched" } do
        job.metadata = { name = name, namespace = "%s", labels = { team = "vision" } }
        job.status = nil
        assert(mpijob.create(job))
    end
end }
]]):format(namespace, namespace, namespace))
            run()
            assert.are.equal(404, (server:request("GET", server:path(namespace, "old"))))
            assert.are.equal(0, (with("replace", "-n", namespace, "touched", "labels.team=speech", "--no-journal")))
            local code, out, err = undo("1", "--destructive")
            assert.are.equal(0, code, out .. err)
            support.contains(out, namespace .. "/old created again\n")
            support.contains(out, namespace .. "/copy deleted again\n")
            support.contains(out, ("left: %s/touched: it was changed since it was made\n"):format(namespace))
            assert.are.equal(old, own(raw "old"))
            assert.are.equal(404, (server:request("GET", server:path(namespace, "copy"))))
            assert.are.equal("speech", support.json.decode(raw "touched").metadata.labels.team)
        end)
    end)
end

describe("an undo", function()
    local version = cluster.versions[4]
    local server, namespace, folder, state

    lazy_setup(function()
        server = cluster.start(version)
        namespace = server:namespace()
        folder = support.folder()
        state = folder .. "/s.db"
        support.write(folder .. "/p.lua", FREE:format(namespace))
    end)
    lazy_teardown(support.cleanup)

    local function undo(...)
        return support.mpijobd("undo", "--state", state, "--kubeconfig", server.kubeconfig, ...)
    end

    it("beside the daemon writes its run and its rows over the control socket", function()
        for _, name in ipairs { "one", "two" } do
            server:create(namespace, name, { state = "Succeeded" })
        end
        local daemon = support.daemon({}, "run", "--kubeconfig", server.kubeconfig, "--listen", "none", "--state", state, folder .. "/p.lua")
        daemon:expect("in force")
        assert.are.equal(0, (support.mpijobd("trigger", "--state", state, "free")))
        daemon:expect("run ended policy=free outcome=done changed=2")
        local code, out, err = undo("1", "--job", namespace .. "/one")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "1 put back, 0 as before the run, 0 left")
        local _, rows = support.mpijobd("journal", "2", "--state", state, "-o", "json")
        rows = support.json.decode(rows)
        assert.are.equal(1, #rows)
        assert.are.same({ 2, "by hand", "one", "done" }, { rows[1].run, rows[1].policy, rows[1].name, rows[1].outcome })
        assert.are.equal(uv.getuid(), rows[1].who.uid)
        local _, runs = support.mpijobd("runs", "2", "--state", state, "-o", "json")
        runs = support.json.decode(runs)[1]
        assert.are.same({ "undo", "done", 1, "takes back run 1" }, { runs.trigger, runs.outcome, runs.changed, runs.message })
        assert.are.equal(0, (daemon:stop()))
        assert.is_nil((server:get(namespace, "one").metadata.labels or {}).freed)
        assert.are.equal("yes", server:get(namespace, "two").metadata.labels.freed)
    end)

    it("names what is not known of a run whose command has died, and says when that run ends", function()
        local daemon = support.daemon({}, "run", "--kubeconfig", server.kubeconfig, "--listen", "none", "--state", state, folder .. "/p.lua")
        daemon:expect("in force")
        local c = assert(control.connect(state .. ".control"))
        local run = math.tointeger(c:ask({ verb = "run-begin", args = {} }).result.run)
        local intent = { verb = "intent", args = { server = "https://x", name = "gone", verb = "replace", run = run } }
        local row = c:ask(intent).result.row
        assert.is_nil(c:ask({ verb = "outcome", args = { row = row, outcome = "lost" } }).error)
        local code, _, err = undo(tostring(run))
        assert.are.equal(1, code)
        support.contains(err, ("run %d has not ended yet: the command goes on that has begun it, or it has died; then the daemon's next start ends the run"):format(run))
        assert.is_nil(c:ask({ verb = "run-end", args = { run = run, outcome = "failed" } }).error)
        local out
        code, out, err = undo(tostring(run))
        assert.are.equal(0, code, err)
        support.contains(out, ("run %d has changed nothing\n1 change of the run is left alone: it is not known whether it was made (mpijobd journal %d)"):format(run, run))
        assert.are.equal(0, (daemon:stop()))
    end)

    it("tries again where another writer is faster, and goes by what that one wrote", function()
        if server.sim then
            server.sim:fault { fault = "conflict", method = "PUT", count = 2 }
        end
        local code, out, err = undo("1", "--job", "two")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "1 put back")
        assert.is_nil((server:get(namespace, "two").metadata.labels or {}).freed)
    end)

    it("tells nobody what is in a Secret", function()
        local secrets = "/api/v1/namespaces/" .. namespace .. "/secrets"
        assert.are.equal(201, (server:request("POST", secrets, { apiVersion = "v1", kind = "Secret", metadata = { name = "s" }, data = { pw = "b25l" } })))
        local apart = support.folder()
        support.write(apart .. "/p.lua", ('policy { name = "p", schedule = "0 0 1 1 *", run = function() assert(kube.patch("v1", "Secret", "%s/s", { data = { pw = "dHdv" } })) end }'):format(namespace))
        assert.are.equal(0, (support.mpijobd("run", "--once", "--state", apart .. "/s.db", "--kubeconfig", server.kubeconfig, apart .. "/p.lua")))
        assert.are.equal(200, (server:request("PATCH", secrets .. "/s", '{"data":{"pw":"dGhyZWU="}}', "application/merge-patch+json")))
        for _, format in ipairs { "table", "json" } do
            local code, out, err = support.mpijobd("undo", "1", "--dry-run", "-o", format, "--state", apart .. "/s.db", "--kubeconfig", server.kubeconfig)
            assert.are.equal(0, code, err)
            support.contains(out, "/data/pw")
            support.lacks(out .. err, "dGhyZWU")
        end
    end)

    it("says what it cannot do", function()
        local code, _, err = undo("77")
        assert.are.equal(1, code)
        support.contains(err, "there is no run 77; mpijobd runs lists those that there are")
        for _, words in ipairs { {}, { "x" }, { "1", "2" }, { "-1" }, { "0" }, { "00" }, { "" }, { "99999999999999999999" } } do
            code, _, err = undo(table.unpack(words))
            assert.are.equal(2, code, err)
        end
        for _, command in ipairs { "runs", "journal", "approve" } do -- another number is not asked for instead
            code, _, err = support.mpijobd(command, "99999999999999999999", "--state", state)
            assert.are.equal(2, code, err)
            support.contains(err, "takes the number of one run")
        end
        code, _, err = support.mpijobd("undo", "1", "--state", state, "--kubeconfig", "/nonexistent")
        assert.are.equal(1, code)
        support.contains(err, "/nonexistent")
        local _, out
        code, out = undo("1", "-n", "elsewhere") -- a namespace is not passed over
        assert.are.equal(0, code)
        support.contains(out, "run 1 has changed nothing of that namespace\n")
        code, out = undo("1", "--job", "nobody")
        assert.are.equal(0, code)
        support.contains(out, "run 1 has changed nothing of that job")
        code, _, err = support.mpijobd("undo", "1", "--state", folder .. "/none.db", "--kubeconfig", server.kubeconfig)
        assert.are.equal(1, code)
        support.contains(err, "none.db")
    end)
end)
