-- SPDX-License-Identifier: Apache-2.0
-- mpijobd plan --out and mpijobd apply: what was looked at is what is made, exactly so or not at all.
local support = require "support"
local cluster = require "support.cluster"
local uv = support.uv

local FREE = [[
policy {
  name = "free", schedule = "0 0 1 1 *", match = { namespace = "%s", phase = { "Succeeded", "Failed" } },
  replace = { cleanPodPolicy = "All", labels = { freed = "yes" }, annotations = { note = remove } },
}
]]

-- The object without what the server owns.
local function own(object)
    for _, key in ipairs { "resourceVersion", "generation", "managedFields" } do
        object.metadata[key] = nil
    end
    return object
end

for _, version in ipairs(cluster.versions) do
    describe("a plan in a file over " .. version.name .. " #cluster", function()
        local server, namespace, folder, state, plan

        lazy_setup(function()
            server = cluster.start(version)
        end)
        lazy_teardown(support.cleanup)

        before_each(function()
            namespace = server:namespace()
            folder = support.folder()
            state, plan = folder .. "/s.db", folder .. "/plan.json"
            support.write(folder .. "/p.lua", FREE:format(namespace))
        end)

        local function with(command, ...)
            local args = { command, ... }
            table.move(server.reach, 1, #server.reach, #args + 1, args)
            table.move(server.flags, 1, #server.flags, #args + 1, args)
            return support.mpijobd(table.unpack(args))
        end

        local function make_plan()
            local code, out, err = with("plan", folder .. "/p.lua", "--out", plan)
            assert.are.equal(0, code, out .. err)
            return support.json.decode(support.read(plan)), out
        end

        it("is made exactly, is a run with who it was, and can be undone", function()
            for _, name in ipairs { "one", "two" } do
                server:create(namespace, name, { state = "Succeeded" })
            end
            local before = own(server:get(namespace, "one"))
            local told, out = make_plan()
            assert.are.equal("600", ("%o"):format(uv.fs_stat(plan).mode & 511))
            support.contains(out, plan .. ": 2 changes, 0 destructive, ")
            assert.are.same({ 1, namespace .. "/one", "free" }, { told.mpijobd_plan, told.changes[1].job, told.changes[1].policy })
            assert.are.equal(server:get(namespace, "one").metadata.uid, told.changes[1].object.uid)

            local code, err
            code, out, err = with("apply", plan, "--dry-run", "--state", state)
            assert.are.equal(0, code, err)
            support.contains(out, "2 would be changed, 0 already as planned, 0 left, 0 failed\n")
            assert.are.same(before, own(server:get(namespace, "one")))

            code, out, err = with("apply", plan, "--state", state)
            assert.are.equal(0, code, err)
            support.contains(out, namespace .. "/one changed  (free)\n")
            support.contains(out, "2 changed, 0 already as planned, 0 left, 0 failed\nthis is run 1; mpijobd undo 1 takes it back\n")
            local after = own(server:get(namespace, "one"))
            assert.are.equal("yes", after.metadata.labels.freed)
            local _, rows = support.mpijobd("journal", "1", "--state", state, "-o", "json")
            for _, change in ipairs(support.json.decode(rows)) do
                local object = told.changes[change.name == "one" and 1 or 2].object
                assert.are.same({ object.diff, object.resourceVersion, object.uid }, { change.diff, change.resourceVersion, change.uid })
                assert.are.same({ "free", uv.getuid() }, { change.policy, change.who.uid })
            end
            _, rows = support.mpijobd("runs", "--state", state, "-o", "json")
            local row = support.json.decode(rows)[1]
            assert.are.same({ "by hand", "apply", "done", 2, uv.getuid(), "applies the plan sha256:" .. told.sum:sub(8, 19) },
                { row.policy, row.trigger, row.outcome, row.changed, row.who.uid, row.message })

            code, out, err = with("apply", plan, "--state", state)
            assert.are.equal(0, code, err)
            support.contains(out, "0 changed, 2 already as planned, 0 left, 0 failed\n")
            code, out, err = with("undo", "1", "--state", state)
            assert.are.equal(0, code, out .. err)
            assert.are.same(before, own(server:get(namespace, "one")))
        end)

        it("is refused as a whole where something has moved, and names it; --partial makes the rest", function()
            for _, name in ipairs { "kept", "moved", "gone", "new" } do
                server:create(namespace, name, { state = "Succeeded" })
            end
            make_plan()
            assert.are.equal(0, (with("replace", "-n", namespace, "moved", "labels.team=speech", "--no-journal")))
            for _, name in ipairs { "gone", "new" } do
                assert.are.equal(200, (server:request("DELETE", server:path(namespace, name))))
            end
            server:create(namespace, "new", { state = "Succeeded" })
            local _, moved = server:get(namespace, "moved")
            local _, kept = server:get(namespace, "kept")
            local code, out, err = with("apply", plan, "--state", state)
            assert.are.equal(1, code)
            support.contains(out, ("moved: %s/moved: it was changed since the plan was made: labels.team was unset, is speech\n"):format(namespace))
            support.contains(out, ("moved: %s/gone: it is not there any more\n"):format(namespace))
            support.contains(out, ("moved: %s/new: another object has that name now\n"):format(namespace))
            support.contains(out, "0 changed, 0 already as planned, 4 left, 0 failed\n")
            support.contains(err, "does not fit any more: 3 changes have moved, of 4 changes. Nothing was changed.")
            assert.are.equal(kept, (select(2, server:get(namespace, "kept"))))

            code, out, err = with("apply", plan, "--partial", "--state", state, "-o", "json")
            assert.are.equal(3, code, err)
            local told = support.json.decode(out)
            assert.are.same({ 1, 0, 3, 0, 1 }, { told.changed, told.already, told.left, told.failed, told.run })
            local _, rows = support.mpijobd("runs", "--state", state, "-o", "json")
            local row = support.json.decode(rows)[1]
            assert.are.same({ 1, 0, 0 }, { row.changed, row.unchanged, row.failed })
            assert.matches("; 3 left, as they have moved$", row.message)
            assert.are.equal("yes", server:get(namespace, "kept").metadata.labels.freed)
            assert.are.equal(moved, (select(2, server:get(namespace, "moved"))))
            code, out = with("apply", plan, "--partial", "--job", namespace .. "/moved", "--state", state)
            assert.are.equal(1, code)
            support.contains(out, "0 changed, 0 already as planned, 1 left, 0 failed\n")
        end)
    end)
end

describe("a plan in a file", function()
    local version = cluster.versions[4]
    local server, namespace, folder, state, plan

    lazy_setup(function()
        server = cluster.start(version)
        namespace = server:namespace()
        folder = support.folder()
        state, plan = folder .. "/s.db", folder .. "/plan.json"
        server:create(namespace, "one", { state = "Succeeded" })
        server:create(namespace, "two", { state = "Succeeded" })
    end)
    lazy_teardown(support.cleanup)

    local function policies(text)
        return support.write(folder .. "/p.lua", text)
    end

    local function make_plan(...)
        return support.mpijobd("plan", folder .. "/p.lua", "--kubeconfig", server.kubeconfig, "--out", plan, ...)
    end

    local function apply(...)
        return support.mpijobd("apply", "--kubeconfig", server.kubeconfig, "--no-journal", ...)
    end

    local function refused(code, words, ...)
        local got, out, err = apply(...)
        assert.are.equal(code, got, out .. err)
        support.contains(err, words)
    end

    it("that was cut or edited, and another file, are refused, and it is said what to do", function()
        policies(FREE:format(namespace))
        assert.are.equal(0, (make_plan()))
        local text = support.read(plan)
        local other = folder .. "/other.json"
        local function try(content, words)
            support.write(other, content)
            refused(1, words, other)
        end
        try((text:gsub('"freed":"yes"', '"freed":"no"')), "was changed since it was written: its sum does not fit")
        try(text:sub(1, -100), "other.json")
        try((text:gsub(',"sum":.*', "}")), "does not end with its sum")
        try("{}", "is no plan; mpijobd plan PATH --out FILE writes one")
        try("", "is empty")
        try((text:gsub('"mpijobd_plan":1', '"mpijobd_plan":2')), "was written by a newer mpijobd")
        refused(1, "none.json", folder .. "/none.json")
        refused(2, "takes one file")
        refused(2, "-o takes table or json here", plan, "-o", "yaml")
        refused(1, "plan.json has no change of job nobody", plan, "--job", "nobody")
    end)

    -- Its sum fits, as anybody can compute one.
    it("that was forged writes no Secret, and its texts do nothing to the terminal", function()
        policies(FREE:format(namespace))
        assert.are.equal(0, (make_plan()))
        local text = support.read(plan):gsub('"judged":true', '"judged":false')
        local other = folder .. "/forged.json"
        local function forge(from, to)
            local head = text:gsub(',"sum":"sha256:.*$', "")
            local changed, n = head:gsub(from, function() return to end)
            assert(n > 0, from)
            support.write(folder .. "/head", changed)
            local _, sum = support.proc.run("/usr/bin/sha256sum", { args = { folder .. "/head" } })
            support.write(other, changed .. ',"sum":"sha256:' .. sum:match("^%x+") .. '"}\n')
        end
        for _, resource in ipairs { "secrets", "secrets.", "secrets..", "secrets...", "configmaps.", "configmaps..." } do
            forge('"resource":"mpijobs.kubeflow.org"', '"resource":"' .. resource .. '"')
            refused(1, "resource has to be ", other)
        end
        for _, control in ipairs { "\\u001b[2J", "\\u009b2J", "\u{9b}2J", "\u{202e}", "\\r" } do
            for key, word in pairs { policy = "free", job = namespace .. "/one", version = version.version or "v2beta1", kind = "MPIJob", name = "one" } do
                forge('"' .. key .. '":"' .. word:gsub("%p", "%%%0") .. '"', '"' .. key .. '":"' .. word .. control .. '"')
                refused(1, key .. " has to be a text without control characters", other)
            end
            for _, key in ipairs { "path", "sha256", "server", "uid", "by", "effect" } do
                forge('"' .. key .. '":"', '"' .. key .. '":"' .. control)
                refused(1, key .. " has to be a text without control characters", other)
            end
            forge('"cluster":{"name":"', '"cluster":{"name":"' .. control)
            refused(1, "cluster.name has to be a text without control characters", other)
            forge('"why":"', '"why":"' .. control)
            forge('"labels":{', '"labels":{"x":"' .. control .. '",')
            local _, out, err = apply(other, "--dry-run", "--partial")
            for _, byte in ipairs { "\27", "\r", "\u{9b}", "\u{202e}" } do
                support.lacks(out .. err, byte)
            end
        end
    end)

    it("is not written over another file, by a limit, or of policies that are not to act", function()
        local code, out, err = support.mpijobd("plan", folder .. "/p.lua", "--kubeconfig", server.kubeconfig, "--out", folder .. "/p.lua")
        assert.are.equal(1, code, out)
        support.contains(err, "p.lua is there and is no plan, so it is not overwritten")
        os.remove(plan)
        policies(FREE:format(namespace):gsub("replace =", "limits = { changes = 1 }, replace ="))
        code, out, err = make_plan()
        assert.are.equal(4, code, out)
        support.contains(err, "plan.json was not written: a limit would stop a policy")
        assert.is_nil(uv.fs_stat(plan))
        policies(FREE:format(namespace):gsub("replace =", "dry_run = true, replace ="))
        code, out, err = make_plan()
        assert.are.equal(0, code, err)
        support.contains(out, ("not in %s: %s/one (free): the policy has dry_run = true\n"):format(plan, namespace))
        support.contains(out, "plan.json: 0 changes, 0 destructive, 0 inert")
        code, out, err = apply(plan)
        assert.are.equal(0, code, err)
        support.contains(out, "0 changed, 0 already as planned, 0 left, 0 failed\n")
    end)

    it("has one change of each object, and --exit-code says that there are some", function()
        policies(FREE:format(namespace) .. FREE:format(namespace):gsub('"free"', '"again"'))
        local code, out, err = make_plan("--exit-code")
        assert.are.equal(10, code, err)
        support.contains(out, ("not in %s: %s/one (again): another change of the plan is about the same object"):format(plan, namespace))
        support.contains(out, "plan.json: 2 changes, 0 destructive, 0 inert")
    end)

    it("is refused where its policies have another text, or it is of another cluster", function()
        policies(FREE:format(namespace))
        assert.are.equal(0, (make_plan()))
        policies(FREE:format(namespace) .. "-- later\n")
        refused(1, "1 file of its policies has another text, of 2 changes. Nothing was changed.", plan)
        policies(FREE:format(namespace))
        local other = cluster.start(version, "--seed", "2")
        local code, _, err = support.mpijobd("apply", "--kubeconfig", other.kubeconfig, "--no-journal", plan)
        assert.are.equal(1, code)
        support.contains(err, "was made for another cluster")
    end)

    it("of policies with plugins holds each file once, as it is, and an archive as a whole", function()
        local PLUGIN = [[plugin { name = "%s", version = "1.0.0", api = 1, exports = { yes = function() return "yes" end } }
]]
        for _, name in ipairs { "plugins", "plugins/one", "plugins/two" } do
            uv.fs_mkdir(folder .. "/" .. name, 448)
        end
        local function pack(text)
            support.write(folder .. "/plugins/two/plugin.lua", text .. "return require 'more'\n")
            support.write(folder .. "/plugins/two/more.lua", "return {}\n")
            local code, _, err = support.proc.run("/bin/tar", { args = { "czf", folder .. "/two.tar.gz", "-C", folder .. "/plugins", "two" } })
            assert.are.equal(0, code, err)
        end
        local one = support.write(folder .. "/plugins/one/plugin.lua", PLUGIN:format("one"))
        pack(PLUGIN:format("two"))
        local config = support.write(folder .. "/plugins.yaml", "plugins: { one: plugins/one, two: two.tar.gz }\n")
        local text = FREE:format(namespace):gsub("^", 'require "one" require "two"\n')
        policies(text)
        support.write(folder .. "/q.lua", 'require "one"\n' .. FREE:format("other"):gsub('"free"', '"other"'))
        local code, out, err = make_plan(folder .. "/q.lua", "--config", config)
        assert.are.equal(0, code, out .. err)
        local files = {}
        for i, file in ipairs(support.json.decode(support.read(plan)).files) do
            files[i] = file.path:gsub("^.*/", "")
            local _, sum = support.proc.run("/usr/bin/sha256sum", { args = { file.path } })
            assert.are.equal(sum:match("^%x+"), file.sha256)
        end
        assert.are.same({ "p.lua", "plugin.lua", "q.lua", "two.tar.gz" }, files)
        code, out, err = apply(plan, "--dry-run")
        assert.are.equal(0, code, out .. err)
        support.write(one, PLUGIN:format("one") .. "-- later\n")
        refused(1, "1 file of its policies has another text, of ", plan)
        support.write(one, PLUGIN:format("one"))
        pack(PLUGIN:format("two") .. "-- later\n")
        code, out = apply(plan)
        assert.are.equal(1, code)
        support.contains(out, "moved: " .. uv.fs_realpath(folder) .. "/two.tar.gz has another text than the plan was made with\n")
    end)

    it("changes the launcher too, where the policy does", function()
        server:create(namespace, "runs", { state = "Running" })
        local uid = server:get(namespace, "runs").metadata.uid
        local jobs = "/apis/batch/v1/namespaces/" .. namespace .. "/jobs"
        assert.are.equal(201, (server:request("POST", jobs, { apiVersion = "batch/v1", kind = "Job",
            metadata = { name = "runs-launcher", ownerReferences = { { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob", name = "runs", uid = uid, controller = true } } },
            spec = { template = { spec = { restartPolicy = "Never", containers = { { name = "l", image = "i" } } } } } })))
        policies(([[policy { name = "cap", schedule = "0 0 1 1 *", match = { namespace = "%s", phase = "Running" }, through_launcher = true, replace = { activeDeadlineSeconds = 360000 } }]]):format(namespace))
        local code, out, err = make_plan()
        assert.are.equal(0, code, out .. err)
        code, out, err = apply(plan)
        assert.are.equal(0, code, out .. err)
        support.contains(out, namespace .. "/runs's launcher changed  (cap)\n")
        support.contains(out, "only when it creates the launcher Job runs-launcher\n") -- that is changed, too: no advice
        local _, raw = server:request("GET", jobs .. "/runs-launcher")
        assert.are.equal(360000, support.json.decode(raw).spec.activeDeadlineSeconds)
        assert.are.equal(360000, server:get(namespace, "runs").spec.runPolicy.activeDeadlineSeconds)
    end)

    it("keeps no Secret, and makes what a run function does", function()
        local secrets = "/api/v1/namespaces/" .. namespace .. "/secrets"
        assert.are.equal(201, (server:request("POST", secrets, { apiVersion = "v1", kind = "Secret", metadata = { name = "s" }, data = { pw = "b25l" } })))
        server:create(namespace, "old", { state = "Failed" })
        policies(([[policy { name = "all", schedule = "0 0 1 1 *", destructive = true, run = function()
            kube.patch("v1", "Secret", "%s/s", { data = { pw = "dHdv" } })
            mpijob.delete("%s/old")
            kube.create { apiVersion = "v1", kind = "ConfigMap", metadata = { name = "made", namespace = "%s" }, data = { a = "b" } }
        end }]]):format(namespace, namespace, namespace))
        local code, out, err = make_plan()
        assert.are.equal(0, code, out .. err)
        support.contains(out, "what is in a Secret is not kept in a plan")
        support.contains(out, "2 changes, 1 destructive")
        support.lacks(support.read(plan), "dHdv")
        code, out, err = apply(plan)
        assert.are.equal(0, code, out .. err)
        support.contains(out, "2 changed, ")
        assert.are.equal(404, (server:request("GET", server:path(namespace, "old"))))
        local _, raw = server:request("GET", "/api/v1/namespaces/" .. namespace .. "/configmaps/made")
        assert.are.equal("b", support.json.decode(raw).data.a)
        code, out = apply(plan)
        assert.are.equal(0, code)
        support.contains(out, "0 changed, 2 already as planned")
    end)

    it("beside the daemon is a run in its journal", function()
        policies(FREE:format(namespace))
        local daemon = support.daemon({}, "run", "--kubeconfig", server.kubeconfig, "--listen", "none", "--state", state, folder .. "/p.lua")
        daemon:expect("in force")
        assert.are.equal(0, (make_plan("--state", state)))
        local code, out, err = support.mpijobd("apply", plan, "--kubeconfig", server.kubeconfig, "--state", state)
        assert.are.equal(0, code, out .. err)
        support.contains(out, "2 changed, ")
        local _, rows = support.mpijobd("runs", "--state", state, "-o", "json")
        local row = support.json.decode(rows)[1]
        assert.are.same({ "apply", "done", 2, uv.getuid() }, { row.trigger, row.outcome, row.changed, row.who.uid })
        _, rows = support.mpijobd("journal", "--policy", "free", "--state", state, "-o", "json")
        local changes = support.json.decode(rows)
        assert.are.equal(2, #changes)
        assert.are.same({ row.id, uv.getuid() }, { changes[1].run, changes[1].who.uid })
        assert.are.equal(0, (daemon:stop()))
    end)

    it("that is killed is told as given up, and the next daemon closes it", function()
        server:create(namespace, "late", { state = "Succeeded" })
        policies(FREE:format(namespace))
        assert.are.equal(0, (make_plan()))
        local function apply_run()
            local _, rows = support.mpijobd("runs", "--state", state, "-o", "json")
            local ok, list = pcall(support.json.decode, rows)
            return ok and list[1] or nil
        end
        server.sim:fault "stall:method=PUT"
        local asker = support.keep(support.proc.start(support.binary, { args = { "apply", plan, "--kubeconfig", server.kubeconfig, "--state", state } }))
        assert.is_truthy(support.proc.await(function()
            local run = apply_run()
            return run and run.outcome == support.json.null
        end))
        local row = apply_run()
        assert.are.same({ "apply", support.json.null }, { row.trigger, row.outcome }, asker.stdout .. asker.stderr)
        asker:kill "sigkill"
        asker:wait()
        server.sim:clear_faults()
        row = apply_run()
        assert.are.same({ "given up", "its process is gone; the next daemon looks after what it left in flight, and closes it" }, { row.outcome, row.message })
        local _, out = support.mpijobd("runs", "--state", state)
        support.contains(out, "given up")
        local daemon = support.daemon({}, "run", "--kubeconfig", server.kubeconfig, "--listen", "none", "--state", state, folder .. "/p.lua")
        daemon:expect("in force")
        assert.are.equal(0, (daemon:stop()))
        assert.are.equal("interrupted", apply_run().outcome)
    end)
end)
