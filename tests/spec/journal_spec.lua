-- SPDX-License-Identifier: Apache-2.0
-- mpijobd journal: which rows are shown, in which form; and whether the journal is as it was written (--verify).
local support = require "support"
local cluster = require "support.cluster"

describe("the journal", function()
    local server, folder, state

    lazy_setup(function()
        server = cluster.start(cluster.versions[1])
        folder = support.folder()
    end)
    lazy_teardown(support.cleanup)

    local function with(command, ...)
        local args = { command, ... }
        table.move(server.reach, 1, #server.reach, #args + 1, args)
        table.move(server.flags, 1, #server.flags, #args + 1, args)
        args[#args + 1] = "--state"
        args[#args + 1] = state
        return support.mpijobd(table.unpack(args))
    end

    local function journal(...)
        return support.mpijobd("journal", "--state", state, ...)
    end

    local function verify(...)
        local code, out, err = journal("--verify", ...)
        return code, out, err, out:match "head (%d+:%x+)"
    end

    local made = 0
    -- Three changes by two runs, the second of them with a text that CSV has to quote.
    before_each(function()
        made = made + 1
        state = ("%s/%d.db"):format(folder, made)
        local namespace = server:namespace()
        for _, name in ipairs { "a", "b" } do
            server:create(namespace, name, { state = "Succeeded" })
        end
        local first = support.write(("%s/%d-first.lua"):format(folder, made), ([[
            policy { name = "first", every = "1h", match = { namespace = "%s" }, replace = { labels = { l = "1" } } }
        ]]):format(namespace))
        local second = support.write(("%s/%d-second.lua"):format(folder, made), ([[
            policy { name = "second", every = "1h", match = { namespace = "%s", name = "a" },
                replace = { annotations = { note = 'one, "two"\nthree' } } }
        ]]):format(namespace))
        for _, path in ipairs { first, second } do
            local code, out, err = with("run", "--once", path)
            assert.are.equal(0, code, out .. err)
        end
    end)

    describe("is verified", function()
        it("as it was written, with a head that is in it later too", function()
            local code, out, err, head = verify()
            assert.are.equal(0, code, out .. err)
            support.contains(out, "the journal is as it was written: 3 changes and 2 runs, ")
            assert.are.equal(0, (with("run", "--once", ("%s/%d-first.lua"):format(folder, made))))
            code, out, err = verify("--head", head)
            assert.are.equal(0, code, out .. err)
            support.contains(out, "3 changes and 3 runs")
            support.contains(out, "the given head is in it, of 20")
            code, out = verify("-o", "json")
            assert.are.equal(0, code)
            local found = support.json.decode(out)
            assert.are.same({ 0, 3, 3 }, { found.fault_count, found.changes, found.runs })
        end)

        for what, case in pairs {
            ["a changed row"] = { "UPDATE changes SET name = 'b' WHERE id = 1", "change 1 is not as mpijobd wrote it" },
            ["a changed run"] = { "UPDATE runs SET changed = 0 WHERE id = 2", "run 2 is not as mpijobd wrote it" },
            ["a value where none was"] = { "UPDATE changes SET who = 'root' WHERE id = 2", "change 2 is not as mpijobd" },
            ["a removed row"] = { "DELETE FROM changes WHERE id = 2", "change 2 (entry ", " was removed" },
            ["an added row"] = { "INSERT INTO changes SELECT 77, run, policy, server, version, name_space, name, uid, resource_version, verb, diff, " ..
                "effect, why, intended_at, ended_at, outcome, status, message, resource_version_after, cluster, resource, observed, observed_at, " ..
                "epoch, who, who_uid, traceparent, frees FROM changes WHERE id = 1", "change 77 was not written by mpijobd" },
            ["a changed entry"] = { "UPDATE chain SET at = at - 1 WHERE seq = 3", "entry 3 of the chain", "does not follow" },
            ["a removed entry"] = { "DELETE FROM chain WHERE seq = 3", "entries 3 to 3 of the chain are missing" },
            ["a beginning cut off"] = { "DELETE FROM chain WHERE seq = 1", "entries 1 to 1 of the chain are missing" },
        } do
            it("with " .. what, function()
                support.sql(state, case[1])
                local code, out, err = verify()
                assert.are.equal(1, code, out .. err)
                for i = 2, #case do
                    support.contains(err, case[i])
                end
                support.contains(out, "the journal is not as it was written: ")
                code, out = verify("-o", "json")
                assert.are.equal(1, code)
                assert.is_true(support.json.decode(out).fault_count > 0)
            end)
        end

        it("with its end cut off, which only a head shows", function()
            local _, _, _, head = verify()
            support.sql(state, "DELETE FROM chain WHERE row = 2 AND what = 1")
            support.sql(state, "DELETE FROM chain WHERE row = 3 AND what = 2")
            support.sql(state, "DELETE FROM runs WHERE id = 2")
            support.sql(state, "DELETE FROM changes WHERE id = 3")
            local code, out = verify()
            assert.are.equal(0, code, out)
            local err
            code, out, err = verify("--head", head)
            assert.are.equal(1, code, out .. err)
            support.contains(err, "rows were taken from its end, or the file is an older copy")
            code, _, err = verify("--head", "")
            assert.are.equal(2, code)
            support.contains(err, "a Lease has none in its first 15 minutes, but the log has one")
        end)

        it("against the head of another journal", function()
            local _, _, _, head = verify()
            local code, _, err = verify("--head", (head:gsub("%x$", function(x) return x == "0" and "1" or "0" end)))
            assert.are.equal(1, code, err)
            support.contains(err, "has another sum than the head that was given: the journal was written again")
            for _, wrong in ipairs { "", "12", "12:abc", "x:" .. ("0"):rep(64), "9999999999999999999999:" .. ("0"):rep(64) } do
                code, _, err = verify("--head", wrong)
                assert.are.equal(2, code)
                support.contains(err, "a head is a number, a colon and 64 hexadecimal digits")
            end
        end)

        it("after old rows have left by age", function()
            local _, _, _, head = verify()
            support.write(folder .. "/keep.yaml", "journal: { keep: 1s }\n")
            local daemon = support.daemon({ stdin = true }, "run", "--no-supervisor", "--config", folder .. "/keep.yaml", "--clock", "2100-01-01T00:00:00Z",
                "--state", state, ("%s/%d-second.lua"):format(folder, made), table.unpack(server.reach))
            daemon:expect("old rows of the journal were removed")
            daemon:expect("the journal's head")
            assert.are.equal(0, (daemon:stop()))
            local code, out, err = verify()
            assert.are.equal(0, code, out .. err)
            support.contains(out, "the journal has no rows")
            code, _, err = verify("--head", head)
            assert.are.equal(1, code)
            support.contains(err, "what was before has left")
        end)
    end)

    it("of a file without a chain begins one with what is there, and is as it was from then on", function()
        state = ("%s/%d-old.db"):format(folder, made)
        local script = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(open(sys.argv[2]).read())"
        local code, _, err = support.proc.run("/usr/bin/env",
            { args = { "python3", "-c", script, state, support.source .. "/tests/fixtures/journal-schema-7.sql" } })
        assert.are.equal(0, code, err)
        assert.are.equal(0, (with("run", "--once", ("%s/%d-first.lua"):format(folder, made))))
        local out
        code, out, err = verify()
        assert.are.equal(0, code, out .. err)
        support.contains(out, "2 changes and 2 runs")
        support.sql(state, "UPDATE changes SET message = 'x' WHERE id = 1")
        assert.are.equal(1, (verify()))
    end)

    it("tells its head in the daemon's log when it starts, every 15 minutes if it is another, and at the end", function()
        local daemon = support.daemon({ stdin = true }, "run", "--no-supervisor", "--no-watch", "--clock", "manual", "--state", state,
            ("%s/%d-second.lua"):format(folder, made), table.unpack(server.reach))
        local first = daemon:expect("the journal's head"):match "head=(%S+)"
        daemon:expect(" in force")
        daemon:write("advance 2h\n")
        daemon:expect("run ended")
        daemon:write("advance 15m\n")
        local second = daemon:expect("the journal's head"):match "head=(%S+)"
        assert.are_not.equal(first, second)
        assert.are.equal(0, (daemon:stop()))
        for _, head in ipairs { first, second } do
            local code, out, err = verify("--head", head)
            assert.are.equal(0, code, out .. err)
        end
    end)

    it("tells of each change and run the policy's file, and the sum of its text", function()
        local path = ("%s/%d-second.lua"):format(folder, made)
        local code, out, err = support.proc.run("/usr/bin/sha256sum", { args = { path } })
        assert.are.equal(0, code, err)
        local sum = out:match "^%x+"
        for _, command in ipairs { "journal", "runs" } do
            code, out, err = support.mpijobd(command, "--state", state, "-o", "json", "--policy", "second")
            assert.are.equal(0, code, err)
            local row = support.json.decode(out)[1]
            assert.are.same({ path, sum, "once" }, { row.file, row.file_sha256, row.trigger })
        end
    end)

    it("as CSV has a line of names, and quotes what needs it", function()
        local code, out, err = journal("-o", "csv", "--policy", "second")
        assert.are.equal(0, code, err)
        local names, row = out:match "^(.-)\n(.*)\n$"
        support.contains(names, "id,run,epoch,policy,file,file_sha256,trigger,who,who_uid,cluster,")
        support.contains(row, '"[{""path"":""/metadata/annotations/note""')
        local script = "import csv, sys, json; r = list(csv.DictReader(open(0, newline=''))); print(len(r), r[0]['name'], json.loads(r[0]['diff'])[0]['path'])"
        local file = support.write(folder .. "/rows.csv", out)
        local read
        code, read, err = support.proc.run("/bin/sh", { args = { "-c", 'python3 -c "$0" <"$1"', script, file } })
        assert.are.equal(0, code, err)
        assert.are.equal("1 a /metadata/annotations/note\n", read)
    end)

    it("of several daemons is one list, by time, and says whose row it is", function()
        local own = state
        local beside = support.folder() .. "/b.db"
        state = beside
        local code, out, err = with("run", "--once", ("%s/%d-first.lua"):format(folder, made)) -- unchanged
        assert.are.equal(0, code, out .. err)
        local namespace = support.read(("%s/%d-first.lua"):format(folder, made)):match 'namespace = "(.-)"'
        code, out, err = with("run", "--once", support.write(("%s/%d-third.lua"):format(folder, made), ([[
            policy { name = "third", every = "1h", match = { namespace = "%s", name = "b" },
                replace = { labels = { third = "1" } } }
        ]]):format(namespace)))
        assert.are.equal(0, code, out .. err)

        local function rows(command, ...)
            local found = {}
            local c, json, e = support.mpijobd(command, "-o", "json", ...)
            assert.are.equal(0, c, e)
            for i, row in ipairs(support.json.decode(json)) do
                found[i] = row.replica .. " " .. row.policy
            end
            return found
        end
        local a = own:match "[^/]+$"
        local changes = rows("journal", "--state", own, "--state", beside, "--limit", "2")
        assert.are.same({ "b.db third", a .. " second" }, changes)
        assert.are.same(4, #rows("journal", "--state", own, "--state", beside))
        assert.are.same({ "b.db third", "b.db first", a .. " second", a .. " first" },
            rows("runs", "--state", own, "--state", beside))
        assert.are.same({ "b.db third" }, rows("journal", "--state", (beside:gsub("/b.db$", ""))))
        code, out, err = support.mpijobd("journal", "--state", own, "--state", beside)
        assert.are.equal(0, code, err)
        support.contains(out, "REPLICA", "b.db ")
        code, out, err = support.mpijobd("journal", "--state", own, "--state", beside, "--policy", "nobody")
        assert.are.equal(0, code, out)
        support.contains(err, "none of these 2 journals has such a row")

        code, out, err = support.mpijobd("journal", "--verify", "--state", own, "--state", beside)
        assert.are.equal(0, code, err)
        support.contains(out, a .. ": the journal is as it was written: 3 changes and 2 runs",
            "b.db: the journal is as it was written: 1 change and 2 runs")
        support.sql(beside, "UPDATE changes SET name = 'x'")
        code, out = support.mpijobd("journal", "--verify", "-o", "json", "--state", own, "--state", beside)
        assert.are.equal(1, code)
        local found = support.json.decode(out)
        assert.are.same({ a, 0, "b.db", 1 },
            { found[1].replica, found[1].fault_count, found[2].replica, found[2].fault_count })
        assert.are.equal(2, (support.mpijobd("journal", "--verify", "--head", "1:2", "--state", own, "--state", beside)))
        code, out, err = support.mpijobd("journal", "--state", support.folder())
        assert.are.equal(1, code, out)
        support.contains(err, "has no journal: its files have to end in .db")
    end)

    it("shows the rows of one job, and those since a time", function()
        local function names(...)
            local code, out, err = journal("-o", "json", ...)
            assert.are.equal(0, code, err)
            local found = {}
            for i, row in ipairs(support.json.decode(out)) do
                found[i] = row.policy .. " " .. row.name
            end
            table.sort(found)
            return found
        end
        assert.are.same({ "first a", "first b", "second a" }, names())
        assert.are.same({ "first a", "second a" }, names("--job", "a"))
        assert.are.same({}, names("--job", "nowhere/a"))
        assert.are.same({ "first a", "first b", "second a" }, names("--since", "1h"))
        assert.are.same({ "first a", "first b", "second a" }, names("--since", "2020-01-01"))
        assert.are.same({}, names("--since", "2100-01-01T00:00:00Z"))
        for _, wrong in ipairs { "yesterday", "2020-13-01", "" } do
            local code, _, err = journal("--since", wrong)
            assert.are.equal(2, code)
            support.contains(err, "--since takes a duration (2h, 7d), a day (2026-11-23) or a time")
        end
        for _, wrong in ipairs { "", "/", "train/a/b", "train/", "/a", "train//a" } do
            assert.are.equal(2, (journal("--job", wrong)))
        end
        assert.are.equal(2, (journal("--verify", "--job", "a")))
        assert.are.equal(2, (journal("--head", "1:2")))
    end)
end)
