-- SPDX-License-Identifier: Apache-2.0
-- A stop or a resumption of jobs is undone in the order in which the other of the two does it.
local support = require "support"
local cluster = require "support.cluster"
local control = require "support.control"

local KEPT <const> = "mpijobd.io/clean-pod-policy-before-stop"
local HANGS <const> = '{"mpijob-sim/start-seconds":"1","mpijob-sim/outcome":"hang"}'
local QUEUE <const> = '{"kueue.x-k8s.io/queue-name":"gpus"}'

describe("an undo of a stop", function()
    local server, folder, state

    before_each(function()
        local version = cluster.versions[4]
        local sim = { table.unpack(version.sim) }
        table.move({ "--kueue", "--life", "--speed", "60" }, 1, 4, #sim + 1, sim)
        server = cluster.start { name = version.name, api = version.api, policy = version.policy, deadline = version.deadline, sim = sim, sim_flags = version.sim_flags }
        assert.are.equal(201, (server:request("POST", "/api/v1/namespaces", { apiVersion = "v1", kind = "Namespace", metadata = { name = "train" } })))
        folder = support.folder()
        state = folder .. "/s.db"
    end)
    after_each(support.cleanup)

    local function is(name, wanted)
        support.proc.await(function()
            for _, condition in ipairs((server:get("train", name).status or {}).conditions or {}) do
                if condition.type == wanted and condition.status == "True" then
                    return true
                end
            end
        end)
    end

    local function create(name, labels)
        server:create("train", name, { annotations = HANGS, policy = "Running", labels = labels })
        is(name, "Running")
    end

    local function call(...)
        local args = { ... }
        table.move({ "--kubeconfig", server.kubeconfig, "--state", state }, 1, 4, #args + 1, args)
        return support.mpijobd(table.unpack(args))
    end

    local function by_hand(...)
        local code, out, err = call(...)
        assert.are.equal(0, code, out .. err)
        return out, out:match "mpijobd undo (%d+) takes it back"
    end

    -- What the run has written, in its order: "mpijobs suspend,cleanPodPolicy", "workloads active".
    local function written(run)
        local code, out, err = support.mpijobd("journal", run, "--state", state, "-o", "json")
        assert.are.equal(0, code, err)
        local rows = {}
        for _, row in ipairs(support.json.decode(out)) do
            local places = {}
            for _, one in ipairs(row.diff) do
                places[#places + 1] = one.path:match "[^/]*$"
            end
            table.sort(places)
            if row.outcome == "done" then -- the others were conflicts with the controller
                table.insert(rows, 1, row.resource:match "^[^.]*" .. " " .. table.concat(places, ","))
            end
        end
        return rows
    end

    -- A run that has changed nothing: there is nothing to take back, and no line names it.
    local function newest()
        local code, out, err = support.mpijobd("runs", "--state", state, "-o", "json")
        assert.are.equal(0, code, err)
        return tostring(math.tointeger(support.json.decode(out)[1].id))
    end

    local function policy(name)
        local object = server:get("train", name)
        return object.spec.runPolicy.cleanPodPolicy, (object.metadata.annotations or {})[KEPT]
    end

    local LAST <const> = "mpijobs cleanPodPolicy,mpijobd.io~1clean-pod-policy-before-stop"

    it("by suspend lets the job go on first, and gives it its cleanPodPolicy last", function()
        create "a"
        local _, stop = by_hand("job", "stop", "train/a")
        local out = by_hand("undo", stop, "--dry-run")
        support.contains(out, "would be put back\n  spec.runPolicy.suspend: true -> false\n")
        support.contains(out, "would be put back\n- annotations.mpijobd.io/clean-pod-policy-before-stop: Running\n  spec.runPolicy.cleanPodPolicy: All -> Running\n")
        support.contains(out, "1 would be put back, 0 as before the run, 0 left in whole or in part, 0 failed\n")
        local undone
        out, undone = by_hand("undo", stop)
        support.contains(out, "1 put back, 0 as before the run, 0 left in whole or in part, 0 failed\n")
        support.lacks(out, "unknown:")
        assert.are.same({ "mpijobs suspend", LAST }, written(undone))
        is("a", "Running")
        assert.are.same({ "Running" }, { policy "a" })
        -- That undo is a resumption; undone, it stops the job as a stop does.
        _, undone = by_hand("undo", undone, "--destructive")
        assert.are.same({ "mpijobs cleanPodPolicy,mpijobd.io~1clean-pod-policy-before-stop,suspend" }, written(undone))
        assert.are.same({ "All", "Running" }, { policy "a" })
    end)

    it("by its Workload puts that back before the policy, and leaves the policy where that fails", function()
        create("q", QUEUE)
        local _, stop = by_hand("job", "stop", "train/q")
        assert.are.same({ LAST, "workloads active" }, written(stop))
        server.sim:fault { fault = "forbidden", method = "PATCH", path = "*workloads*", count = 50 }
        server.sim:fault { fault = "forbidden", method = "PUT", path = "*workloads*", count = 50 }
        local code, out, err = call("undo", stop)
        assert.are.equal(3, code, out .. err)
        support.contains(out, "left: train/q: its Workload was not put back, so its cleanPodPolicy stays as it is: mpijobd job resume lets it go on")
        assert.are.same({ "All", "Running" }, { policy "q" })
        server.sim:clear_faults()
        local undone
        out, undone = by_hand("undo", stop)
        support.contains(out, "2 put back, 0 as before the run, 0 left")
        assert.are.same({ "workloads active", LAST }, written(undone))
        is("q", "Running")
        assert.are.same({ "Running" }, { policy "q" })
        -- Not allowed to stop it, the undo leaves the job as it is, too; so does the daemon, over its socket.
        local resumed = undone
        code, out, err = call("undo", resumed)
        assert.are.equal(3, code, out .. err)
        support.contains(err, "destructive")
        support.contains(out, "left: train/q: its Workload cannot be put back, so neither is what belongs to it")
        support.contains(out, "0 put back, 0 as before the run, 1 left in whole or in part, 1 failed")
        support.contains(err, "workloads train/")
        assert.is_nil(err:find("workloads train/[^%s]*: [wW]orkloads? train/"), err) -- its name stands there once
        support.lacks(out, "this is run")
        assert.are.same({}, written(newest()))
        assert.are.same({ "Running" }, { policy "q" })
        is("q", "Running")
        local file = support.write(folder .. "/p.lua", 'policy { name = "p", schedule = "0 0 1 1 *", replace = { cleanPodPolicy = "All" } }')
        local daemon = support.daemon({}, "run", "--kubeconfig", server.kubeconfig, "--listen", "none", "--state", state, file)
        daemon:expect "in force"
        local c = assert(control.connect(state .. ".control"))
        local made = c:ask({ verb = "undo", args = { run = math.tointeger(resumed) } }).result
        assert.are.same({ 0, 0, 1, 1 }, { made.changes, made.back, made.left, made.failed })
        assert.are.same({ "Running" }, { policy "q" })
        c:close()
        assert.are.equal(0, (daemon:stop()))

        -- Nor is anything written where the server does not let the Workload be written.
        for _, method in ipairs { "PUT", "PATCH" } do
            server.sim:fault { fault = "forbidden", method = method, path = "*workloads*", count = 50 }
        end
        code, out, err = call("undo", resumed, "--destructive")
        assert.are.equal(3, code, out .. err)
        support.contains(err, "forbidden by a fault")
        support.contains(out, "left: train/q: its Workload cannot be put back, so neither is what belongs to it")
        support.contains(out, "0 put back, 0 as before the run, 1 left in whole or in part, 1 failed")
        assert.are.same({}, written(newest()))
        assert.are.same({ "Running" }, { policy "q" })
        server.sim:clear_faults()

        _, undone = by_hand("undo", resumed, "--destructive")
        assert.are.same({ LAST, "workloads active" }, written(undone))
        assert.are.same({ "All", "Running" }, { policy "q" })
    end)

    it("of a resumption by the Workload leaves that where the job cannot be changed", function()
        create("q", QUEUE)
        local _, stop = by_hand("job", "stop", "train/q")
        local _, resumed = by_hand("job", "resume", "train/q")
        is("q", "Running")
        server.sim:fault { fault = "forbidden", method = "PUT", path = "*mpijobs*", count = 50 }
        local code, out, err = call("undo", resumed, "--destructive")
        assert.are.equal(3, code, out .. err)
        support.contains(out, "left: workloads train/mpijob-q-")
        support.contains(out, ": its job was not put back, and with that cleanPodPolicy it would not be stopped whole: mpijobd job stop stops it")
        assert.are.same({}, written(newest()))
        server.sim:clear_faults()
        assert.is_not_nil(stop)
        assert.are.same({ "Running" }, { policy "q" })
    end)

    it("of one job has its Workload too, and no other's", function()
        create("q", QUEUE)
        create("r", QUEUE)
        local _, stop = by_hand("job", "stop", "train/q", "train/r")
        local out, undone = by_hand("undo", stop, "--job", "train/q")
        support.contains(out, "2 put back, 0 as before the run, 0 left")
        support.lacks(out, "mpijob-r-")
        assert.are.same({ "workloads active", LAST }, written(undone))
        is("q", "Running")
        assert.are.same({ "Running" }, { policy "q" })
        assert.is_true(server:get("train", "r").spec.runPolicy.suspend)
        assert.are.same({ "All", "Running" }, { policy "r" })
    end)

    it("is not made where the policy is Running again, and says what to do", function()
        create "a"
        local _, stop = by_hand("job", "stop", "train/a")
        by_hand("replace", "-n", "train", "a", "cleanPodPolicy=Running")
        local out = by_hand("undo", stop)
        support.contains(out, "left: train/a: it is stopped, and its cleanPodPolicy is Running again, with which a worker that has ended would not be made again: mpijobd job resume lets it go on")
        assert.is_true(server:get("train", "a").spec.runPolicy.suspend)
    end)

    local daemon

    local function begin(text)
        local file = support.write(folder .. "/p.lua", text or 'policy { name = "p", schedule = "0 0 1 1 *", replace = { cleanPodPolicy = "All" } }')
        daemon = support.daemon({}, "run", "--kubeconfig", server.kubeconfig, "--listen", "none", "--state", state, file)
        daemon:expect "in force"
    end

    it("by the daemon, which works with a plan, gives the policy back last, too", function()
        create "a"
        create("q", QUEUE)
        local _, stop = by_hand("job", "stop", "train/a", "train/q")
        begin()
        local c = assert(control.connect(state .. ".control"))
        local made = c:ask({ verb = "undo", args = { run = math.tointeger(stop) } }).result
        c:close()
        assert.are.equal(0, (daemon:stop()))
        assert.are.same({ 4, 0, 0 }, { made.back, made.left, made.failed })
        local order = written(tostring(math.tointeger(made.undo_run)))
        assert.are.same({ LAST, LAST }, { order[3], order[4] })
        for _, name in ipairs { "a", "q" } do
            is(name, "Running")
            assert.are.same({ "Running" }, { policy(name) })
        end
    end)

    -- A policy that lets jobs go on, as a plan: kept in a file, or until someone approves it.
    local RESUMES <const> = [[
policy { name = "r", schedule = "0 0 1 1 *", approval = %s, match = { namespace = "train" }, run = function()
    for job in mpijob.list { namespace = "train", phase = "Suspended" } do assert(mpijob.resume(job)) end
end }
]]

    it("in a plan of a policy that resumes gives the policy back last, of a job with its own suspend and of Kueue's", function()
        create "a"
        create("q", QUEUE)
        by_hand("job", "stop", "train/a", "train/q")
        support.write(folder .. "/p.lua", RESUMES:format '"never"')
        local told = by_hand("plan", folder .. "/p.lua", "--out", folder .. "/plan.json")
        -- In that order, too, and judged as of jobs that have gone on by then.
        local places = {}
        for line in told:gmatch "[^\n]+" do
            places[#places + 1] = line:match "^[-+ ] spec%.(%S+):" or line:match "^  ([-a-z]+): "
        end
        assert.are.same({ "runPolicy.suspend", "effective", "active", "effective", "runPolicy.cleanPodPolicy", "at-finish", "runPolicy.cleanPodPolicy", "at-finish" }, places, told)
        local plan = support.json.decode(support.read(folder .. "/plan.json"))
        assert.are.same({ 4, 0 }, { #plan.changes, #plan.left_out })
        local _, applied = by_hand("apply", folder .. "/plan.json")
        local run = applied or "2"
        local order = written(run)
        assert.are.same({ LAST, LAST }, { order[3], order[4] })
        for _, name in ipairs { "a", "q" } do
            is(name, "Running")
            assert.are.same({ "Running" }, { policy(name) })
        end
    end)

    it("in a plan leaves the policy where the job's Workload was not put back, and where another one was chosen since", function()
        create("q", QUEUE)
        create "a"
        by_hand("job", "stop", "train/a", "train/q")
        support.write(folder .. "/p.lua", RESUMES:format '"never"')
        by_hand("plan", folder .. "/p.lua", "--out", folder .. "/plan.json")
        server.sim:fault { fault = "forbidden", method = "PATCH", path = "*workloads*", count = 50 }
        server.sim:fault { fault = "forbidden", method = "PUT", path = "*workloads*", count = 50 }
        local code, out, err = call("apply", folder .. "/plan.json")
        assert.are.equal(3, code, out .. err)
        support.contains(out, "what comes before it was not made")
        assert.are.same({ "All", "Running" }, { policy "q" })
        assert.are.same({ "Running" }, { policy "a" })
        server.sim:clear_faults()
        by_hand("plan", folder .. "/p.lua", "--out", folder .. "/plan.json")
        by_hand("replace", "-n", "train", "q", "cleanPodPolicy=None")
        code, out, err = call("apply", folder .. "/plan.json", "--partial")
        assert.are.equal(3, code, out .. err)
        assert.are.same({ "None", "Running" }, { policy "q" })
    end)

    it("that waits for approval gives the policy back last, when it is approved", function()
        create "a"
        create("q", QUEUE)
        by_hand("job", "stop", "train/a", "train/q")
        begin(RESUMES:format '"always"')
        local code, out, err = support.mpijobd("trigger", "r", "--state", state)
        assert.are.equal(4, code, out .. err)
        code, out, err = support.mpijobd("approve", out:match "run (%d+) of r", "--state", state)
        assert.are.equal(0, code, out .. err)
        assert.are.equal(0, (daemon:stop()))
        for _, name in ipairs { "a", "q" } do
            is(name, "Running")
            assert.are.same({ "Running" }, { policy(name) })
        end
    end)
end)
