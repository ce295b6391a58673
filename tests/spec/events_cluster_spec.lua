-- SPDX-License-Identifier: Apache-2.0
-- Policies with `on` against whatever cluster there is: the simulator, or a real kube-apiserver.
local support = require "support"
local cluster = require "support.cluster"

describe("a policy with on #cluster", function()
    lazy_teardown(support.cleanup)

    it("acts on what comes to match, by a change and by time, once, also over restarts", function()
        local version = cluster.versions[#cluster.versions]
        local server = cluster.start(version)
        local namespace = server:namespace()
        local folder = support.folder()
        support.write(folder .. "/p.lua", ([[
            policy { name = "match", on = "match", match = { namespace = %q, labels = { go = "yes" } }, replace = { labels = { done = "yes" } } }
            policy { name = "timed", on = "match", match = { namespace = %q, finished_for = "2h", cleanPodPolicy = "unset" }, replace = { cleanPodPolicy = "All" } }
            policy { name = "added", on = "added", match = { namespace = %q }, replace = { annotations = { seen = "yes" } } }
        ]]):format(namespace, namespace, namespace))
        local function start()
            local daemon = support.daemon({ stdin = true }, "run", server.reach[1], server.reach[2], "--state", folder .. "/s.db", "--listen", "none",
                folder .. "/p.lua", table.unpack(server.flags))
            daemon:expect("3 policies in force")
            return daemon
        end
        server:create(namespace, "old", { labels = '{"go":"yes"}' })
        server:create(namespace, "ended", { state = "Succeeded", since = 7195 }) -- its two hours have passed in five seconds
        local daemon = start()
        daemon:expect(("replaced policy=match job=%s/old"):format(namespace))
        server:create(namespace, "new", { labels = '{"go":"yes"}' })
        daemon:expect(("replaced policy=match job=%s/new"):format(namespace))
        daemon:expect(("replaced policy=timed job=%s/ended"):format(namespace))
        support.proc.await(function()
            return (server:get(namespace, "new").metadata.annotations or {}).seen
        end)
        assert.are.equal(0, (daemon:stop()))
        server:create(namespace, "meanwhile", { labels = '{"go":"yes"}' })
        daemon = start()
        daemon:expect(("replaced policy=match job=%s/meanwhile"):format(namespace))
        support.proc.await(function()
            return (server:get(namespace, "meanwhile").metadata.annotations or {}).seen
        end)
        assert.are.equal(0, (daemon:stop()))
        local code, out, err = support.mpijobd("journal", "--state", folder .. "/s.db", "-o", "json", "--limit", "0")
        assert.are.equal(0, code, err)
        local times = {}
        for _, row in ipairs(support.json.decode(out)) do
            if row.outcome == "done" then
                local key = row.policy .. ":" .. row.name
                times[key] = (times[key] or 0) + 1
            end
        end
        assert.are.same({ ["match:old"] = 1, ["match:new"] = 1, ["match:meanwhile"] = 1, ["timed:ended"] = 1, ["added:new"] = 1, ["added:meanwhile"] = 1 }, times)
    end)
end)
