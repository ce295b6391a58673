-- SPDX-License-Identifier: Apache-2.0
-- Files of every older schema, with rows in every table: the daemon goes on where the older one was, and does nothing twice.
local support = require "support"
local cluster = require "support.cluster"

local schemas = support.read(support.source .. "/tests/fixtures/state-schemas.sql")
local newest = support.count(schemas, "\n-- schema ")

describe("the state's file of an older mpijobd", function()
    local server, folder, state, namespace

    lazy_setup(function()
        server = cluster.start(cluster.versions[4])
    end)
    lazy_teardown(support.cleanup)

    -- A file of the schema about jobs of the server.
    local function make(schema)
        folder = support.folder()
        state = folder .. "/s.db"
        namespace = server:namespace()
        local jobs = {}
        for name, label in pairs { done = '"kind":"sweep","l":"1"', flight = '"kind":"sweep"', handled = '"kind":"match"', new = '"kind":"match"' } do
            server:create(namespace, name, { labels = "{" .. label .. "}" })
            local metadata = server:get(namespace, name).metadata
            jobs[name] = { metadata.uid, metadata.resourceVersion }
        end
        local about = support.json.encode { server = server.sim.url, namespace = namespace, jobs = jobs }
        local code, _, err = support.proc.run("/usr/bin/env",
            { args = { "python3", support.source .. "/tests/spec/support/old_state.py", tostring(schema), state, about } })
        assert.are.equal(0, code, err)
        support.write(folder .. "/p.lua", ([[
            policy { name = "sweep", every = "1h", match = { namespace = "%s", labels = { kind = "sweep" } }, replace = { labels = { l = "1" } } }
            policy { name = "match", on = "match", match = { namespace = "%s", labels = { kind = "match" } }, replace = { labels = { m = "1" } } }
        ]]):format(namespace, namespace))
    end

    local function start(options)
        return support.daemon(options or {}, "run", "--no-supervisor", "--state", state, folder .. "/p.lua", table.unpack(server.reach))
    end

    local function json(...)
        local code, out, err = support.mpijobd(...)
        assert.are.equal(0, code, out .. err)
        return support.json.decode(out)
    end

    local function puts(name)
        return #server.sim:requests("method=PUT&path=" .. server:path(namespace, name))
    end

    -- All rows of the file but the epoch, as text.
    local function rows(path)
        local code, out, err = support.mpijobd("state", "export", "--state", path)
        assert.are.equal(0, code, err)
        return (out:gsub("^[^\n]*\n", ""):gsub('{"type":"epoch"[^\n]*\n', ""))
    end

    for schema = 1, newest do
        it(("of schema %d is brought up to date, and kept as it was; what was in flight is looked up"):format(schema), function()
            make(schema)
            local before = rows(state)
            local daemon = start()
            if schema < newest then
                support.contains(daemon:expect "brought from", ("schema %d to %d; as it was it is kept in %s.schema-%d.bak"):format(schema, newest, state, schema))
            end
            daemon:expect "2 policies in force"
            support.proc.await(function()
                return server:get(namespace, "flight").metadata.labels.l and server:get(namespace, "new").metadata.labels.m and
                    (schema >= 3 or server:get(namespace, "handled").metadata.labels.m)
            end)
            assert.are.equal(0, (daemon:stop()))

            -- Nothing twice; of a job that was handled the first two schemas said nothing.
            assert.are.same({ 0, 1, schema >= 3 and 0 or 1, 1 }, { puts "done", puts "flight", puts "handled", puts "new" })
            local of = {}
            for _, row in ipairs(json("journal", "--state", state, "-o", "json", "--limit", "0")) do
                of[row.id] = row
            end
            assert.are.same({ "done", "done", 7 }, { of[41].outcome, of[41].name, of[41].run })
            assert.are.same({ "not-done", "flight", 8 }, { of[42].outcome, of[42].name, of[42].run })
            assert.is_true(of[43].epoch > of[41].epoch)
            for _, row in ipairs(json("runs", "--state", state, "-o", "json")) do
                of[row.id == 8 and "interrupted" or row.id] = row
            end
            assert.are_not.equal(support.json.null, of.interrupted.outcome)
            assert.are.equal(0, (support.mpijobd("journal", "--verify", "--state", state)))
            local code, out, err = support.mpijobd("state", "check", "--state", state)
            assert.are.equal(0, code, out .. err)
            code, out, err = support.mpijobd("undo", "7", "--dry-run", "--state", state, table.unpack(server.reach))
            assert.are.equal(0, code, out .. err)
            support.contains(out, "done")
            if schema >= 6 then
                assert.are.equal("kept text", support.sql(state, "SELECT value FROM kept WHERE space = 'spec'"))
            end

            if schema < newest then
                local copy = ("%s.schema-%d.bak"):format(state, schema)
                assert.are.equal(before, rows(copy))
                local found = json("state", "check", "-o", "json", "--state", copy)
                assert.are.same({ schema, 0, 1 }, { found.schema, found.fault_count, found.changes_open })
            end
        end)
    end

    it("has its tables in the fixture, up to the newest schema", function()
        make(newest)
        assert.are.same({ newest, 0 }, (function(found) return { found.newest_schema, found.fault_count } end)(json("state", "check", "-o", "json", "--state", state)))
    end)

    for _, at in ipairs { 1, 8, newest - 1 } do -- 8: the chain is made
        it(("is as it was after kill -9 behind step %d of %d, and the next start finishes"):format(at, newest - 1), function()
            make(1)
            local before = rows(state)
            local daemon = start { env = { MPIJOBD_FAILPOINT = "migrated:" .. at } }
            local _, _, _, signal = daemon:wait()
            assert.are.equal(9, signal)
            assert.are.equal(before, rows(state))
            daemon = start()
            daemon:expect(("brought from schema 1 to %d"):format(newest))
            assert.are.equal(0, (daemon:stop()))
            assert.are.equal(0, (support.mpijobd("state", "check", "--state", state)))
            assert.are.equal(before, rows(state .. ".schema-1.bak"))
        end)
    end

    it("is as it was after kill -9 while its copy is made, and the half of the copy has no name that counts", function()
        for _, place in ipairs { "copied:1", "copy-named:1" } do
            make(7)
            local before = rows(state)
            local daemon = start { env = { MPIJOBD_FAILPOINT = place } }
            local _, _, _, signal = daemon:wait()
            assert.are.equal(9, signal)
            assert.are.equal(before, rows(state))
            assert.is_nil(support.uv.fs_stat(state .. ".schema-7.bak"))
            daemon = start()
            daemon:expect "brought from schema 7"
            assert.are.equal(0, (daemon:stop()))
            assert.are.equal(before, rows(state .. ".schema-7.bak"))
        end
    end)

    it("is brought up to date also where there is no room for a copy, which is told", function()
        make(newest - 1)
        support.sql(state, "INSERT INTO kept VALUES('filler', 'k', hex(zeroblob(1000000)), 0)")
        support.sql(state, "PRAGMA wal_checkpoint(TRUNCATE)")
        local daemon = start { behind = { "/bin/sh", "-c", 'ulimit -f 1024; trap "" XFSZ; exec "$@"', "sh" } } -- files of 1 MiB at most (of 512 KiB in some shells)
        local line = daemon:expect "no copy of it is kept as it was in schema"
        support.contains(line, "the file size limit is reached")
        daemon:expect "brought from schema"
        daemon:expect "2 policies in force"
        assert.are.equal(0, (daemon:stop()))
        for name in support.uv.fs_scandir_next, support.uv.fs_scandir(folder) do
            assert.is_nil(name:find "bak", name)
        end
    end)
end)

describe("the state's file of a newer mpijobd", function()
    local server, folder, state

    lazy_setup(function()
        server = cluster.start(cluster.versions[4])
        folder = support.folder()
        state = folder .. "/s.db"
        support.write(folder .. "/p.lua", 'policy { name = "p", every = "1h", match = { name = "none" }, replace = { labels = { l = "1" } } }\n')
        server:create(server:namespace(), "x", { state = "Succeeded" })
        assert.are.equal(0, (support.mpijobd("run", "--once", "--state", state, folder .. "/p.lua", table.unpack(server.reach))))
        support.write(folder .. "/q.lua", 'policy { name = "q", every = "1h", match = { name = "x" }, replace = { labels = { l = "2" } } }\n')
        local code, out, err = support.mpijobd("plan", "--state", state, "--out", folder .. "/plan.json", folder .. "/q.lua", table.unpack(server.reach))
        assert.are.equal(0, code, out .. err)
        support.sql(state, "INSERT INTO schema_version VALUES (99, 0)")
    end)
    lazy_teardown(support.cleanup)

    -- How each command that takes --state is asked; ASKS: it does not look at the file, and asks the daemon, which there cannot be.
    local ASKS = {}
    local function reaching(...)
        return { reach = true, ... }
    end
    local commands = {
        run = reaching "p.lua", plan = reaching "p.lua", why = reaching("p", "default/x", "p.lua"), report = reaching "-A", undo = reaching "1", doctor = reaching(),
        replace = reaching("x", "suspend=true"), hold = reaching("x", "1h"), inspect = reaching("-A", "--fix"), job = reaching("stop", "x"), apply = reaching "plan.json",
        journal = {}, runs = {}, next = { "p.lua" }, resume = { "p" }, test = { "--from-run", "1" }, state = { "check" },
        status = ASKS, trigger = ASKS, pause = ASKS, approve = ASKS, reject = ASKS, extend = ASKS, reload = ASKS, eval = ASKS, attach = ASKS,
    }

    it("is refused with the cure by every command that would read or write it, and stays as it is", function()
        local code, out, err
        local before = support.read(state)
        local _, all = support.mpijobd "--help"
        for command in all:gmatch "\n  (%l+) " do
            local _, help = support.mpijobd(command, "--help")
            local asked = commands[command]
            if help:find("--state ", 1, true) then
                assert.is_truthy(asked, "how is " .. command .. " asked?")
                if asked ~= ASKS then
                    local args = { command, "--state", state }
                    table.move(asked, 1, #asked, #args + 1, args)
                    if asked.reach then
                        table.move(server.reach, 1, #server.reach, #args + 1, args)
                    end
                    code, out, err = support.mpijobd_with({ cwd = folder }, table.unpack(args))
                    assert.are.equal(1, code, command .. ": " .. out .. err)
                    local said = out .. err
                    support.contains(said, "was written by a newer mpijobd (schema 99, this one knows up to")
                    support.contains(said, "use that version, or name another file for the state")
                end
            end
        end
        for _, verb in ipairs { "export", "backup" } do
            code, out, err = support.mpijobd("state", verb, "--state", state, table.unpack(verb == "backup" and { "--out", folder .. "/copy.db" } or {}))
            assert.are.equal(1, code, out .. err)
            support.contains(err, "was written by a newer mpijobd (schema 99")
        end
        assert.are.equal(before, support.read(state))
        assert.is_nil(support.uv.fs_stat(state .. ".schema-99.bak"))
        assert.is_nil(support.uv.fs_stat(folder .. "/copy.db"))
    end)
end)
