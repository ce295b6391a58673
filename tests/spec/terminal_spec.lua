-- SPDX-License-Identifier: Apache-2.0
-- At a terminal: tables that fit, colours that mean something, times in the local zone. In a pipe nothing of it.
local support = require "support"
local sim = require "support.sim"

describe("at a terminal", function()
    local server, folder
    lazy_setup(function()
        server = sim.start("--version", "v2beta1", "--jobs", "30", "--seed", "3", "--now", "2026-11-23T20:15:00Z")
        folder = support.folder()
        support.write(folder .. "/p.lua", [[policy { name = "label-all", every = "1h", replace = { labels = { ["ops.example.com/reviewed-by"] = "the-night-shift" } } }]])
        local code, _, err = support.mpijobd_with({ env = { MPIJOBD_CLOCK = "2026-11-23T20:15:00Z" } }, "run", "--once", "--kubeconfig", server.kubeconfig, "--state",
            folder .. "/s.db", folder .. "/p.lua")
        assert.are.equal(0, code, err)
    end)
    lazy_teardown(support.cleanup)

    -- What a command prints on a terminal of so many columns; standard error goes to a file, which is the second result.
    local function at(columns, env, ...)
        local words = {}
        for _, word in ipairs { ... } do
            words[#words + 1] = "'" .. word .. "'"
        end
        local told = folder .. "/stderr"
        local script = ("stty rows 24 cols %d -opost; exec '%s' %s 2>'%s'"):format(columns, support.binary, table.concat(words, " "), told)
        local given = { TERM = "xterm", HOME = folder, SHELL = "/bin/sh", PATH = os.getenv "PATH", KUBECONFIG = server.kubeconfig, NO_COLOR = false }
        for name, value in pairs(env) do
            given[name] = value
        end
        local code, out = support.proc.run("/usr/bin/script", { args = { "-qec", script, "/dev/null" }, env = given })
        return code, out, support.read(told)
    end

    local function bare(text)
        return (text:gsub("\27%[%d*m", ""))
    end

    local function widest(text)
        local most = 0
        for line in bare(text):gmatch "[^\n]+" do
            most = math.max(most, utf8.len(line))
        end
        return most
    end

    it("a table leaves out what is needed least, and says so; names stay whole", function()
        local code, wide, err = at(200, {}, "get", "-A")
        assert.are.equal(0, code)
        assert.are.equal("", err)
        support.contains(wide, "DEADLINE")
        local _, narrow, told = at(80, {}, "get", "-A")
        assert.is_true(widest(narrow) <= 80, narrow)
        support.contains(told, "left out, as the terminal is narrow: DEADLINE")
        for name in bare(wide):gmatch "\n%S+ +(%S+)" do
            support.contains(narrow, name)
        end
        local _, piped = support.mpijobd("get", "-A", "--kubeconfig", server.kubeconfig)
        assert.are.equal((bare(wide):gsub("%d+[dhms]%S*", "")), (piped:gsub("%d+[dhms]%S*", "")))
    end)

    it("long cells go on in the next line, and lose nothing", function()
        local _, out = at(110, { TZ = "UTC" }, "journal", "--state", folder .. "/s.db", "--limit", "1")
        assert.is_true(widest(out) <= 110, out)
        local _, piped = support.mpijobd("journal", "--state", folder .. "/s.db", "--limit", "1")
        local row = piped:match "\n([^\n]+)"
        local squeezed = bare(out):gsub("%s+", "")
        for _, part in ipairs { row:match "(%S+/%S+)", "label-all" } do
            support.contains(out, part)
        end
        for word in row:match "labels.-the%-night%-shift":gmatch "[%w./]+" do
            support.contains(squeezed, word:sub(1, 12))
        end
        assert.is_true(select(2, out:gsub("\n", "")) > 2, out)
    end)

    it("colours tell what is wrong, only on a terminal and only where they are wanted", function()
        local _, out = at(200, {}, "get", "-A")
        support.contains(out, "\27[31mFailed\27[0m")
        support.contains(out, "\27[32mRunning\27[0m")
        assert.is_nil(out:find("mSucceeded", 1, true))
        for _, env in ipairs { { NO_COLOR = "1" }, { TERM = "dumb" } } do
            _, out = at(200, env, "get", "-A")
            assert.is_nil(out:find("\27", 1, true))
        end
        _, out = support.mpijobd_with({ env = { TERM = "xterm" } }, "get", "-A", "--kubeconfig", server.kubeconfig)
        assert.is_nil(out:find("\27", 1, true))
    end)

    it("run --once tells how many jobs are done, below its log, and nothing of it in a pipe", function()
        local slow = sim.start("--version", "v2beta1", "--jobs", "24", "--seed", "3", "--latency", "250")
        local file = support.write(folder .. "/once.lua", 'policy { name = "label", every = "1h", replace = { labels = { touched = "yes" } }, limits = { concurrency = 2 } }')
        local words = ("stty rows 24 cols 100 -opost; exec '%s' run --once --state :memory: '%s' 2>&1"):format(support.binary, file)
        local code, out = support.proc.run("/usr/bin/script", { args = { "-qec", words, "/dev/null" },
            env = { TERM = "xterm", HOME = folder, SHELL = "/bin/sh", PATH = os.getenv "PATH", KUBECONFIG = slow.kubeconfig, NO_COLOR = "1" } })
        assert.are.equal(0, code, out)
        assert.is_truthy(out:find "\r%d+ jobs, [%d.]+ a second\27%[K", out)
        assert.is_truthy(out:find "a second\27%[K\r\27%[K20%d%d%-", out) -- a line of the log wipes it
        assert.is_nil(out:find "a second\27%[K20", out)
        local piped
        code, piped, out = support.mpijobd_with({ env = { TERM = "xterm", KUBECONFIG = slow.kubeconfig } }, "run", "--once", "--state", ":memory:", file)
        assert.are.equal(0, code, out)
        assert.is_nil((piped .. out):find("\r", 1, true))
    end)

    it("a long list tells how many jobs have come, of how many, and nothing of it in a pipe", function()
        local slow = sim.start("--version", "v2beta1", "--jobs", "2600", "--seed", "3", "--latency", "250")
        local words = ("stty rows 24 cols 200 -opost; exec '%s' get -A 2>&1"):format(support.binary)
        local code, out = support.proc.run("/usr/bin/script", { args = { "-qec", words, "/dev/null" },
            env = { TERM = "xterm", HOME = folder, SHELL = "/bin/sh", PATH = os.getenv "PATH", KUBECONFIG = slow.kubeconfig, NO_COLOR = "1" } })
        assert.are.equal(0, code, out)
        assert.is_truthy(out:find "\r%[#+%-+%]  %d+00 of 2600 jobs, [%d.]+ a second, about %d+s left\27%[K", out:sub(1, 400))
        assert.is_truthy(out:find "\r\27%[KNAMESPACE", out:sub(1, 1200)) -- the table wipes it
        local _, piped, err = support.mpijobd("get", "-A", "--kubeconfig", slow.kubeconfig)
        assert.is_nil((piped .. err):find("\r", 1, true))
        assert.are.equal(2601, select(2, piped:gsub("\n", "")))
    end)

    it("long scripts tell how many of their parts are done, and what they print wipes it", function()
        local script = support.write(folder .. "/parts", ([[
            . '%s/scripts/progress'
            progress_show 4 16 benchmarks 125
            echo "a figure" | progress_past
            progress_clear
        ]]):format(support.source))
        local env = { TERM = "xterm", PATH = os.getenv "PATH" }
        local code, out = support.proc.run("/usr/bin/script", { args = { "-qec", "stty -opost; exec bash " .. script, "/dev/null" }, env = env })
        assert.are.equal(0, code, out)
        assert.are.equal("\r[#####---------------]  4 of 16 benchmarks, 2m05s so far, about 6m15s left\27[K\r\27[Ka figure\n\r\27[K", out)
        local _, piped, err = support.proc.run("/bin/bash", { args = { script }, env = env })
        assert.are.same({ "a figure\n", "" }, { piped, err })
    end)

    it("a line tells how far many changes have come, and is gone at the end; in a pipe there is nothing of it", function()
        local slow = sim.start("--version", "v2beta1", "--jobs", "24", "--seed", "3", "--latency", "250")
        local words = ("stty rows 24 cols 100 -opost; exec '%s' replace --no-journal -A --all labels.touched=yes 2>&1"):format(support.binary)
        local code, out = support.proc.run("/usr/bin/script", { args = { "-qec", words, "/dev/null" },
            env = { TERM = "xterm", HOME = folder, SHELL = "/bin/sh", PATH = os.getenv "PATH", KUBECONFIG = slow.kubeconfig, NO_COLOR = "1" } })
        assert.are.equal(0, code, out)
        assert.is_truthy(out:find "\r%[#*%-+%]  %d+ of 24 jobs, [%d.]+ a second, about %d+m?%d*s left\27%[K", out)
        local shown = out:gsub("\r%[[^\n]-left\27%[K", ""):gsub("\r\27%[K", "")
        local code_piped, piped, err = support.mpijobd("replace", "--no-journal", "-A", "--all", "labels.touched-", "--kubeconfig", slow.kubeconfig)
        assert.are.same({ 0, "" }, { code_piped, err })
        assert.is_nil(piped:find("\27", 1, true))
        local _, lines = shown:gsub(" replaced", "")
        assert.are.equal(24, lines, shown)
        support.contains(shown, "24 changed, 0 as they should be, 0 failed\n")
        assert.is_nil(shown:find("\27", 1, true))
    end)

    it("times are in the local zone, unless --utc is given or it is no terminal", function()
        local zone = { TZ = "CET-1" }
        local _, out = at(200, zone, "journal", "--state", folder .. "/s.db", "--limit", "1")
        support.contains(out, "\n2026-11-23T21:15:0")
        assert.is_truthy(out:find "T21:15:%d%d%+01:00 ", out)
        _, out = at(200, zone, "journal", "--state", folder .. "/s.db", "--limit", "1", "--utc")
        assert.is_truthy(out:find "\n2026%-11%-23T20:15:%d%dZ ", out)
        _, out = at(200, { TZ = "America/St_Johns" }, "runs", "--state", folder .. "/s.db", "--limit", "1")
        assert.is_truthy(out:find "T16:45:%d%d%-03:30 ", out)
        _, out = support.mpijobd_with({ env = zone }, "journal", "--state", folder .. "/s.db", "--limit", "1")
        assert.is_truthy(out:find "\n2026%-11%-23T20:15:%d%dZ ", out)
    end)
end)
