-- SPDX-License-Identifier: Apache-2.0
-- require: files of the user's own beside the policies.
local support = require "support"
local script = require "support.script"
local uv = support.uv

describe("a policy's own files", function()
    local folder, write

    before_each(function()
        folder, write = script.folder()
    end)
    teardown(support.cleanup)

    local function check(...)
        return support.mpijobd("check", folder, ...)
    end

    local POLICY = "policy { name = NAME or 'p', every = '1h', replace = { labels = { team = 'x' } } }\n"

    it("are found by their names, run once, and are each policy file's own", function()
        write("lib/teams.lua", "local name, path = ...\ncount = (count or 0) + 1\nreturn { name = name, path = path, count = count }")
        write("lib/nothing.lua", "loaded = true")
        write("top.lua", "return 7")
        for _, name in ipairs { "a", "b" } do
            write(name .. ".lua", ([[
                local teams = require "lib.teams"
                assert(teams.name == "lib.teams" and teams.path:find("policies/lib/teams.lua", 1, true), teams.path)
                assert(require "lib.teams" == teams and count == 1)
                assert(require "lib.nothing" == true and loaded)
                assert(require "top" == 7)
                assert(coroutine.wrap(function() return require "lib.teams" end)() == teams)
                policy { name = "%s", every = "1h", run = function() end }
            ]]):format(name))
        end
        local code, out, err = check("-o", "name")
        assert.are.equal("a\nb\n", out, err)
        assert.are.equal(0, code)
    end)

    it("may define policies, whose place is the line that calls them", function()
        write("lib/make.lua", "return function(name)\n  policy { name = name, every = '1h', replace = { cleanPodPolicy = 'Some' } }\nend")
        write("p.lua", "local make = require 'lib.make'\n\nmake 'a'\nmake 'b'\n")
        local code, _, err = check()
        assert.are.equal(1, code)
        support.contains(err, "policies/p.lua:3: policy \"a\"")
        support.contains(err, "policies/p.lua:4: policy \"b\"")
    end)

    it("name their own place when something is wrong in them", function()
        for text, message in pairs {
            ["\nlocal x = = 1"] = "lib/bad.lua:2: unexpected symbol",
            ["\n\nerror 'no team'"] = "lib/bad.lua:3: no team",
            ["local t = nil\nreturn t.x"] = "lib/bad.lua:2: attempt to index a nil value",
            ["return require 'lib.gone'"] = 'there is no module "lib.gone" for policies, and no file ' .. folder .. "/lib/gone.lua; there are batchjob, cjson, ",
            ["return require 'tmie'"] = 'did you mean "time"?',
            ["return require 'teams'"] = "; a plugin is one that the configuration (--config) names, which a daemon reads at its start only",
            ["\27Lua"] = "attempt to load a binary chunk",
        } do
            write("lib/bad.lua", text)
            write("p.lua", "require 'lib.bad'\n" .. POLICY)
            local code, _, err = check()
            assert.are.equal(1, code)
            support.contains(err, message)
        end
    end)

    it("are tried again after a failure that the file has caught", function()
        write("lib/bad.lua", "n = (n or 0) + 1 if n == 1 then error 'not yet' end return n")
        write("p.lua", "assert(not pcall(require, 'lib.bad')) assert(require 'lib.bad' == 2)\n" .. POLICY)
        local code, _, err = check()
        assert.are.equal(0, code, err)
    end)

    it("that require each other in a circle are refused, and the circle is said", function()
        write("lib/a.lua", "return require 'lib.b'")
        write("lib/b.lua", "return require 'lib.c'")
        write("lib/c.lua", "\nreturn require 'lib.b'")
        write("p.lua", "require 'lib.a'\n" .. POLICY)
        local code, _, err = check()
        assert.are.equal(1, code)
        support.contains(err, "lib/c.lua:2: files require each other in a circle: lib.b -> lib.c -> lib.b")
    end)

    it("are nowhere but in the folder", function()
        local outside = support.folder()
        support.write(outside .. "/x.lua", "return 'outside'")
        uv.fs_symlink(outside .. "/x.lua", folder .. "/lib/link.lua")
        uv.fs_symlink("../../../" .. outside:match("[^/]+$") .. "/x.lua", folder .. "/lib/up.lua")
        uv.fs_symlink(outside, folder .. "/out")
        uv.fs_symlink("/dev/zero", folder .. "/lib/zero.lua")
        support.proc.run("/usr/bin/mkfifo", { args = { folder .. "/lib/pipe.lua" } })
        uv.fs_mkdir(folder .. "/lib/dir.lua", 448)
        write("lib/big.lua", (" "):rep(1048577))
        for name, message in pairs {
            ["lib.link"] = "leads out of the folder", ["lib.up"] = "leads out of the folder", ["out.x"] = "leads out of the folder",
            ["lib.zero"] = "leads out of the folder", ["lib.pipe"] = "is not a regular file", ["lib.dir"] = "is not a regular file",
            ["lib.big"] = "1048576",
            ["../x"] = "there is no module", ["/etc/passwd"] = "there is no module", ["lib..x"] = "there is no module",
            [".x"] = "there is no module", ["x."] = "there is no module", ["lib/teams"] = "there is no module", [""] = "there is no module",
            [("x"):rep(129)] = "there is no module", ["os"] = "there is no module", ["a\\0b"] = "there is no module",
        } do
            write("p.lua", ('require "%s"\n'):format(name) .. POLICY)
            local code, _, err = check()
            assert.are.equal(1, code, name)
            support.contains(err, message)
        end
    end)

    it("may be links within the folder, as those of a ConfigMap", function()
        uv.fs_mkdir(folder .. "/..2026", 448)
        write("..2026/teams.lua", "return 'here'")
        uv.fs_symlink("..2026", folder .. "/..data")
        uv.fs_symlink("..data/teams.lua", folder .. "/teams.lua")
        write("..2026/p.lua", "assert(require 'teams' == 'here')\n" .. POLICY)
        uv.fs_symlink("..data/p.lua", folder .. "/p.lua")
        local code, _, err = support.mpijobd("check", folder .. "/p.lua")
        assert.are.equal(0, code, err)
    end)

    it("cost the file that requires them", function()
        write("p.lua", "require 'lib.x'\n" .. POLICY)
        for text, message in pairs {
            ["while true do end"] = "CPU limit",
            ["local t = {} while true do t[#t + 1] = ('x'):rep(100000) .. #t end"] = "memory",
        } do
            write("lib/x.lua", text)
            local code, _, err = check()
            assert.are.equal(1, code)
            support.contains(err, message)
        end
        for i = 1, 257 do
            write(("lib/m%d.lua"):format(i), "return 1")
        end
        write("lib/x.lua", "for i = 1, 257 do require('lib.m' .. i) end")
        local _, _, err = check()
        support.contains(err, "a policy file requires at most 256 files")
    end)

    it("are not read by a run, which is given what was loaded", function()
        write("lib/a.lua", "return 1")
        write("lib/b.lua", "return 2")
        write("p.lua", [[
            require "lib.a"
            policy { name = "p", every = "1h", run = function()
                assert(require "lib.a" == 1)
                require "lib.b"
            end }
        ]])
        local sim = require("support.sim").start()
        local code, _, err = support.mpijobd("run", "--once", "--kubeconfig", sim.kubeconfig, "--state", ":memory:", folder)
        assert.are.equal(1, code, err)
        support.contains(err, 'p.lua:4: there is no module "lib.b" for policies; there are batchjob, cjson, ')
        support.contains(err, "a file of your own is required at the top level of the policy file")
    end)

    it("count for what a policy needs of the API", function()
        write("lib/act.lua", "return { clean = function(job) return mpijob.delete(job) end }")
        write("p.lua", "local act = require 'lib.act'\npolicy { name = 'p', every = '1h', run = function() act.clean('a/b') end }")
        local code, out, err = support.mpijobd("rbac", folder)
        assert.are.equal(0, code, err)
        support.contains(out, "delete")
    end)

    it("are read again when the policies are", function()
        local sim = require("support.sim").start()
        write("lib/value.lua", "return 'old'")
        write("p.lua", "local value = require 'lib.value'\npolicy { name = 'p', every = '1h', missed = 'once', "
            .. "run = function() log.info('value', { it = value }) end }")
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", sim.kubeconfig, "--state", ":memory:", "--clock",
            "2026-11-28T10:30:00Z", folder)
        daemon:expect("1 policy in force")
        daemon:write("advance 1h\n")
        daemon:expect("it=old")
        write("lib/value.lua", "return '")
        daemon:kill("sighup")
        daemon:expect("lib/value.lua:1: unfinished string")
        write("lib/value.lua", "return 'new'")
        daemon:kill("sighup")
        daemon:expect("1 policy in force")
        daemon:write("advance 1h\n")
        daemon:expect("it=new")
    end)
end)
