-- SPDX-License-Identifier: Apache-2.0
-- What authors are told on their way: by why, reload, status, check, test and help.
local support = require "support"
local sims = require "support.sim"
local uv = support.uv

local GOOD = 'policy { name = "free", on = "match", match = { phase = "Succeeded" }, replace = { labels = { seen = "yes" } } }\n'

describe("an author", function()
    local server, folder, daemon, state, job

    lazy_setup(function()
        server = sims.start("--version", "v2beta1", "--jobs", "10", "--seed", "1")
        folder = support.folder()
        state = folder .. "/s.db"
        support.write(folder .. "/p.lua", GOOD)
        daemon = support.daemon({ stdin = true }, "run", "--no-supervisor", "--no-watch", "--kubeconfig", server.kubeconfig, "--state", state,
            "--clock", "manual", folder .. "/p.lua")
        daemon:expect("in force")
        local _, out = support.mpijobd("eval", "--state", state, "jobs{}[1].job")
        job = out:match "%S+"
    end)
    lazy_teardown(support.cleanup)

    local function eval(text)
        local code, out, err = support.mpijobd("eval", "--state", state, text)
        assert.are.equal(0, code, out .. err)
        return out
    end

    it("is told in which namespace a job of that name is", function()
        local space, name = job:match "(.*)/(.*)"
        local wanted = ('there is no MPIJob "%s" in namespace "default"; there is one in "%s": %s\n'):format(name, space, job)
        for _, more in ipairs { { "--state", state }, { "--kubeconfig", server.kubeconfig, folder .. "/p.lua" } } do
            local code, out, err = support.mpijobd("why", "free", name, table.unpack(more))
            assert.are.same({ 1, "", "mpijobd why: " .. wanted }, { code, out, err })
            code, out, err = support.mpijobd("why", "free", job .. "x", table.unpack(more))
            assert.are.same({ 1, "" }, { code, out })
            support.contains(err, ('did you mean "%s"?'):format(name))
        end
    end)

    it("is told by why that there is neither a daemon nor a policy", function()
        local code, out, err = support.mpijobd("why", "free", job, "--state", folder .. "/none.db", "--kubeconfig", server.kubeconfig)
        assert.are.same({ 2, "" }, { code, out })
        support.contains(err, "mpijobd why: there are no policies to ask: name files or folders behind the job")
        code, out, err = support.mpijobd("why", "free", job, "--state", folder .. "/none.db")
        assert.are.same({ 2, "" }, { code, out })
        support.contains(err, "none.db.control: there is no such socket")
        support.contains(err, "there are no policies to ask: name files or folders behind the job")
    end)

    it("is told by reload what was meant, and by status that it has failed", function()
        support.write(folder .. "/p.lua", 'polcy { name = "free" }\n')
        local code, out, err = support.mpijobd("reload", "--state", state)
        assert.are.same({ 1, "" }, { code, out })
        support.contains(err, 'p.lua:1: there is no global "polcy"; did you mean "policy"?')
        code, out = support.mpijobd("status", "--state", state)
        assert.are.equal(0, code)
        support.contains(out, "[-] policies: 1 loaded; those in force stay, because the last reload failed")
        support.contains(out, "[+] cluster default: connected")
        support.write(folder .. "/p.lua", GOOD)
        assert.are.equal(0, (support.mpijobd("reload", "--state", state)))
        code, out = support.mpijobd("status", "--state", state)
        assert.are.equal(0, code)
        support.contains(out, "[+] policies: 1 loaded")
    end)

    it("is answered on standard output where a line for the clock is misspelt", function()
        daemon:write "advnace 2h\n"
        daemon:expect('error "advnace 2h" is neither "advance DURATION" nor "set RFC3339"', "stdout")
    end)

    it("sees a job's age as get shows it, and has it in seconds", function()
        assert.is_truthy(eval("jobs{}"):match "AGE\n[^\n]+  %d+[dhms][%w]*\n")
        assert.are.equal("integer\n", eval "math.type(jobs{}[1].age)")
    end)

    it("sees no addresses of functions", function()
        assert.are.equal("function\nfunction\n{\n  a = function\n}\n", eval "print(print) return print, { a = print }")
    end)

    it("has help for all that there is, and nothing of it twice", function()
        local all = eval "help()"
        support.contains(all, "phase, cleanPodPolicy, gpus, age (seconds).\n")
        support.contains(all, "exactly remove require run secret sleep\n")
        local replace = eval "help(mpijob.replace)"
        assert.are.equal(1, support.count(replace, "\nChanges:\n"))
        support.contains(replace, "\nReplaceOptions:\n")
        for _, name in ipairs { "exactly", "remove", "require", "secret", "sleep", "run" } do
            assert.is_true(support.count(eval(("help %q"):format(name)), "\n") > 1, name)
        end
        support.contains(eval 'help "remove"', "As a value in changes: deletes the field, label or annotation.")
    end)

    it("checks a plugin by its folder, as new plugin has made it", function()
        for _, place in ipairs { "job-size", "plugins/job-size" } do
            uv.fs_mkdir(folder .. "/plugins", 448)
            local code, out, err = support.mpijobd_with({ cwd = folder }, "new", "plugin", place)
            assert.are.equal(0, code, out .. err)
            code, out, err = support.mpijobd_with({ cwd = folder }, "check", place)
            assert.are.equal(0, code, out .. err)
            support.contains(out, "plugin job-size  " .. place .. "\n")
            support.contains(out, place .. "/job-size.lua:")
            -- Its README names it where it is.
            support.contains(support.read(folder .. "/" .. place .. "/README.md"), "job-size: { path: " .. place .. ", config: { large: 8 } }")
        end
        local code, out, err = support.mpijobd_with({ cwd = folder .. "/job-size" }, "check", ".")
        assert.are.equal(0, code, out .. err)
        -- A mistake in it is told by its line.
        support.write(folder .. "/job-size/plugin.lua", 'plugin { name = "job-size", version = "1", api = 1 }\n')
        code, out, err = support.mpijobd_with({ cwd = folder }, "check", "job-size")
        assert.are.equal(1, code, out)
        support.contains(err, 'job-size/plugin.lua:1: plugin "job-size": version is "1"')
        -- Its example alone is no circle.
        code, out, err = support.mpijobd_with({ cwd = folder }, "check", "job-size/job-size.lua")
        assert.are.equal(1, code, out)
        support.contains(err, '"job-size" is this file itself; a plugin is one that the configuration (--config) names')
        assert.is_nil(err:find("circle", 1, true))
    end)

    it("sees what the policies have logged where a test fails, and nowhere else", function()
        support.write(folder .. "/l.lua", 'policy { name = "l", on = "match", match = { phase = "Succeeded" }, run = function(run) for job in run.jobs do log.info("seen", { job = job.key, n = 3 }) end end }\n')
        support.write(folder .. "/l_spec.lua", [[
local function see() cluster.job { name = "a", phase = "Succeeded" } clock.advance "1s" end
it("fails", function() see() assert.are.equal(1, 2) end)
it("errs", function() see() error "here" end)
it("passes", see)
it("has none", function() error "without" end)
]])
        local code, out = support.mpijobd("test", folder .. "/l_spec.lua")
        assert.are.equal(1, code)
        assert.are.equal(2, support.count(out, "\n  2026-01-05T12:00:00Z info l: seen job=default/a n=3 run=1\n"), out)
        assert.are.equal(2, support.count(out, "\nthe log:\n"))
    end)

    it("is told at a terminal that the time is not this machine's", function()
        support.write(folder .. "/n.lua", 'policy { name = "n", schedule = "0 12 * * *", replace = { cleanPodPolicy = "All" } }\n')
        local env = { MPIJOBD_CLOCK = "2026-03-28T00:00:00Z", PATH = os.getenv "PATH", TERM = "xterm", SHELL = "/bin/sh", LC_ALL = "C" }
        local words = ("exec '%s' next '%s/n.lua' -c 1"):format(support.binary, folder)
        local t = support.keep(support.proc.start("/usr/bin/script", { args = { "-qec", words, "/dev/null" }, env = env }))
        assert.are.equal(0, t:wait())
        support.contains(t.stdout, "mpijobd next: MPIJOBD_CLOCK is set: the time is 2026-03-28T00:00:00Z, not this machine's")
        local code, out, err = support.mpijobd_with({ env = env }, "next", folder .. "/n.lua", "-c", "1")
        assert.are.same({ 0, "" }, { code, err })
        support.contains(out, "2026-03-28T12:00:00")
    end)

    it("is told in a spec how it names a plugin", function()
        support.write(folder .. "/q.lua", 'require "gpu-cots"\n' .. GOOD)
        support.write(folder .. "/q_spec.lua", 'it("x", function() cluster.job { name = "a" } assert.untouched "a" end)\n')
        local code, out = support.mpijobd("test", folder .. "/q_spec.lua")
        assert.are.equal(1, code)
        support.contains(out, 'a spec names the plugins of its policies by policy.plugin("PATH") at the top of its file')
        assert.is_nil(out:find("--config", 1, true))
    end)
end)
