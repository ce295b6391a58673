-- SPDX-License-Identifier: Apache-2.0
-- through_launcher: what the job's own field does not do on a running job, its launcher does.
local support = require "support"
local cluster = require "support.cluster"

local JOB = { kind = "Job", api = "batch/v1", path = "/apis/batch/v1/namespaces/%s/jobs%s" }
local POD = { kind = "Pod", api = "v1", path = "/api/v1/namespaces/%s/pods%s" }

-- The launcher of a job, as a controller would have made it; uid: another's.
local function make_launcher(server, namespace, job, of, more)
    more = more or {}
    local owner = server:get(namespace, job)
    local container = { name = "mpi", image = "registry.example.com/x:1" }
    local spec = of == POD and { containers = { container } }
        or { backoffLimit = 6, template = { spec = { restartPolicy = "Never", containers = { container } } } }
    spec.activeDeadlineSeconds = more.deadline
    local status, raw = server:request("POST", of.path:format(namespace, ""), {
        apiVersion = of.api, kind = of.kind, spec = spec,
        metadata = { name = job .. "-launcher", namespace = namespace, labels = { launcher = "yes" }, ownerReferences = { { apiVersion = "kubeflow.org/" .. server.api,
            kind = "MPIJob", name = job, uid = more.uid or owner.metadata.uid, controller = true } } },
    })
    assert(status == 201, raw)
end

local function make_namespace(server, name)
    server:make_namespace(name)
end

local function launcher(server, namespace, job, of)
    local status, raw = server:request("GET", of.path:format(namespace, "/" .. job .. "-launcher"))
    assert(status == 200, raw)
    return support.json.decode(raw)
end

for _, version in ipairs(cluster.versions) do
    if version.name ~= "v1 (training-operator)" then
        describe("through the launcher over " .. version.name .. " #cluster", function()
            local server, namespace
            local of = version.api == "v1" and POD or JOB
            local flags = { table.unpack(version.api == "v1" and { "--controller", "mpi-operator" } or {}) }

            lazy_setup(function()
                server = cluster.start(version)
                namespace = server:namespace()
            end)
            lazy_teardown(support.cleanup)

            local function replace(...)
                local args = { "replace", "--kubeconfig", server.kubeconfig, "-n", namespace, ... }
                for _, flag in ipairs(flags) do
                    args[#args + 1] = flag
                end
                return support.mpijobd(table.unpack(args))
            end

            it("changes the deadline of both, and says what that does", function()
                server:create(namespace, "a", { state = "Running", since = 60 })
                make_launcher(server, namespace, "a", of)
                local code, out, err = replace("a", "activeDeadlineSeconds=86400", "-o", "json")
                assert.are.equal(0, code, err)
                local one = support.json.decode(out)[1]
                assert.are.equal("inert", one.effect)
                support.contains(one.why, "through_child = true changes the launcher " .. of.kind .. ", which works")
                assert.is_nil(launcher(server, namespace, "a", of).spec.activeDeadlineSeconds)

                -- The job has it already; its launcher does not.
                code, out, err = replace("a", "activeDeadlineSeconds=86400", "--through-launcher", "-o", "json")
                assert.are.equal(0, code, err)
                one = support.json.decode(out)[1]
                assert.is_true(one.changed)
                assert.are.equal(of == POD and "unknown" or "effective", one.effect)
                assert.are.same({ { path = "/spec/activeDeadlineSeconds", before = support.json.null, after = 86400 } }, one.launcher)
                assert.are.same({}, one.diff)
                local after = launcher(server, namespace, "a", of)
                assert.are.equal(86400, after.spec.activeDeadlineSeconds)
                assert.are.equal("yes", after.metadata.labels.launcher)

                code, out = replace("a", "activeDeadlineSeconds=86400", "--through-launcher")
                assert.are.equal(0, code)
                support.contains(out, "unchanged: it has these values already, and so has its launcher")

                code, out, err = replace("a", "activeDeadlineSeconds=80000", "labels.x=y", "--through-child")
                assert.are.equal(0, code, err)
                support.contains(out, "its launcher:\n  spec.activeDeadlineSeconds: 86400 -> 80000")
                assert.are.equal(80000, cluster.at(server:get(namespace, "a"), version.deadline))
                assert.are.equal(80000, launcher(server, namespace, "a", of).spec.activeDeadlineSeconds)
            end)

            it("says that a dry run would, and does nothing", function()
                server:create(namespace, "d", { state = "Running", since = 60 })
                make_launcher(server, namespace, "d", of)
                local before = select(2, server:get(namespace, "d"))
                local code, out, err = replace("d", "activeDeadlineSeconds=86400", "--through-launcher", "--dry-run")
                assert.are.equal(0, code, err)
                support.contains(out, "would be replaced")
                support.contains(out, "its launcher:")
                assert.is_nil(launcher(server, namespace, "d", of).spec.activeDeadlineSeconds)
                assert.are.equal(before, (select(2, server:get(namespace, "d"))))
            end)

            it("refuses an elapsed deadline unless it is allowed by name, before anything is changed", function()
                server:create(namespace, "e", { state = "Running", since = 7200 })
                make_launcher(server, namespace, "e", of)
                if not server.sim then
                    return -- there the launcher has only just been made
                end
                local object = launcher(server, namespace, "e", of)
                object.status = { startTime = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() - 7200) }
                assert.are.equal(200, (server:request("PUT", of.path:format(namespace, "/e-launcher/status"), object)))
                local before = select(2, server:get(namespace, "e"))
                local code, _, err = replace("e", "activeDeadlineSeconds=60", "--through-launcher")
                assert.are.equal(1, code)
                support.contains(err, "destructive")
                support.contains(err, "the deadline of the launcher " .. of.kind)
                assert.are.equal(before, (select(2, server:get(namespace, "e"))))
                code, _, err = replace("e", "activeDeadlineSeconds=60", "--through-launcher", "--destructive")
                assert.are.equal(0, code, err)
                assert.are.equal(60, launcher(server, namespace, "e", of).spec.activeDeadlineSeconds)
            end)

            it("leaves alone what is not this job's", function()
                server:create(namespace, "o", { state = "Running", since = 60 })
                make_launcher(server, namespace, "o", of, { uid = "6a1b0f6e-0000-4000-8000-000000000000" })
                local before = select(2, server:get(namespace, "o"))
                local code, _, err = replace("o", "activeDeadlineSeconds=86400", "--through-launcher")
                assert.are.equal(1, code)
                support.contains(err, "is not this MPIJob's launcher")
                assert.are.equal(before, (select(2, server:get(namespace, "o"))))
            end)

            it("knows that a launcher that is not there yet gets the job's own value", function()
                server:create(namespace, "n")
                local code, out, err = replace("n", "activeDeadlineSeconds=86400", "--through-launcher", "-o", "json")
                assert.are.equal(0, code, err)
                local one = support.json.decode(out)[1]
                assert.are.equal(of == JOB and "effective" or "inert", one.effect)
                support.contains(one.why, of == JOB and "does not exist yet" or "there is no launcher")
                assert.is_nil(one.launcher)
            end)

            if of == POD then
                it("lowers a Pod's deadline, and says that it cannot be raised", function()
                    server:create(namespace, "p", { state = "Running", since = 60 })
                    make_launcher(server, namespace, "p", of, { deadline = 90000 })
                    local code, _, err = replace("p", "activeDeadlineSeconds=99000", "--through-launcher")
                    assert.are.equal(1, code)
                    support.contains(err, "can be set or lowered, not raised: p-launcher has 90000")
                    code, _, err = replace("p", "activeDeadlineSeconds=80000", "--through-launcher")
                    assert.are.equal(0, code, err)
                    assert.are.equal(80000, launcher(server, namespace, "p", of).spec.activeDeadlineSeconds)
                end)
            else
                it("lowers backoffLimit, and never sets a TTL while the job runs", function()
                    server:create(namespace, "b", { state = "Running", since = 60 })
                    make_launcher(server, namespace, "b", of)
                    local code, out, err = replace("b", "backoffLimit=0", "--through-launcher", "-o", "json")
                    assert.are.equal(0, code, err)
                    assert.are.equal("effective", support.json.decode(out)[1].effect)
                    assert.are.equal(0, launcher(server, namespace, "b", of).spec.backoffLimit)
                    local before = select(2, server:get(namespace, "b"))
                    code, _, err = replace("b", "ttlSecondsAfterFinished=10", "--through-launcher", "--destructive")
                    assert.are.equal(1, code)
                    support.contains(err, "the job runs twice")
                    assert.are.equal(before, (select(2, server:get(namespace, "b"))))
                    assert.is_nil(launcher(server, namespace, "b", of).spec.ttlSecondsAfterFinished)
                end)
            end
        end)
    end
end

describe("through the launcher, on the simulator,", function()
    local server, folder
    before_each(function()
        server = cluster.start(cluster.versions[4])
        folder = support.folder()
        make_namespace(server, "train")
        server:create("train", "a", { state = "Running", since = 60 })
        make_launcher(server, "train", "a", JOB)
    end)
    after_each(support.cleanup)

    local function replace(...)
        return support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", "train", "a", "activeDeadlineSeconds=86400", "--through-launcher", ...)
    end
    local function journal()
        local code, out, err = support.mpijobd("journal", "--state", folder .. "/s.db", "-o", "json")
        assert.are.equal(0, code, err)
        return support.json.decode(out)
    end
    local POLICY = [[
        policy { name = "cap", schedule = "0 * * * *", missed = "once", match = { phase = "Running" },
            replace = { activeDeadlineSeconds = 86400 }, through_launcher = true }
    ]]
    -- seconds before or after the next full hour: the launcher has only just been made
    local function start(seconds, ...)
        local clock = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() // 3600 * 3600 + 3600 + seconds)
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--clock", clock, ...)
        daemon:expect("1 policy in force")
        return daemon
    end

    it("writes the job first, then its launcher, with a row in the journal for each", function()
        local file = support.write(folder .. "/p.lua", POLICY)
        local daemon = start(-1, file)
        server.sim:forget_requests()
        daemon:write("advance 1s\n")
        daemon:expect("clock ", "stdout")
        support.contains(daemon.stderr, "changed=1")
        support.contains(daemon.stderr, "\n    its launcher:\n    + spec.activeDeadlineSeconds: 86400\n")
        assert.are.equal(0, (daemon:stop()))
        local order = {}
        for _, request in ipairs(server.sim:requests("")) do
            if request.path:find("/a", -14) then
                order[#order + 1] = request.method .. " " .. request.path:match("[^/]+/[^/]+$"):gsub("%?.*", "")
            end
        end
        assert.are.same({ "GET jobs/a-launcher", "PUT mpijobs/a", "PATCH jobs/a-launcher" }, order)
        local rows = journal()
        assert.are.equal(2, #rows)
        assert.are.same({ "patch", "jobs.batch", "a-launcher", "done", "v1" }, { rows[1].verb, rows[1].resource, rows[1].name, rows[1].outcome, rows[1].version })
        assert.are.same({ "replace", "mpijobs.kubeflow.org", "a", "done" }, { rows[2].verb, rows[2].resource, rows[2].name, rows[2].outcome })
        assert.are.equal(86400, rows[1].diff[1].after)
        assert.are.equal(launcher(server, "train", "a", JOB).metadata.uid, rows[1].uid)
    end)

    it("is a permission of its own", function()
        local file = support.write(folder .. "/p.lua", POLICY)
        local code, out, err = support.mpijobd("rbac", file, "-o", "json")
        assert.are.equal(0, code, err)
        local rules, roles = {}, out
        for _, rule in ipairs(support.json.decode(out).items[1].rules) do
            rules[rule.resources[1]] = table.concat(rule.verbs, " ")
        end
        assert.are.same({ events = "create patch", mpijobs = "get list update", jobs = "get patch", pods = "get patch" }, rules)
        code, out = support.mpijobd("doctor", "--kubeconfig", server.kubeconfig, "--state", folder .. "/doctor.db", file)
        assert.are.equal(0, code, out)
        support.contains(out, "may get, patch jobs.batch")
        support.lacks(out, "pods")
        local same
        code, same, err = support.mpijobd("rbac", support.write(folder .. "/p.lua", (POLICY:gsub("through_launcher", "through_child"))), "-o", "json")
        assert.are.equal(0, code, err)
        assert.are.equal(roles, same)
    end)

    it("looks again after a conflict, and whether it was done after a lost answer", function()
        server.sim:fault { fault = "conflict", method = "PATCH", count = 2 }
        local code, _, err = replace()
        assert.are.equal(0, code, err)
        assert.are.equal(86400, launcher(server, "train", "a", JOB).spec.activeDeadlineSeconds)
        for _, fault in ipairs { "reset-after", "reset-before" } do
            server:create("train", fault, { state = "Running", since = 60 })
            make_launcher(server, "train", fault, JOB)
            server.sim:forget_requests()
            server.sim:fault { fault = fault, method = "PATCH", count = 1 }
            code, _, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", "train", fault, "activeDeadlineSeconds=86400", "--through-launcher")
            assert.are.equal(0, code, err)
            assert.are.equal(86400, launcher(server, "train", fault, JOB).spec.activeDeadlineSeconds)
            assert.are.equal(fault == "reset-after" and 1 or 2, #server.sim:requests("method=PATCH"))
        end
    end)

    it("says that the one was changed and the other not", function()
        server.sim:fault { fault = "forbidden", method = "PATCH", count = 1 }
        local code, _, err = replace()
        assert.are.equal(1, code)
        support.contains(err, "train/a: the MPIJob was changed, its launcher Job was not")
        assert.are.equal(86400, cluster.at(server:get("train", "a"), server.version.deadline))
        assert.is_nil(launcher(server, "train", "a", JOB).spec.activeDeadlineSeconds)
        code, _, err = replace() -- and again: only what is missing
        assert.are.equal(0, code, err)
        assert.are.equal(86400, launcher(server, "train", "a", JOB).spec.activeDeadlineSeconds)
        server.sim:fault { fault = "forbidden", method = "GET", path = "*/a-launcher", count = 1 }
        code, _, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", "train", "a", "activeDeadlineSeconds=5000", "--through-launcher")
        assert.are.equal(1, code)
        support.contains(err, "through_launcher needs get and patch on jobs.batch")
        assert.are.equal(86400, cluster.at(server:get("train", "a"), server.version.deadline))
    end)

    it("counts, logs and tells what was written where only the launcher fails", function()
        local file = support.write(folder .. "/p.lua", POLICY)
        local function once()
            return support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", file)
        end
        server.sim:fault { fault = "forbidden", method = "PATCH", count = 1 }
        local code, out, log = once()
        assert.are.equal(3, code, out .. log)
        support.contains(out, "1 changed, 0 as they should be, 1 failed")
        support.contains(log, "error replaced in part policy=cap job=train/a reason=")
        support.contains(log, "\n    + spec.runPolicy.activeDeadlineSeconds: 86400\n")
        local _, rows = support.mpijobd("runs", "--state", folder .. "/s.db", "-o", "json")
        local row = support.json.decode(rows)[1]
        assert.are.same({ "partial", 1, 1 }, { row.outcome, row.changed, row.failed })
        -- Nothing says what became of a patch whose answer is lost where the launcher cannot be read any more.
        server:create("train", "b", { state = "Running", since = 60 })
        make_launcher(server, "train", "b", JOB)
        server.sim:fault { fault = "reset-after", method = "PATCH", count = 1 }
        server.sim:fault { fault = "status", code = 403, method = "GET", path = "*/b-launcher", after = 1, count = 1 }
        local err
        code, out, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", "train", "b", "activeDeadlineSeconds=86400",
            "--through-launcher", "-o", "json")
        assert.are.equal(1, code, out .. err)
        local result = support.json.decode(out)[1]
        assert.is_true(result.changed)
        support.contains(result.error, "train/b: the MPIJob was changed; it is not known whether its launcher Job was: ")
        support.lacks(result.error, "was not")
    end)

    it("tries the launcher six times, and says so", function()
        for _, fault in ipairs { { fault = "conflict" }, { fault = "status", code = 500 } } do
            fault.method = "PATCH"
            server.sim:fault(fault)
            server.sim:forget_requests()
            local code, _, err = replace()
            assert.are.equal(1, code)
            support.contains(err, "given up after 6 tries: ")
            assert.are.equal(6, #server.sim:requests("method=PATCH"))
            server.sim:clear_faults()
        end
    end)

    it("is made up for after a kill, for a policy that waits for jobs", function()
        local file = support.write(folder .. "/p.lua", (POLICY:gsub('schedule = "0 %* %* %* %*", missed = "once"', 'on = "match"')))
        server.sim:fault { fault = "stall", method = "PATCH" }
        local daemon = start(0, file)
        support.proc.await(function()
            return #server.sim:requests("method=PATCH") > 0 or nil
        end)
        daemon:stop("sigkill")
        server.sim:clear_faults()
        daemon = start(0, file)
        support.contains(daemon.stderr, "outcome=not-done")
        daemon:expect("run ended")
        assert.are.equal(0, (daemon:stop()))
        assert.are.equal(86400, launcher(server, "train", "a", JOB).spec.activeDeadlineSeconds)
    end)

    it("finds out after a kill what became of the launcher", function()
        for _, case in ipairs { { "stall-after", "done-unseen" }, { "stall", "not-done" } } do
            local file = support.write(folder .. "/p.lua", POLICY)
            local daemon = start(-1, file)
            server.sim:fault { fault = case[1], method = "PATCH", count = 1 }
            server.sim:forget_requests()
            daemon:write("advance 1s\n")
            support.proc.await(function()
                return #server.sim:requests("method=PATCH") > 0 or nil
            end)
            daemon:stop("sigkill")
            server.sim:clear_faults()
            daemon = start(10, file)
            support.contains(daemon.stderr, "outcome=" .. case[2])
            daemon:expect("run ended")
            assert.are.equal(0, (daemon:stop()))
            -- The run is finished: what was not done is done now, because the launcher is a part of the job's change.
            assert.are.equal(86400, launcher(server, "train", "a", JOB).spec.activeDeadlineSeconds)
            os.remove(folder .. "/s.db")
            server:request("DELETE", JOB.path:format("train", "/a-launcher"))
            server:request("DELETE", server:path("train", "a"))
            server:create("train", "a", { state = "Running", since = 60 })
            make_launcher(server, "train", "a", JOB)
        end
    end)
end)

describe("through the launcher, with a controller that acts,", function()
    after_each(support.cleanup)

    for _, version in ipairs { cluster.versions[1], cluster.versions[2], cluster.versions[4] } do
        it("ends the job over " .. version.name, function()
            local at = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() - 7200)
            local sim = { table.unpack(version.sim) }
            for _, word in ipairs { "--life", "--clock", "stepped", "--now", at } do
                sim[#sim + 1] = word
            end
            local server = cluster.start { api = version.api, policy = version.policy, deadline = version.deadline, sim = sim }
            make_namespace(server, "train")
            server:create("train", "a", { annotations = '{"mpijob-sim/start-seconds":"1","mpijob-sim/outcome":"hang"}' })
            server.sim:request("POST", "/_sim/clock", '{"advance":"2m"}')
            assert.are.equal("Running", server:get("train", "a").status.conditions[2].type)
            local args = { "replace", "--kubeconfig", server.kubeconfig, "-n", "train", "a", "activeDeadlineSeconds=60" }
            if version.api == "v1" then
                args[#args + 1] = "--controller"
                args[#args + 1] = "mpi-operator"
            end
            local code, out, err = support.mpijobd(table.unpack(args))
            assert.are.equal(0, code, err)
            support.contains(out, "inert")
            server.sim:request("POST", "/_sim/clock", '{"advance":"2m"}')
            assert.are.equal(2, #server:get("train", "a").status.conditions)
            args[#args + 1] = "--through-launcher"
            args[#args + 1] = "--destructive"
            code, out, err = support.mpijobd(table.unpack(args))
            assert.are.equal(0, code, err)
            support.contains(out, "destructive")
            server.sim:request("POST", "/_sim/clock", '{"advance":"1s"}')
            assert.are.equal("Failed", server:get("train", "a").status.conditions[3].type)
        end)
    end
end)
