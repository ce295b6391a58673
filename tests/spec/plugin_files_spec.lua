-- SPDX-License-Identifier: Apache-2.0
-- Plugins as files: archives and locks that are broken or forged, bounds, and what is said of them.
local support = require "support"
local uv = support.uv

describe("the files of a plugin", function()
    local folder

    before_each(function()
        folder = support.folder()
        for _, name in ipairs { "policies", "plugins", "plugins/cost" } do
            uv.fs_mkdir(folder .. "/" .. name, 448)
        end
    end)
    teardown(support.cleanup)

    local function write(name, text)
        return support.write(folder .. "/" .. name, text)
    end

    local PLUGIN = [[plugin { name = "cost", version = "1.0.0", api = 1,
    exports = { why = function() return 1 end }, conditions = { costs = function() return true end } }
]]
    local POLICY = [[
require "cost"
policy { name = "p", every = "1h", match = { costs = 1 }, replace = { cleanPodPolicy = "All" } }
]]
    local function plugin(text, policy, config)
        write("plugins/cost/plugin.lua", text or PLUGIN)
        write("policies/p.lua", policy or POLICY)
        write("mpijobd.yaml", (config or "plugins: { cost: plugins/cost }") .. "\npolicies: [ policies ]\n")
    end

    local function run(command, ...)
        return support.mpijobd(command, "--config", folder .. "/mpijobd.yaml", ...)
    end

    local function fails(command, message, ...)
        local code, out, err = run(command, ...)
        assert.are.equal(1, code, out .. err)
        support.contains(err, message)
        return err
    end

    local function tar(name, ...)
        local code, _, err = support.proc.run("/bin/tar", { args = { "czf", folder .. "/" .. name, "-C", folder .. "/plugins", ... } })
        assert.are.equal(0, code, err)
    end

    it("have a name near to a condition of theirs told", function()
        plugin(nil, (POLICY:gsub("costs = 1", "cots = 1")))
        fails("check", 'match.cots is not a condition (did you mean costs?)')
    end)

    it("are in at most 256 folders, empty ones too", function()
        plugin()
        for i = 1, 256 do
            uv.fs_mkdir(folder .. "/plugins/cost/f" .. i, 448)
        end
        assert.are.equal(0, (run "check"))
        uv.fs_mkdir(folder .. "/plugins/cost/f", 448)
        fails("check", "plugins/cost: a plugin has at most 256 folders")
    end)

    it("have their names shown as they are, and forge no line", function()
        plugin(nil, nil, "plugins: { cost: cost.tar.gz }")
        uv.fs_symlink("/etc/passwd", folder .. "/plugins/cost/evil\n\27[31mok")
        tar("cost.tar.gz", "cost")
        local err = fails("check", "is a link; a plugin's archive holds files and folders")
        support.lacks(err, "\27")
        support.lacks(err, "evil\n")
        uv.fs_unlink(folder .. "/plugins/cost/evil\n\27[31mok")
        tar("cost.tar.gz", "cost")
        write("plugins.lock", "cost 1.0\27[31m sha256:" .. ("0"):rep(64) .. "\ngone 1\27[2J sha256:" .. ("0"):rep(64) .. "\n")
        support.lacks(fails("check", "the plugin gone 1"), "\27")
    end)

    it("in an archive that is broken are told as that, with the cure", function()
        plugin(nil, nil, "plugins: { cost: cost.tar.gz }")
        tar("cost.tar.gz", "cost")
        local whole = support.read(folder .. "/cost.tar.gz")
        for _, text in ipairs { "no archive at all", whole:sub(1, #whole // 2), "", whole:sub(1, 40) .. ("x"):rep(100) } do
            write("cost.tar.gz", text)
            fails("check", "cost.tar.gz")
            local _, _, err = run "check"
            assert.is_truthy(err:find("is no .tar.gz, or is damaged or cut off; make it again: tar czf", 1, true)
                or err:find("has no plugin.lua", 1, true), err)
        end
    end)

    it("are locked past no link", function()
        plugin()
        uv.fs_symlink(folder .. "/elsewhere", folder .. "/plugins.lock.new")
        local _, _, err = run("plugins", "lock")
        support.contains(err, "plugins.lock cannot be written: " .. folder
            .. "/plugins.lock.new, which comes before it, is a link; remove that link")
        uv.fs_unlink(folder .. "/plugins.lock.new")
        assert.are.equal(0, (run("plugins", "lock")))
        assert.is_nil(uv.fs_stat(folder .. "/elsewhere"))
    end)

    it("are tried by their specs when they are packed, too", function()
        plugin()
        write("plugins/cost/cost_spec.lua", [[
            local cost = require "cost"
            it("has its exports", function() assert.are.equal(1, cost.why()) end)
        ]])
        tar("cost-1.2.0.tar.gz", "cost")
        uv.fs_mkdir(folder .. "/tmp", 448)
        local code, out, err = support.proc.run(support.binary, {
            args = { "test", folder .. "/cost-1.2.0.tar.gz" }, env = { TMPDIR = folder .. "/tmp" },
        })
        assert.are.equal(0, code, out .. err)
        support.contains(out, "1 success")
        assert.is_nil(uv.fs_scandir_next(uv.fs_scandir(folder .. "/tmp")))
        write("bad.tar.gz", "x")
        local status, _, message = support.mpijobd("test", folder .. "/bad.tar.gz")
        assert.are.equal(1, status)
        support.contains(message, "is no .tar.gz, or is damaged")
    end)

    it("name functions of their own why, and need nothing for them", function()
        local function needs(text, expected)
            plugin(text .. PLUGIN)
            local code, _, err = run "check"
            assert.are.equal(expected and 1 or 0, code, text .. err)
            if expected then
                support.contains(err, "which its needs do not name")
            end
        end
        needs("local function why() return 1 end\nwhy()\n")
        needs("local t = { why = 1 }\nlocal x = t.why\n")
        needs("local f = function(job) return why(job) end\n", true)
        needs("local why = why\n", true)
    end)

    it("that fail without a line have their name said once", function()
        plugin("local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end")
        local _, _, err = run "check"
        assert.is_nil(err:find("plugin.lua: [^\n]*plugin.lua: "), err)
        plugin(nil, "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end")
        _, _, err = run "check"
        assert.is_nil(err:find("p.lua: [^\n]*p.lua: "), err)
    end)
end)
