-- SPDX-License-Identifier: Apache-2.0
-- Daemons that share the jobs of a simulator by shards: a group has the server, the folder of configurations and states, and all that the server was
-- asked for, which it gathers. Its policies are in p.lua of the folder.
local support = require "support"
local sims = require "support.sim"
local http = require "socket.http"
local assert = require "luassert"
local await = support.proc.await

local shards = {}
shards.__index = shards

shards.JOB = [[{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"%s","labels":{"todo":"x"}},"spec":{"mpiReplicaSpecs":{
    "Worker":{"replicas":1,"template":{"spec":{"containers":[{"name":"w","image":"i"}]}}},
    "Launcher":{"replicas":1,"template":{"spec":{"containers":[{"name":"l","image":"i"}]}}}}}}]]
-- Short, so that nothing waits for long; and long enough for a busy machine.
shards.TIMES = "lease_duration: 6s, renew_deadline: 4s, retry_period: 400ms"
shards.LEASES = "/apis/coordination.k8s.io/v1/namespaces/ops/leases"

-- shards: how many there are; config: more of the configuration, as YAML.
function shards.new(policies, options)
    options = options or {}
    local group = setmetatable({ jobs = 0, requests = {}, folder = support.folder(), shards = options.shards or 6, config = options.config or "" }, shards)
    support.write(group.folder .. "/p.lua", policies)
    group.server = sims.start("--version", "v2beta1", table.unpack(options.sim or {}))
    for _, namespace in ipairs { "train", "ops" } do
        group.server:make_namespace(namespace)
    end
    return group
end

-- key: "leader_election"; shards; clock: it begins at that time, and the test moves it; times: of the Leases, which end by that clock, too.
function shards:replica(name, options)
    options = options or {}
    local config = support.write(("%s/%s.yaml"):format(self.folder, name), ("%s: { namespace: ops, identity: %s, %s%s }\n%s"):format(options.key or "sharding", name,
        options.times or shards.TIMES, options.key and "" or ", shards: " .. (options.shards or self.shards), self.config))
    local daemon = support.daemon({ stdin = options.clock and true }, "run", "--no-supervisor", "--config", config, "--kubeconfig", self.server.kubeconfig,
        "--state", ("%s/%s.db"):format(self.folder, name), "--listen", "127.0.0.1:0", self.folder .. "/p.lua", table.unpack(options.clock and { "--clock", options.clock } or {}))
    daemon.name = name
    daemon.port = daemon:expect("metrics and health are served"):match("127%.0%.0%.1:(%d+)")
    return daemon
end

function shards:ask(daemon, command, ...)
    return support.mpijobd(command, "--state", ("%s/%s.db"):format(self.folder, daemon.name), ...)
end

function shards.metric(daemon, name)
    local text = http.request("http://127.0.0.1:" .. daemon.port .. "/metrics")
    return tonumber(text:match("\nmpijobd_" .. name .. " ([%d.e+]+)\n"))
end

-- The server keeps its newest requests only.
function shards:gather()
    local last = self.requests[#self.requests]
    for _, request in ipairs(self.server:requests("limit=100000&since=" .. (last and last.id or 0))) do
        if request.method ~= "GET" and (request.status or 0) == 0 then
            return -- it is under way, and comes next time
        end
        self.requests[#self.requests + 1] = request
    end
end

-- How many shards each has by the Leases, and the holder of each of them.
function shards:owners()
    self:gather()
    local _, list = self.server:request("GET", shards.LEASES)
    local counts, holders = {}, {}
    for _, lease in ipairs(list.items) do
        local shard, holder = lease.metadata.name:match "^mpijobd%-(%d+)$", lease.spec.holderIdentity
        if shard and holder ~= "" then
            counts[holder] = (counts[holder] or 0) + 1
            holders[tonumber(shard)] = holder
        end
    end
    return counts, holders
end

-- Until the daemons of these names have so many shards.
function shards:shared_as(wanted)
    local counts
    local good = await(function()
        counts = self:owners()
        for name, n in pairs(wanted) do
            if counts[name] ~= n then
                return false
            end
        end
        return true
    end)
    assert.is_truthy(good, support.json.encode(counts))
end

-- Until the policies of all shards are in force: at their owners, which are those daemons.
function shards:in_force(...)
    local daemons = {}
    for _, daemon in ipairs { ... } do
        daemons[daemon.name] = daemon
    end
    for shard, name in pairs(select(2, self:owners())) do
        assert.is_truthy(await(function() return daemons[name].stderr:find("in force cluster=default/" .. shard, 1, true) end))
    end
end

function shards:create(n)
    for _ = 1, n do
        self.jobs = self.jobs + 1
        assert.are.equal(201, (self.server:request("POST", self.server:path("v2beta1", "train"), shards.JOB:format("job-" .. self.jobs))))
    end
end

-- How many jobs were changed (annotation n counts), and how often the one that was least and most.
function shards:counted()
    self:gather()
    local _, list = self.server:request("GET", self.server:path("v2beta1", "train"))
    local n, low, high = 0, math.huge, 0
    for _, job in ipairs(list.items) do
        local times = tonumber((job.metadata.annotations or {}).n or 0)
        n, low, high = n + (times > 0 and 1 or 0), math.min(low, times), math.max(high, times)
    end
    return n, low, high
end

return shards
