-- SPDX-License-Identifier: Apache-2.0
-- The policies are loaded again when their files change: what is seen, what is not, and what a load does then. The daemon's clock is moved by hand.
local support = require "support"
local sim = require "support.sim"
local uv = support.uv

local NOW <const> = 1767225600 -- 2026-01-01T00:00:00Z
local function rfc(at)
    return os.date("!%Y-%m-%dT%H:%M:%SZ", at)
end

describe("files that change", function()
    local server, folder, daemon

    local function write(name, text)
        support.write(folder .. "/" .. name, text)
    end

    local function policy(name, more)
        return ('policy { name = "%s", schedule = "0 0 1 1 *", replace = { labels = { %s } } }\n'):format(name, more or "a = 'b'")
    end

    local function move(how)
        daemon:write(how .. "\n")
        daemon:expect("clock ", "stdout")
    end

    local function start(...)
        daemon = support.daemon({ stdin = true, watch = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--grace", "1s",
            "--clock", rfc(NOW), "--log-level", "debug", ...)
        daemon:expect(" in force")
        move("set " .. rfc(NOW)) -- and the first look is over
    end

    -- The change is seen, and a second passes.
    local function settle()
        daemon:expect "a file of the policies may have changed"
        move "advance 1s"
    end

    -- Gives what was said of the load, and of why it began.
    local function loads(done, nothing)
        done()
        settle()
        local seen = daemon:expect "the policies' files have changed"
        return daemon:expect(nothing or "the policies are loaded again"), seen
    end

    local function count(line)
        return support.count(daemon.stderr, line)
    end

    before_each(function()
        server = sim.start("--version", "v2beta1")
        folder = support.folder()
        os.execute("mkdir -p " .. folder .. "/policies/lib")
    end)
    after_each(support.cleanup)

    it("are loaded: a file new, another text, an editor's rename, a dependency changed, a file gone; failed, then mended", function()
        write("policies/a.lua", policy "a")
        start(folder .. "/policies")
        local _, seen = loads(function()
            write("policies/b.lua", 'local teams = require "lib.teams"\n' .. policy("b", "team = teams.name"))
        end, "the policies in force stay as they are") -- the file that it requires is not there
        support.contains(seen, "file=" .. folder .. "/policies/b.lua")
        local line = loads(function() -- a dependency comes
            write("policies/lib/teams.lua", "return { name = 'x' }")
        end)
        support.contains(line, "added=b unchanged=1")
        line, seen = loads(function() -- a dependency changed
            write("policies/lib/teams.lua", "return { name = 'y' }")
        end)
        support.contains(seen, "file=" .. folder .. "/policies/lib/teams.lua")
        support.contains(line, "changed=b unchanged=1")
        line = loads(function() -- vim: the old file is moved away, and a new one is written
            uv.fs_rename(folder .. "/policies/a.lua", folder .. "/policies/a.lua~")
            write("policies/a.lua", policy("a", "c = 'd'"))
        end)
        support.contains(line, "changed=a unchanged=1")
        line = loads(function() -- others: a file beside it takes its place
            write("policies/.a.lua.new", policy("a", "e = 'f'"))
            uv.fs_rename(folder .. "/policies/.a.lua.new", folder .. "/policies/a.lua")
        end)
        support.contains(line, "changed=a unchanged=1")
        loads(function()
            write("policies/a.lua", "policy {")
        end, "the policies in force stay as they are")
        line = loads(function() -- mended, as it was: nothing has changed since the last good load
            write("policies/a.lua", policy("a", "e = 'f'"))
        end)
        support.contains(line, "none has changed unchanged=2")
        line = loads(function()
            uv.fs_unlink(folder .. "/policies/b.lua")
        end)
        support.contains(line, "gone=b unchanged=1")
        assert.are.equal(0, (daemon:stop()))
    end)

    it("are left alone where no text is another, where it is no policy, and until they have settled", function()
        write("policies/a.lua", policy "a")
        start(folder .. "/policies")
        write("policies/a.lua", policy "a") -- the same
        settle()
        write("policies/a_spec.lua", "nonsense(")
        settle()
        write("policies/notes.txt", "nothing") -- is not even seen
        write("policies/.a.lua.swp", "nothing")
        assert.are.equal(0, count "the policies' files have changed")
        write("policies/a.lua", policy("a", "c = 'd'"))
        daemon:expect "a file of the policies may have changed"
        move "advance 900ms"
        write("policies/a.lua", policy("a", "e = 'f'"))
        move "advance 50ms" -- that is seen by now, and what is due has moved
        move "advance 900ms"
        assert.are.equal(0, count "the policies' files have changed")
        move "advance 200ms"
        assert.are.equal(1, count "the policies are loaded again")
        move "advance 1h"
        assert.are.equal(1, count "the policies are loaded again")
        assert.are.equal(0, (daemon:stop()))
    end)

    it("are seen behind links, as those of a ConfigMap, and in a folder that goes and comes back", function()
        local at = folder .. "/volume"
        local function version(name, text)
            os.execute("mkdir -p " .. at .. "/" .. name)
            support.write(at .. "/" .. name .. "/a.lua", text)
            uv.fs_symlink(name, at .. "/..data_tmp")
            uv.fs_rename(at .. "/..data_tmp", at .. "/..data")
        end
        version("..2026_1", policy "a")
        uv.fs_symlink("..data/a.lua", at .. "/a.lua")
        start(at)
        for i = 2, 4 do -- each time the old one is removed, as the kubelet does
            local line = loads(function()
                version("..2026_" .. i, policy("a", "v = '" .. i .. "'"))
                os.execute("rm -r " .. at .. "/..2026_" .. i - 1)
            end)
            support.contains(line, "changed=a unchanged=0")
        end
        loads(function()
            uv.fs_rename(at, folder .. "/away")
        end, "the policies in force stay as they are")
        local line = loads(function()
            support.write(folder .. "/away/..2026_4/a.lua", policy("a", "back = 'yes'"))
            uv.fs_rename(folder .. "/away", at)
        end)
        support.contains(line, "changed=a unchanged=0")
        line = loads(function() -- and is watched again
            support.write(at .. "/b.lua", policy "b")
        end)
        support.contains(line, "added=b unchanged=1")
        os.execute("rm -r " .. at)
        settle()
        daemon:expect "the policies in force stay as they are"
        line = loads(function() -- made again: another folder, at the same place
            os.execute("mkdir -p " .. at)
            support.write(at .. "/c.lua", policy "c")
        end)
        support.contains(line, "added=c gone=a,b unchanged=0")
        assert.are.equal(0, (daemon:stop()))
    end)

    it("begin no run twice, and lose none: what falls due with the load, schedules, marks", function()
        server:make_namespace "train"
        local template = { spec = { containers = { { name = "mpi", image = "registry.example.com/mpi:1" } } } }
        local status = server:request("POST", server:path("v2beta1", "train"), { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob",
            metadata = { name = "one", namespace = "train" }, spec = { mpiReplicaSpecs = { Launcher = { replicas = 1, template = template } } } })
        assert.are.equal(201, status)
        local function text(i)
            return ('policy { name = "clock", every = "10s", run = function() log.info("clock rang", { text = "%d" }) end }\n' ..
                'policy { name = "new", on = "match", match = {}, replace = { labels = { handled = "v%d" } } }\n'):format(i, i)
        end
        write("policies/a.lua", text(0))
        start(folder .. "/policies")
        daemon:expect "policy=new outcome=done changed=1"
        for i = 1, 3 do
            move "advance 9s" -- the second in which the change settles is the one at whose end the clock rings
            loads(function()
                write("policies/a.lua", text(i))
            end)
            move "advance 1ms"
        end
        assert.are.equal(3, count "clock rang")
        move "advance 10s"
        assert.are.equal(4, count "clock rang")
        assert.are.equal(1, count "policy=new outcome=done changed=1")
        assert.are.equal(0, (daemon:stop()))
    end)

    it("say once what of the configuration a restart would change; reload.watch and --no-watch turn it off", function()
        local config = folder .. "/mpijobd.yaml"
        support.write(config, "policies: [ policies ]\nlisten: none\nhttp: { timeout: 10s }\n")
        write("policies/a.lua", policy "a")
        start("--config", config)
        support.write(config, "policies: [ policies ]\nlisten: none\nhttp: { timeout: 20s }\nnotify: { ops: { type: slack, url: 'https://hooks.example.com/secret' } }\n")
        settle()
        local line = daemon:expect "the configuration has changed; only a restart of the daemon reads it"
        support.contains(line, 'file=' .. config .. ' changes="http.timeout, notify"')
        support.lacks(daemon.stderr, "hooks.example.com")
        support.write(config, support.read(config) .. "# a comment\n")
        settle()
        write("policies/b.lua", policy "b")
        settle()
        daemon:expect "the policies are loaded again added=b"
        move "advance 1s"
        assert.are.equal(1, count "only a restart of the daemon reads it")
        support.write(config, "reload: { watch: perhaps }\n")
        settle()
        daemon:expect "only a restart of the daemon reads it"
        assert.are.equal(0, (daemon:stop()))
        local code, _, err = support.mpijobd("check", "--config", config, folder .. "/policies")
        assert.are_not.equal(0, code)
        support.contains(err, config .. ":1: reload.watch has to be true or false")
        support.write(config, "policies: [ policies ]\nlisten: none\nreload: { watch: false }\n")
        start("--config", config)
        write("policies/b.lua", policy("b", "c = 'd'"))
        move "advance 1h"
        assert.are.equal(0, count "may have changed")
        assert.are.equal(0, (daemon:stop()))
    end)

    it("are told not to be seen, with the cure, where the system allows no more watches, or what was read is a pipe", function()
        write("policies/a.lua", policy "a")
        local function begin(behind, path)
            return support.daemon({ watch = true, behind = behind }, "run", "--no-supervisor", "--kubeconfig", server.kubeconfig,
                "--state", ":memory:", path)
        end
        write("pipe.lua", policy "a")
        local piped = begin({ "/bin/sh", "-c", 'mkfifo "$0"; cat "$0.lua" > "$0" & exec "$@" < "$0"', folder .. "/pipe" }, "/dev/stdin")
        support.contains(piped:expect "not all changes of the policies' files are seen", 'reason="/dev/stdin is no regular file and no folder"')
        assert.are.equal(0, (piped:stop()))
        local function limited(name)
            return { "/usr/bin/unshare", "--user", "--map-root-user", "/bin/sh", "-c", 'echo 1 > "/proc/sys/user/$0"; exec "$@"', name }
        end
        if support.proc.run("/usr/bin/unshare", { args = { "--user", "--map-root-user", "/bin/true" } }) ~= 0 then
            return -- this system lets nobody lower its limits
        end
        local few = begin(limited "max_inotify_watches", folder .. "/policies")
        support.contains(few:expect "not all changes of the policies' files are seen: mpijobd reload, or SIGHUP, loads them",
            "the system allows no further watches; raise fs.inotify.max_user_watches (sysctl)")
        assert.are.equal(0, (few:stop()))
    end)

    it("by the command: reload loads at once, and the change that it has loaded is not loaded again", function()
        write("policies/a.lua", policy "a")
        start(folder .. "/policies")
        write("policies/a.lua", policy("a", "c = 'd'"))
        local code, out, err = support.mpijobd("reload", "--state", folder .. "/s.db")
        assert.are.equal(0, code, err)
        support.contains(out, "1 policy loaded; changed: a")
        move "advance 1m"
        assert.are.equal(1, count "the policies are loaded again")
        assert.are.equal(0, count "the policies' files have changed")
        assert.are.equal(0, (daemon:stop()))
    end)
end)
