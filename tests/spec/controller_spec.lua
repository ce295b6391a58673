-- SPDX-License-Identifier: Apache-2.0
-- Which of two controllers serves v1 is found out where nobody has configured it and the definition cannot be read: by what jobs and
-- pods show. The simulator has no definition; a real server's is read first.
local support = require "support"
local cluster = require "support.cluster"
if cluster.real then
    return
end

local POLICY = 'policy { name = "p", every = "1h", match = { name = "none" }, replace = { cleanPodPolicy = "All" }, dry_run = true }'
local TRAINING, MPI = cluster.versions[3], cluster.versions[2]

-- The line "connected" of one run, and all of stderr.
local function connected(server, ...)
    local folder = support.folder()
    local code, _, err = support.mpijobd("run", "--once", "--log-level", "info", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db",
        support.write(folder .. "/p.lua", POLICY), ...)
    assert.are.equal(0, code, err)
    return assert(err:match("[^\n]*connected[^\n]*"), err), err
end

local function says(server, namespace, name, text)
    server:set_state(namespace, name, "Running", 600)
    local path = server:path(namespace, name)
    local _, raw = server:request("GET", path)
    raw = raw:gsub('"message":"x","reason":"MPIJobRunning"', '"message":"' .. text .. '","reason":"MPIJobRunning"')
    local status, answer = server:request("PUT", path .. "/status", raw)
    assert.are.equal(200, status, answer)
end

describe("the controller of v1", function()
    local server, namespace
    local function start(version)
        server = cluster.start(version)
        namespace = server:namespace()
    end
    lazy_teardown(support.cleanup)

    for _, case in ipairs { { TRAINING, "training-operator" }, { MPI, "mpi-operator" } } do
        it(case[2] .. " is found by the statuses that it wrote", function()
            local args = { table.unpack(case[1].sim) }
            args[#args + 1] = "--jobs"
            args[#args + 1] = "40"
            local sim = require("support.sim").start(table.unpack(args))
            support.contains(connected(sim, "-A"), "controller=" .. case[2] .. " controller_by=status")
            local code, out, err = support.mpijobd("doctor", "--kubeconfig", sim.kubeconfig, "-A")
            assert.are.equal(0, code, err)
            support.contains(out, case[2] .. ", found out by what it wrote into jobs' status")
        end)
    end

    it("training-operator is found by the labels of its pods", function()
        start(TRAINING)
        server:create(namespace, "new")
        support.contains(connected(server, "-A"), "controller=unknown")
        server:create_pod(namespace, "new", "new-worker-0")
        support.contains(connected(server, "-A"), "controller=training-operator controller_by=pods")
        support.contains(connected(server, "-n", "elsewhere"), "controller=unknown") -- it is kept to another namespace
        server.sim:fault("forbidden:path=*/pods*")
        local line, err = connected(server, "-A")
        support.contains(line, "controller=unknown")
        support.contains(err, "cannot tell which controller serves the v1 MPIJobs")
    end)

    it("pods that both could have made tell nothing", function()
        start(MPI)
        server:create(namespace, "new")
        server:create_pod(namespace, "new", "new-worker-0")
        support.contains(connected(server, "-A"), "controller=unknown")
    end)

    it("is unknown where what is found contradicts itself", function()
        start(TRAINING)
        for _, name in ipairs { "old", "new" } do
            server:create(namespace, name)
        end
        says(server, namespace, "old", "MPIJob " .. namespace .. "/old is running.")
        support.contains(connected(server, "-A"), "controller=mpi-operator controller_by=status")
        says(server, namespace, "new", "MPIJob new is running.")
        local line, err = connected(server, "-A")
        support.contains(line, "controller=unknown")
        support.contains(err, "show both controllers at work, mpi-operator and training-operator")
        support.contains(connected(server, "-A", "--controller", "mpi-operator"), "controller=mpi-operator controller_by=configured")
    end)

    it("is found later by a daemon, when a job shows it", function()
        start(TRAINING)
        local folder = support.folder()
        local started = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--clock",
            "2026-11-23T10:30:00Z", support.write(folder .. "/p.lua", POLICY))
        started:expect("in force")
        support.contains(started.stderr, "controller=unknown")
        server:create(namespace, "new")
        says(server, namespace, "new", "MPIJob new is running.")
        started:write("advance 10m\n")
        started:expect("controller_by=status")
        server:request("DELETE", server:path(namespace, "new"))
        started:write("advance 10m\n")
        started:expect("clock ", "stdout")
        assert.are.equal(0, (started:stop "sigterm"))
        assert.is_nil(started.stderr:match("before=.*controller=unknown"), started.stderr) -- that it went tells nothing new
    end)
end)
