-- SPDX-License-Identifier: Apache-2.0
-- mpijobd new: what is written is right, and passes its spec at once; nothing is overwritten.
local support = require "support"
local uv = support.uv

describe("mpijobd new", function()
    teardown(support.cleanup)

    local function at(folder, ...)
        return support.mpijobd_with({ cwd = folder }, ...)
    end

    it("policy writes a policy and a spec that passes", function()
        local folder = support.folder()
        local code, out, err = at(folder, "new", "policy", "my-policy-2")
        assert.are.equal(0, code, err)
        assert.are.equal("my-policy-2.lua\nmy-policy-2_spec.lua\n\nIts spec passes: mpijobd test my-policy-2.lua\n", out)
        code, out = at(folder, "test")
        assert.are.equal(0, code, out)
        support.contains(out, "2 successes / 0 failures")
        code, out, err = at(folder, "check", ".", "-o", "name")
        assert.are.equal("my-policy-2\n", out, err)
        assert.are.equal(0, code)
        assert.is_nil(support.read(folder .. "/my-policy-2.lua"):find("SPDX", 1, true))
    end)

    it("plugin writes a folder whose spec passes, and that a configuration takes as it is", function()
        local folder = support.folder()
        uv.fs_mkdir(folder .. "/plugins", 448)
        local code, out, err = at(folder, "new", "plugin", "plugins/job-size")
        assert.are.equal(0, code, err)
        support.contains(out, "plugins/job-size/plugin.lua\n")
        support.contains(out, "Its spec passes: mpijobd test plugins/job-size\n")
        for _, where in ipairs { folder, folder .. "/plugins", folder .. "/plugins/job-size" } do
            code, out = at(where, "test")
            assert.are.equal(0, code, out)
            support.contains(out, "2 successes / 0 failures")
        end
        support.write(folder .. "/mpijobd.yaml", "plugins: [ plugins ]\npolicies: [ plugins/job-size/job-size.lua ]\n")
        code, out, err = at(folder, "check", "--config", "mpijobd.yaml", "-o", "name")
        assert.are.equal("0job-size\n", code .. out, err)
        code, out, err = at(folder, "plugins", "--config", "mpijobd.yaml", "-o", "json")
        assert.are.equal(0, code, err)
        assert.are.same({ "job-size" }, support.json.decode(out)[1].policies)
        for _, name in ipairs { "plugin.lua", "job-size.lua", "job-size_spec.lua", "lib/sizes.lua", "README.md" } do
            local text = support.read(folder .. "/plugins/job-size/" .. name)
            assert.is_nil(text:find("@NAME@", 1, true) or text:find("SPDX", 1, true))
        end
    end)

    it("policy --from writes any policy of the cookbook with its spec, under its name or another", function()
        local folder = support.folder()
        local code, list, err = at(folder, "new", "policy", "--list")
        assert.are.equal(0, code, err)
        support.contains(list, "free-gpus              Finished jobs give their GPUs back after two hours.\n")
        local names = {}
        for name in list:gmatch "(%S+)[^\n]*\n" do
            assert.are.equal(0, (at(folder, "new", "policy", "my-" .. name, "--from", name)))
            names[#names + 1] = name
        end
        assert.is_true(#names >= 15)
        local out
        code, out = at(folder, "test")
        assert.are.equal(0, code, out)
        code, out, err = at(folder, "new", "policy", "--from=free-gpus")
        assert.are.same({ 0, "free-gpus.lua\nfree-gpus_spec.lua\n\nIts spec passes: mpijobd test free-gpus.lua\n" }, { code, out }, err)
        assert.are.equal(support.read(support.source .. "/lua/policies/free-gpus.lua"), support.read(folder .. "/free-gpus.lua"))
        support.contains(support.read(folder .. "/my-free-gpus.lua"), 'name = "my-free-gpus",')
        for _, wrong in ipairs {
            { 'the cookbook has no policy "fre-gpus"; did you mean "free-gpus"?', "policy", "--from", "fre-gpus" },
            { "--from is of policies", "plugin", "other", "--from", "free-gpus" },
            { 'the cookbook has no policy "free-gpus_spec"', "policy", "x", "--from", "free-gpus_spec" },
            { "the cookbook is listed by new policy --list", "policy", "x", "--list" },
        } do
            code, out, err = at(folder, "new", table.unpack(wrong, 2))
            assert.are.same({ 2, "" }, { code, out })
            support.contains(err, wrong[1])
        end
    end)

    it("never overwrites", function()
        local folder = support.folder()
        support.write(folder .. "/a_spec.lua", "mine")
        uv.fs_symlink("nowhere", folder .. "/b.lua")
        uv.fs_mkdir(folder .. "/c", 448)
        for name, what in pairs { a = "a_spec.lua", b = "b.lua" } do
            local code, _, err = at(folder, "new", "policy", name)
            assert.are.equal(1, code)
            support.contains(err, "mpijobd new: " .. what .. ": is there already; take another name")
        end
        local code, _, err = at(folder, "new", "plugin", "c")
        assert.are.equal(1, code)
        support.contains(err, "mpijobd new: c: is there already")
        assert.are.equal("mine", support.read(folder .. "/a_spec.lua"))
        assert.is_nil(uv.fs_lstat(folder .. "/a.lua"))
        assert.is_nil(uv.fs_lstat(folder .. "/nowhere"))
    end)

    it("names what is wrong with what it is given", function()
        local folder = support.folder()
        for _, case in ipairs {
            { "say what, and how it is to be called" },
            { "say what, and how it is to be called", "policy" },
            { "say what, and how it is to be called", "sink", "x" },
            { "\"Big_Job\" is not allowed", "policy", "Big_Job" },
            { "\"..\" is not allowed", "plugin", ".." },
            { "\"http\" is a module of mpijobd", "plugin", "http" },
        } do
            local code, _, err = at(folder, "new", table.unpack(case, 2))
            assert.are.equal(2, code)
            support.contains(err, case[1])
        end
        local code, _, err = at(folder, "new", "policy", "gone/x")
        assert.are.equal(1, code)
        support.contains(err, "gone/: there is no such folder; make it first")
    end)
end)
