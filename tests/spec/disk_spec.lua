-- SPDX-License-Identifier: Apache-2.0
-- The journal cannot be written: nothing is changed without its row, what is there can be read, and when there is room
-- again the daemon goes on by itself.
local support = require "support"
local cluster = require "support.cluster"

describe("a journal that cannot be written", function()
    local server, folder, namespace, daemon

    lazy_setup(function()
        server = cluster.start(cluster.versions[1])
    end)
    lazy_teardown(support.cleanup)

    before_each(function()
        namespace = server:namespace()
        folder = support.folder()
        support.write(folder .. "/p.lua", ([[policy { name = "p", every = "10m", match = { namespace = "%s" },
            replace = function(job) return { labels = { at = tostring(time.now()) } } end }]]):format(namespace))
        for i = 1, 20 do
            server:create(namespace, "job-" .. i, { state = "Succeeded" })
        end
        daemon = support.daemon({ stdin = true }, "run", "--no-supervisor", "--clock", "2026-01-01T00:00:01Z", "--state", folder .. "/s.db",
            folder .. "/p.lua", table.unpack(server.reach))
        daemon:expect(" in force")
    end)

    local function advance()
        daemon:write("advance 10m\n")
        return daemon:expect "run ended"
    end

    local function journal()
        local code, out, err = support.mpijobd("journal", "--state", folder .. "/s.db", "--limit", "0", "-o", "json")
        assert.are.equal(0, code, err)
        return support.json.decode(out)
    end

    -- The same error as of a full disk, for this process alone: its files may have so many bytes.
    local function bound(bytes)
        local code, _, err = support.proc.run("/usr/bin/prlimit", { args = { "--pid", tostring(daemon.pid), ("--fsize=%s:unlimited"):format(bytes) } })
        assert.are.equal(0, code, err)
    end

    local function labels()
        local found = {}
        for i = 1, 20 do
            local _, raw = server:get(namespace, "job-" .. i)
            found[support.json.decode(raw).metadata.labels.at or "-"] = true
        end
        return (next(found)), next(found, (next(found)))
    end

    it("stops the runs with the reason, leaves what is there readable, and is written again once there is room", function()
        support.contains(advance(), "outcome=done changed=20")
        local before = labels()
        bound(1)
        for _ = 1, 2 do
            local line = advance()
            support.contains(line, "outcome=failed changed=0 unchanged=0 failed=0")
            support.contains(line, "because the journal cannot be written: cannot write " .. folder .. "/s.db: the file size limit is reached")
        end
        assert.are.same({ before }, { labels() })
        assert.are.equal(20, #journal())
        bound("unlimited")
        support.contains(advance(), "outcome=done changed=20")
        local after, other = labels()
        assert.is_nil(other)
        assert.are_not.equal(before, after)
        assert.are.equal(0, (daemon:stop()))
        assert.are.equal(40, #journal())
        local code, out, err = support.mpijobd("journal", "--verify", "--state", folder .. "/s.db")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "40 changes and 2 runs")
    end)
end)
