-- SPDX-License-Identifier: Apache-2.0
-- Three daemons of which one acts, while they are stopped, killed, ended and started again, and cut off from the server, by chance: every
-- job is changed, and once.
-- MPIJOBD_SPEC_CHAOS: for so many seconds; without it this is left out. Ten minutes of it on a kube-apiserver have once left one job of some
-- 1,500 undone (seed 1795941896135), and the cause is not found: until it is, this is for those who look for it. What fails tells all that the
-- daemons logged about the job.
local support = require "support"
local clusters = require "support.cluster"
local netns = require "support.netns"
local uv = support.uv
local await = support.proc.await

local SECONDS = tonumber(os.getenv "MPIJOBD_SPEC_CHAOS" or "")
-- Each change counts up, so that one that is made twice shows.
local POLICY = [[
policy { name = "count", on = "match", match = { namespace = "%s", labels = "todo" }, limits = { per_second = 50 }, replace = function(job)
    return { annotations = { n = tostring((tonumber(job.annotations.n) or 0) + 1) } }
end }
]]
local JOB = [[{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"%s","labels":{"todo":"x"}},"spec":{"mpiReplicaSpecs":{
    "Worker":{"replicas":1,"template":{"spec":{"containers":[{"name":"w","image":"i"}]}}},
    "Launcher":{"replicas":1,"template":{"spec":{"containers":[{"name":"l","image":"i"}]}}}}}}]]

describe("three daemons in trouble #cluster", function()
    lazy_teardown(support.cleanup)

    it("change every job, and once", function()
        if not SECONDS then
            return pending "by chance: MPIJOBD_SPEC_CHAOS says for how many seconds"
        end
        local seed = os.time() * 1000 + uv.os_getpid() % 1000
        math.randomseed(seed)
        local folder, cluster = support.folder(), clusters.start(clusters.versions[4])
        local namespace = cluster:namespace()
        support.write(folder .. "/p.lua", POLICY:format(namespace))
        local config = support.write(folder .. "/c.yaml", "leader_election: { namespace: " .. namespace .. ", lease_duration: 3s, renew_deadline: 2s, retry_period: 200ms }\n")
        -- Each in a network of its own, where the machine allows that.
        local networks, kubeconfigs, whole, all = {}, {}, nil, {}
        finally(function()
            support.cleanup()
            for _, network in ipairs(networks) do
                network.close()
            end
        end)
        local text = support.read(cluster.kubeconfig)
        local url = text:match "https?://[%d.]+:%d+"
        for i = 1, 3 do
            networks[i], whole = netns.new(url, i)
            local own = networks[i] and text:gsub("( *)server: [^\n]+", "%1server: " .. networks[i].url .. "\n%1tls-server-name: kubernetes.default.svc")
            kubeconfigs[i] = own and support.write(("%s/%d.kubeconfig"):format(folder, i), own) or cluster.kubeconfig
        end
        local function start(i)
            local daemon = support.daemon(networks[i] and { behind = networks[i].behind }, "run", "--no-supervisor", "--config", config, "--kubeconfig", kubeconfigs[i],
                "--state", ("%s/%d.db"):format(folder, i), folder .. "/p.lua", table.unpack(cluster.flags))
            daemon:expect "a leader is elected"
            all[#all + 1] = { number = i, daemon = daemon }
            return daemon
        end
        -- What all of them logged about a job, for who has to find out why it went wrong.
        local function about(job)
            local lines = {}
            for _, one in ipairs(all) do
                for line in one.daemon.stderr:gmatch "[^\n]+" do
                    if line:find(job:gsub("%-", "%%-") .. "%f[%D]") or line:find("lead", 1, true) or line:find("share", 1, true) then
                        lines[#lines + 1] = ("%s [%d]"):format(line:gsub("^(%S+)", "%1 " .. one.number), one.daemon.pid)
                    end
                end
            end
            table.sort(lines)
            return job .. ": " .. table.concat(lines, "\n")
        end
        local daemons, stopped, pulled, jobs = {}, {}, {}, 0
        for i = 1, 3 do
            daemons[i] = start(i)
        end
        local function create()
            jobs = jobs + 1
            assert.are.equal(201, (cluster:request("POST", cluster:path(namespace), JOB:format("job-" .. jobs))))
        end
        local written, last = {}, 0
        local function count()
            for _, request in ipairs(cluster.sim and cluster.sim:requests("body=0&limit=100000&since=" .. last) or {}) do
                last = math.max(last, request.id)
                if request.method == "PUT" and request.status == 200 then
                    written[request.path] = (written[request.path] or 0) + 1
                end
            end
        end
        local until_ms = uv.now() + SECONDS * 1000
        local what = {}
        while uv.now() < until_ms do
            local i, deed = math.random(3), math.random(#networks == 3 and 6 or 4)
            if pulled[i] then
                networks[i].plug()
                pulled[i] = false
                what[#what + 1] = "plug " .. i
            elseif deed > 4 then
                networks[i].pull()
                pulled[i] = true
                what[#what + 1] = "pull " .. i
            elseif stopped[i] then
                daemons[i]:kill "sigcont"
                stopped[i] = false
                what[#what + 1] = "cont " .. i
            elseif deed <= 2 then
                daemons[i]:kill "sigstop"
                stopped[i] = true
                what[#what + 1] = "stop " .. i
            else
                daemons[i]:kill(deed == 3 and "sigkill" or "sigterm")
                daemons[i]:wait()
                daemons[i] = start(i)
                what[#what + 1] = (deed == 3 and "kill " or "term ") .. i
            end
            for _ = 1, 5 do
                create()
            end
            count()
            local pause = uv.now() + math.random(2500)
            await(function()
                uv.update_time()
                return uv.now() >= pause
            end)
        end
        for i = 1, 3 do
            daemons[i]:kill "sigcont"
            if pulled[i] then
                networks[i].plug()
            end
        end
        create()
        local told = ("seed %d: %s"):format(seed, table.concat(what, ", "))
        for i = 1, jobs do
            local done = await(function()
                local annotations = cluster:get(namespace, "job-" .. i).metadata.annotations
                return annotations and annotations.n
            end)
            assert.is_truthy(done, done or about("job-" .. i) .. "\nit was left: " .. told)
        end
        count()
        for i = 1, jobs do
            local n = cluster:get(namespace, "job-" .. i).metadata.annotations.n
            assert.are.equal("1", n, n ~= "1" and about("job-" .. i) .. "\n" .. told)
            assert.are.equal(cluster.sim and 1 or nil, written[cluster:path(namespace, "job-" .. i)], "job-" .. i .. ": " .. told)
        end
        if #networks < 3 then
            pending("networks that are cut: " .. whole)
        end
    end)
end)
