-- SPDX-License-Identifier: Apache-2.0
-- mpijobd state: the file is checked, copied and written out, beside a running daemon too; and a copy that is put back.
local support = require "support"
local cluster = require "support.cluster"

describe("the state's file", function()
    local server, folder, state, namespace

    lazy_setup(function()
        server = cluster.start(cluster.versions[4])
    end)
    lazy_teardown(support.cleanup)

    local function run_once(path)
        local code, out, err = support.mpijobd("run", "--once", "--state", state, path, table.unpack(server.reach))
        assert.are.equal(0, code, out .. err)
    end

    -- Two changes by one run.
    before_each(function()
        folder = support.folder()
        state = folder .. "/s.db"
        namespace = server:namespace()
        for _, name in ipairs { "a", "b" } do
            server:create(namespace, name, { state = "Succeeded" })
        end
        run_once(support.write(folder .. "/p.lua", ([[
            policy { name = "p", every = "1h", match = { namespace = "%s" }, replace = { labels = { l = "1" } } }
        ]]):format(namespace)))
    end)

    local function command(verb, ...)
        return support.mpijobd("state", verb, "--state", state, ...)
    end

    local function good(...)
        local code, out, err = command(...)
        assert.are.equal(0, code, out .. err)
        return out, err
    end

    local function check(...)
        local code, out = command("check", "-o", "json", ...)
        return support.json.decode(out), code
    end

    local function mode(path)
        return ("%o"):format(support.uv.fs_stat(path).mode % 512)
    end

    -- All names in the folder but those of the state itself.
    local function beside()
        local names = {}
        for name in support.uv.fs_scandir_next, support.uv.fs_scandir(folder) do
            if not name:find "^s%.db" and name ~= "p.lua" then
                names[#names + 1] = name
            end
        end
        table.sort(names)
        return table.concat(names, " ")
    end

    describe("is checked", function()
        it("and nothing is wrong with it", function()
            local out = good "check"
            for _, part in ipairs { "schema   ", "the newest that this mpijobd knows", "in use   no", "1 run and 2 changes", "chain    as it was written", "nothing is wrong" } do
                support.contains(out, part)
            end
            support.lacks(out, "open  ")
            local found = check("--head", out:match "head     (%S+)")
            assert.are.same({ 0, 1, 2, 0, false }, { found.fault_count, found.runs, found.changes, found.changes_open, found.damaged })
            assert.are.equal(support.uv.fs_stat(state).size, found.bytes)
            local younger = check("--head", "99999:" .. ("0"):rep(64)) -- as that of a copy which was put back
            support.contains(younger.faults[1].cure, "a copy that was put back is older, as it should be; else it was changed past mpijobd")
        end)

        it("and what daemons share is told to be elsewhere, with the command that saves it", function()
            for key, selector in pairs { leader_election = "mpijobd.kubeflow.org/state=mpijobd-state", sharding = "mpijobd.kubeflow.org/state" } do
                local config = support.write(folder .. "/" .. key .. ".yaml", ("%s: { namespace: ops%s }\n"):format(key, key == "sharding" and ", shards: 6" or ""))
                support.contains(good("check", "--config", config), ("kubectl get configmaps -n ops -l %s -o yaml\n"):format(selector))
            end
            support.lacks(good "check", "shared ")
        end)

        for what, case in pairs {
            ["a changed row"] = { "UPDATE changes SET name = 'b' WHERE id = 1", "change 1 is not as mpijobd wrote it", "compare it with a backup" },
            ["a removed run"] = { "DELETE FROM runs", "the runs of 2 changes are not there, the first of these is change 1", "put a backup in its place" },
            ["a foreign table"] = { "CREATE TABLE mine(x)", "the table mine (column x) does not belong to mpijobd", "remove it" },
            ["a foreign column"] = { "ALTER TABLE runs ADD COLUMN mine", "the table runs (column mine) does not belong to mpijobd", "remove it" },
            ["a trigger"] = { "CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM marks; END", "the trigger t does not belong to mpijobd", "DROP TRIGGER" },
            ["a version that is missing"] = { "DELETE FROM schema_version WHERE version = 3", "the table schema_version does not tell of every version", "put a backup" },
            ["a generated column"] = { "ALTER TABLE runs ADD COLUMN g AS (abs(-9223372036854775808))", "the table runs (column g) does not belong to mpijobd", "remove it" },
            ["a missing index"] = { "DROP INDEX changes_in_flight", "the index changes_in_flight is missing", "put a backup in its place" },
            ["a missing table"] = { "DROP TABLE kept", "the table kept (column key) is missing", "put a backup in its place" },
            ["two epochs"] = { "INSERT INTO epoch VALUES(1)", "the table epoch has 2 rows, and has to have one", "put a backup" },
        } do
            it("and has " .. what, function()
                support.sql(state, case[1])
                local code, out, err = command "check"
                assert.are.equal(1, code, out .. err)
                support.contains(err, case[2])
                support.contains(err, case[3])
                support.lacks(out, "nothing is wrong")
                if what == "a generated column" then -- nothing that has all columns can be read
                    support.contains(err, "does not have the tables of its schema, or not as they have to be")
                    return
                end
                local found
                found, code = check()
                assert.are.equal(1, code)
                assert.is_true(found.fault_count >= 1 and #found.faults >= 1 and #found.faults[1].cure > 0)
            end)
        end

        it("and has what would act when it is read or written: mpijobd does not obey it", function()
            support.sql(state, "CREATE TABLE hits(x)")
            support.sql(state, "CREATE TRIGGER t AFTER INSERT ON runs BEGIN INSERT INTO hits VALUES(1); END")
            run_once(folder .. "/p.lua")
            assert.are.equal("0", support.sql(state, "SELECT count(*) FROM hits"))
            support.sql(state, "DROP TABLE kept")
            support.sql(state, "CREATE VIEW kept AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT 's' AS space, n AS key, 'v' AS value, 0 AS expires_at FROM r")
            local code, _, err = command "export"
            assert.are.equal(1, code)
            support.contains(err, "does not have the tables of its schema")
        end)

        it("and tells names that another program has made up so that a terminal does not obey them, and not without end", function()
            local more = ""
            for i = 2, 45 do
                more = more .. ", c" .. i
            end
            support.sql(state, 'CREATE TABLE "a\27[31m\n"(a)')
            support.sql(state, "CREATE TABLE t(c1" .. more .. ")")
            local code, out, err = command "check"
            assert.are.equal(1, code)
            support.lacks(err, "\27")
            support.contains(err, "a?[31m?")
            support.contains(err, "and 6 more")
            support.contains(out, "46 things are wrong")
        end)

        it("and says that it has a version which no mpijobd has", function()
            for _, version in ipairs { "-5", "-9223372036854775808" } do
                support.sql(state, "DELETE FROM schema_version")
                support.sql(state, "INSERT INTO schema_version VALUES(" .. version .. ", 0)")
                for _, args in ipairs { { "state", "check" }, { "journal" }, { "run", "--once", folder .. "/p.lua", table.unpack(server.reach) } } do
                    local code, out, err = support.mpijobd(args[1], "--state", state, table.unpack(args, 2))
                    assert.are.equal(1, code, out .. err)
                    support.contains(err, "is damaged: ")
                end
            end
        end)

        it("and other users may read it", function()
            assert(support.uv.fs_chmod(state, tonumber("644", 8)))
            local code, _, err = command "check"
            assert.are.equal(1, code)
            support.contains(err, "other users may open the file (mode 0644): chmod 600 it")
        end)

        it("and is damaged, no database, of another program, or not there", function()
            good("backup", "--out", folder .. "/whole.db")
            local whole = support.read(folder .. "/whole.db")
            support.write(folder .. "/broken.db", whole:sub(1, 8192) .. ("\xff"):rep(4096) .. whole:sub(12289))
            local code, out, err = support.mpijobd("state", "check", "--state", folder .. "/broken.db")
            assert.are.equal(1, code, out .. err)
            support.contains(err, "damaged: ")
            assert.is_nil(err:find("***", 1, true) or err:find("move it away", 1, true), err) -- one cure, and no heading of SQLite's
            for name, text in pairs { ["text.db"] = ("no database at all\n"):rep(100), ["cut.db"] = whole:sub(1, 3000) } do
                support.write(folder .. "/" .. name, text)
                code, out, err = support.mpijobd("state", "check", "--state", folder .. "/" .. name)
                assert.are.equal(1, code, out .. err)
                support.contains(err, folder .. "/" .. name)
            end
            support.sql(folder .. "/other.db", "CREATE TABLE t(x)")
            for name, said in pairs { ["/other.db"] = "a database of another program", ["/none.db"] = "No such file" } do
                for _, args in ipairs { { "check" }, { "export" }, { "backup", "--out", folder .. "/x.db" } } do
                    code, out, err = support.mpijobd("state", "--state", folder .. name, table.unpack(args))
                    assert.are.equal(1, code, out .. err)
                    support.contains(err, said)
                end
            end
        end)
    end)

    describe("is copied", function()
        it("into one whole file for its owner, which is never overwritten unasked", function()
            local copy = folder .. "/copy.db"
            local out = good("backup", "--out", copy)
            support.contains(out, "1 run and 2 changes")
            assert.are.equal("600", mode(copy))
            assert.are.equal("copy.db", beside())
            local found = support.json.decode((select(2, support.mpijobd("state", "check", "-o", "json", "--state", copy, "--head", out:match "head (%S+)"))))
            assert.are.same({ 0, 2 }, { found.fault_count, found.changes })
            local bytes = support.read(copy)
            assert.are.equal(1, bytes:byte(19)) -- the file format's: no WAL

            run_once(folder .. "/p.lua")
            local code, _, err = command("backup", "--out", copy)
            assert.are.equal(1, code)
            support.contains(err, "is there already: name another file, or have it replaced (--overwrite)")
            assert.are.equal(bytes, support.read(copy))
            local json = support.json.decode((good("backup", "--out", copy, "--overwrite", "-o", "json")))
            assert.are.same({ copy, 2, 2 }, { json.file, json.runs, json.changes })
            assert.are.equal("copy.db", beside())
        end)

        it("nowhere where it would do harm", function()
            local link = folder .. "/link.db"
            assert(support.uv.fs_symlink(state, link))
            assert(support.uv.fs_mkdir(folder .. "/sub", 448))
            support.write(folder .. "/old.db-wal", "rest")
            local before = support.read(state)
            for to, said in pairs {
                [state] = "is the state itself", [state .. "-wal"] = "is the state itself", [folder .. "/sub/../s.db-journal"] = "is the state itself",
                [link] = "is the state itself", [folder .. "/sub"] = "is a folder", [folder .. "/sub/"] = "is a folder", ["/dev/null"] = "is not a regular file",
                [folder .. "/old.db"] = "old.db-wal is there", [folder .. "/none/x.db"] = "none",
            } do
                local code, out, err = command("backup", "--out", to, "--overwrite")
                assert.are.equal(1, code, to .. out .. err)
                support.contains(err, said)
            end
            assert.are.equal(before, support.read(state))
            assert.are.equal("link.db old.db-wal sub", beside())
            for _, args in ipairs { { "backup" }, { "backup", "--out", "" }, { "check", "--out", "x" }, { "export", "--overwrite" }, { "backup", "--out", "x", "--head", "1:2" }, { "x" }, {} } do
                assert.are.equal(2, (support.mpijobd("state", table.unpack(args))))
            end
        end)

        it("to standard output, out of a container without a shell", function()
            local out, err = good("backup", "--out", "-")
            support.write(folder .. "/copy.db", out)
            support.contains(err, "standard output: ")
            support.contains(err, "1 run and 2 changes")
            assert.are.equal("copy.db", beside())
            for name in support.uv.fs_scandir_next, support.uv.fs_scandir(folder) do
                assert.is_nil(name:find "copy%-", name)
            end
            assert(support.uv.fs_chmod(folder .. "/copy.db", tonumber("600", 8)))
            local code, said = support.mpijobd("state", "check", "--state", folder .. "/copy.db", "--head", err:match "head (%S+)")
            assert.are.equal(0, code, said)
            local failed, _, why = support.proc.run("/bin/sh", { args = { "-c", 'exec "$@" >/dev/full', "sh", support.binary, "state", "backup", "--state", state, "--out", "-" } })
            assert.are.equal(1, failed)
            support.contains(why, "the copy cannot be sent to standard output: No space left on device")
            assert.are.equal(2, (command("backup", "--out", "-", "-o", "json")))
        end)

        it("and nothing is left of a copy that failed", function()
            local code, out, err = support.proc.run("/bin/sh", { args = { "-c", 'ulimit -f 8; trap "" XFSZ; exec "$@"', "sh", support.binary, "state", "backup", "--state", state,
                "--out", folder .. "/copy.db" } })
            assert.are.equal(1, code, out .. err)
            support.contains(err, "the file size limit is reached")
            assert.are.equal("", beside())
        end)
    end)

    describe("is written out", function()
        it("as JSON lines, every table and row of it", function()
            support.sql(state, "INSERT INTO kept VALUES('spec', 'key', 'value', 0)")
            support.sql(state, "INSERT INTO handled VALUES('p', 'u', 'm', '7', 1790000000000000)")
            support.sql(state, "INSERT INTO recordings VALUES(1, 'p', 3, 1)")
            support.sql(state, "INSERT INTO recorded VALUES(1, 0, x'00ff10')")
            local count, first, last, types = 0, nil, nil, {}
            local page = support.read(support.source .. "/docs/reference/state.md")
            for line in good("export"):gmatch "[^\n]+" do
                local row = support.json.decode(line)
                first, last, count = first or row, row, count + 1
                types[row.type] = row
                support.contains(page, "`" .. row.type .. "`")
                for name in pairs(row) do
                    support.contains(page, row.type == "begin" and '"' .. name .. '"' or "`" .. name .. "`")
                end
            end
            assert.are.same({ "begin", 1, "end", count - 2 }, { first.type, first.form, last.type, last.rows })
            local rows = 0
            for table_ in support.sql(state, "SELECT group_concat(name, ' ') FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"):gmatch "%S+" do
                rows = rows + tonumber(support.sql(state, "SELECT count(*) FROM " .. table_))
            end
            assert.are.equal(rows, last.rows) -- also of tables that a later schema has
            assert.are.equal("/metadata/labels/l", types.change.diff[1].path)
            assert.are.equal(types.chain.sum, first.head:match ":(.*)")
            assert.are.same({ "AP8Q", true, "2026-09-21T14:13:20.000000Z", false, support.json.null },
                { types.part.bytes, types.recording.whole, types.handled.at, types.run.dry_run, types.kept.expires_at })
        end)
    end)

    it("is copied while another program commits without a pause, as it was at one instant", function()
        -- 12 MB, so that the copy takes many steps; then a row of each of two tables in each transaction.
        local script = [[
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], timeout=60)
c.executemany("INSERT INTO kept VALUES('filler', ?, ?, 0)", [(str(i), "x" * 6000) for i in range(2000)])
c.commit()
i = 0
while True:
    i += 1
    c.execute("INSERT INTO kept VALUES('a', ?, 'x', 0)", (i,))
    c.execute("INSERT INTO marks VALUES(?, ?)", ("a%d" % i, i))
    c.commit()
    if i == 50: print("writing", flush=True)
]]
        local writer = support.keep(support.proc.start("/usr/bin/env", { args = { "python3", "-c", script, state } }))
        writer:expect("writing", "stdout")
        local copy = folder .. "/copy.db"
        good("backup", "--out", copy)
        assert.is_nil(writer.code)
        writer:stop "sigkill"
        local count = tonumber(support.sql(copy, "SELECT count(*) FROM kept WHERE space = 'a'"))
        assert.is_true(count >= 50)
        assert.are.equal(count, tonumber(support.sql(copy, "SELECT count(*) FROM marks WHERE policy GLOB 'a[0-9]*'")))
        assert.are.equal(count, tonumber(support.sql(copy, "SELECT max(key + 0) FROM kept WHERE space = 'a'")))
        assert.are.equal(0, (support.mpijobd("state", "check", "--state", copy)))
    end)

    it("is lost, and the daemon goes on from a copy that was made while it wrote: nothing is done twice", function()
        local own = server.sim and server or cluster.start(cluster.versions[4])
        local names, train = {}, own:namespace()
        for i = 1, 6 do
            names[i] = "s" .. i
            own:create(train, names[i], { labels = '{"kind":"sweep"}', state = "Succeeded" })
        end
        own:create(train, "m1", { labels = '{"kind":"match"}', state = "Succeeded" })
        support.write(folder .. "/q.lua", ([[
            policy { name = "sweep", every = "1h", match = { namespace = "%s", labels = { kind = "sweep" } }, limits = { concurrency = 1 }, replace = { labels = { swept = "1" } } }
            policy { name = "match", on = "match", match = { namespace = "%s", labels = { kind = "match" } }, replace = { labels = { met = "1" } } }
        ]]):format(train, train))
        local function start()
            local daemon = support.daemon({ stdin = true }, "run", "--no-supervisor", "--clock", "manual", "--state", folder .. "/d.db", folder .. "/q.lua",
                table.unpack(own.reach))
            daemon:expect "2 policies in force"
            return daemon
        end
        local function ended(daemon, policy)
            repeat
                local line = daemon:expect "run ended"
            until line:find("policy=" .. policy, 1, true)
        end
        local function puts(name)
            local count = 0 -- but those of the status, which the spec itself makes
            for _, request in ipairs(own.sim:requests("method=PUT&path=" .. own:path(train, name))) do
                count = count + (request.path:find "/status" and 0 or 1)
            end
            return count
        end
        local function changed(name, label)
            return own:get(train, name).metadata.labels[label] ~= nil
        end
        local function journal()
            local code, out, err = support.mpijobd("journal", "--state", folder .. "/d.db", "-o", "json", "--limit", "0")
            assert.are.equal(0, code, err)
            local rows = {}
            for _, row in ipairs(support.json.decode(out)) do
                local job = rows[row.name] or {}
                rows[row.name] = job
                job[#job + 1] = row.outcome
            end
            return rows
        end

        local daemon = start()
        daemon:expect "run ended" -- m1 is handled
        assert.is_true(changed("m1", "met"))
        own.sim:fault { fault = "stall-after", method = "PUT", path = "*/mpijobs/s3", count = 1 }
        daemon:write "advance 1h\n"
        support.proc.await(function()
            return puts "s3" == 1
        end)
        local saved, _, why = support.mpijobd("state", "backup", "--state", folder .. "/d.db", "--out", folder .. "/copy.db")
        assert.are.equal(0, saved, why)
        daemon:stop "sigkill" -- in the middle of the run
        own.sim:clear_faults()
        -- After the copy: a job comes to match and is handled, and a person takes back what was done to m1.
        own:create(train, "m2", { labels = '{"kind":"match"}' })
        daemon = start()
        support.proc.await(function()
            return changed("m2", "met") and changed("s6", "swept")
        end)
        daemon:stop "sigkill"
        local _, raw = own:get(train, "m1")
        assert.are.equal(200, (own:request("PUT", own:path(train, "m1"), (raw:gsub(',"met":"1"', "", 1):gsub('"met":"1",', "", 1)))))
        assert.is_false(changed("m1", "met"))

        -- The file is lost; stop, put back, start.
        assert(support.uv.fs_mkdir(folder .. "/lost", 448))
        for _, ending in ipairs { "", "-wal", "-shm" } do
            support.uv.fs_rename(folder .. "/d.db" .. ending, folder .. "/lost/d.db" .. ending)
        end
        assert(support.uv.fs_rename(folder .. "/copy.db", folder .. "/d.db"))
        local code, out = support.mpijobd("state", "check", "--state", folder .. "/d.db")
        assert.are.equal(0, code, out)
        support.contains(out, "open     1 run without an end, 1 change in flight, the oldest since ")
        support.contains(out, "; the next start looks them up")
        own.sim:forget_requests()
        daemon = start()
        ended(daemon, "sweep") -- the run that the copy has without an end
        own:create(train, "m3", { labels = '{"kind":"match"}' })
        support.proc.await(function()
            local rows = journal()
            return changed("m3", "met") and rows.s3 and rows.s3[1] ~= support.json.null and rows.m3
        end)
        daemon:write "advance 1h\n"
        ended(daemon, "sweep")
        assert.are.equal(0, (daemon:stop()))
        for _, name in ipairs(names) do
            assert.are.equal(0, puts(name), name)
        end
        assert.are.same({ 0, 0, 1 }, { puts "m1", puts "m2", puts "m3" })
        assert.is_false(changed("m1", "met")) -- it was handled before the copy was made
        local rows = journal()
        assert.are.same({ { "done" }, { "done-unseen" }, { "done" } }, { rows.m1, rows.s3, rows.m3 })
        local err
        code, out, err = support.mpijobd("state", "check", "--state", folder .. "/d.db")
        assert.are.equal(0, code, out .. err)
        support.lacks(out, "open  ")
    end)
end)
