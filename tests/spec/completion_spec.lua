-- SPDX-License-Identifier: Apache-2.0
-- Completion in shells: what a word can become, asked of the program, and the scripts in real shells.
local support = require "support"
local sim = require "support.sim"

describe("completion", function()
    local server, folder, config
    lazy_setup(function()
        server = sim.start("--version", "v2beta1", "--jobs", "12", "--seed", "1")
        folder = support.folder()
        support.write(folder .. "/p.lua", [[policy { name = "free-gpus", about = "GPUs: back at once.", every = "1h", match = { phase = "Suspended" }, replace = { suspend = false } }
policy { name = "triage", every = "1h", match = { phase = "Suspended" }, replace = { suspend = false } }]])
        config = support.write(folder .. "/mpijobd.yaml", ("cluster: { kubeconfig: %s }\npolicies: [%s/p.lua]\nstate: %s/s.db\n"):format(server.kubeconfig, folder, folder))
        support.mpijobd("run", "--once", "--config", config)
    end)
    lazy_teardown(support.cleanup)

    -- The directive and the values, by name; and the values in order.
    local function ask(...)
        local code, out, err = support.mpijobd_with({ env = { KUBECONFIG = server.kubeconfig } }, "__complete", ...)
        assert.are.same({ 0, "" }, { code, err })
        local directive, named, list = out:match "^(:%l+)\n", {}, {}
        for value, about in out:gmatch "\n([^\t\n]+)\t([^\n]*)" do
            named[value] = about
            list[#list + 1] = value
        end
        return directive, named, list
    end

    it("knows each command and each of its options, as --help does", function()
        local _, all = support.mpijobd "--help"
        local _, commands = ask ""
        for name, about in all:match("Commands:\n(.-)\n\n"):gmatch "  (%l+) +([^\n]+)" do
            assert.are.equal(about, commands[name])
            local _, help = support.mpijobd(name, "--help")
            local directive, options = ask(name, "-")
            assert.are.equal(":values", directive)
            for option in help:match("Options:\n(.*)"):gmatch "  [- ][%w ][, ] %-%-([%l-]+) " do
                assert.is_truthy(options["--" .. option], name .. " --" .. option)
            end
            if options["--output"] and ("get check journal test report"):find(name, 1, true) then
                local _, formats = ask(name, "-o", "")
                assert.is_truthy(next(formats), name)
                for format in pairs(formats) do
                    assert.are.equal(0, (support.mpijobd(name, "-o", format .. (format:find "=$" and "x" or ""), "--help")), name .. " -o " .. format)
                end
            end
        end
        assert.are.same({ "get" }, select(3, ask "ge"))
        assert.are.same({ "get" }, select(3, ask("help", "ge")))
        assert.are.same({ "--all-namespaces" }, select(3, ask("-n", "x", "get", "--all-")))
    end)

    it("goes by the usage of a command: kinds, names, words, files", function()
        local _, kinds = ask("get", "")
        assert.are.equal("PyTorchJob", kinds.pytorchjobs)
        assert.are.same({ "stop" }, select(3, ask("job", "st")))
        assert.are.same({ "policy", "plugin" }, select(3, ask("new", "")))
        assert.are.same({ "off" }, select(3, ask("hold", "a", "")))
        assert.is_truthy(select(2, ask("replace", "a", "clean"))["cleanPodPolicy="])
        assert.is_truthy(select(2, ask("replace", "a", "b=c", "lab"))["labels."])
        assert.are.equal(":files", (ask("check", "")))
        assert.are.equal(":files", (ask("apply", "")))
        assert.are.equal(":files", (ask("why", "p", "j", "")))
        assert.are.equal(":files", (ask("get", "--kubeconfig", "")))
        assert.are.same({ "--output=json", "--output=jsonpath=" }, select(3, ask("get", "--output=js")))
        assert.are.same({ "info" }, select(3, ask("run", "--log-level", "i")))
        assert.are.same({ "bash" }, select(3, ask("completion", "b")))
        assert.are.same({}, select(3, ask("nonsense", "")))
    end)

    it("finds jobs, namespaces, contexts, policies and runs", function()
        local _, jobs = support.mpijobd("get", "-A", "--kubeconfig", server.kubeconfig)
        local namespace, name = jobs:match "\n(%S+) +(%S+)"
        assert.is_truthy(select(2, ask("get", "-n", namespace, ""))[name])
        assert.is_truthy(select(2, ask("hold", namespace .. "/"))[namespace .. "/" .. name])
        assert.is_truthy(select(2, ask("get", "-n", ""))[namespace])
        assert.is_truthy(select(2, ask("get", "--context", "")).sim)
        local _, policies = ask("pause", "--config", config, "")
        assert.are.same({ ["free-gpus"] = "GPUs: back at once.", triage = "" }, policies)
        assert.are.same({ "triage" }, select(3, ask("journal", "--config", config, "--policy", "tr")))
        local _, runs = ask("undo", "--config", config, "")
        assert.are.equal("triage, done", runs["2"])
    end)

    it("asks the running daemon for its policies", function()
        local other = support.folder()
        support.write(other .. "/p.lua", [[policy { name = "of-the-daemon", every = "1h", match = { phase = "Suspended" }, replace = { suspend = false } }]])
        local daemon = support.daemon({}, "run", "--kubeconfig", server.kubeconfig, "--state", other .. "/s.db", other .. "/p.lua")
        daemon:expect "connected"
        assert(support.proc.await(function()
            local _, found = ask("pause", "--state", other .. "/s.db", "")
            return found["of-the-daemon"]
        end))
        daemon:kill "sigterm"
        daemon:wait()
    end)

    it("says nothing where nothing can be found, and ends", function()
        local function silent(env, ...)
            local code, out, err = support.mpijobd_with({ env = env }, "__complete", ...)
            assert.are.same({ 0, ":values\n", "" }, { code, out, err })
        end
        silent({ KUBECONFIG = "/nonexistent" }, "get", "-n", "")
        silent({ KUBECONFIG = support.write(folder .. "/broken", "{") }, "get", "--context", "")
        silent({ KUBECONFIG = "/nonexistent" }, "pause", "--state", folder .. "/none.db", "--config", folder .. "/none.yaml", "")
        local slow = sim.start("--version", "v2beta1", "--latency", "60000")
        silent({ KUBECONFIG = slow.kubeconfig }, "get", "-n", "")
    end)

    local function shell(program, script)
        if not support.uv.fs_stat("/usr/bin/" .. program) then
            return nil, pending(program .. " is missing")
        end
        local code, out, err = support.proc.run("/usr/bin/" .. program, { args = program == "zsh" and { "-f", "-c", script } or { "-c", script },
            env = { PATH = support.binary:match "^(.*)/" .. ":" .. os.getenv "PATH", KUBECONFIG = server.kubeconfig, HOME = folder, LC_ALL = "C.UTF-8" } })
        assert.are.equal(0, code, err)
        assert.are.equal("", err)
        return out
    end

    -- What bash gets for these words, the last of which is completed. Bash takes them apart at = and : itself.
    local function bash(words, point)
        local out = shell("bash", ([[source <(mpijobd completion bash); complete -p mpijobd
            compopt() { :; }; COMP_WORDS=(mpijobd %s); COMP_CWORD=%d; _mpijobd; printf '<%%s>' "${COMPREPLY[@]}"]]):format(words, point))
        local registered, replies = out:match "^([^\n]*)\n(.*)$"
        assert.are.equal("complete -F _mpijobd mpijobd", registered)
        return replies
    end

    it("works in bash", function()
        assert.are.equal("<get>", bash("ge", 1))
        assert.are.equal("<json><jsonpath=>", bash("get --output = js", 4))
        assert.are.equal("<table>", bash("get --output = ta", 4))
        assert.are.equal("<--sort-by>", bash("get --sort", 2))
        assert.are.equal("<sim>", bash("get --context ''", 3))
        assert.are.equal("<label:>", bash("report --by la", 3))
        assert.is_truthy(bash("check " .. folder .. "/", 2):find("<" .. folder .. "/p.lua>", 1, true))
        assert.are.equal("<>", bash("get --kubeconfig /nonexistent -n ''", 5))
    end)

    it("works in zsh", function()
        local out = shell("zsh", [[compdef() { print registered $1 $2; }; _files() { print files "$@"; }; _call_program() { shift; eval "$*"; }
            _describe() { print -rl -- "${(P@)4}" "${(P@)6}" ; }
            eval "$(mpijobd completion zsh)"
            words=(mpijobd get --sort); CURRENT=3; _mpijobd
            words=(mpijobd get -o js); CURRENT=4; _mpijobd
            words=(mpijobd check ''); CURRENT=3; _mpijobd
            words=(mpijobd report --by label); CURRENT=4; _mpijobd]])
        if out then
            support.contains(out, "registered _mpijobd mpijobd\n--sort-by:a column, as age")
            support.contains(out, "\njson\njsonpath=\nfiles\n")
            support.contains(out, "\nlabel\\:\n")
        end
    end)

    it("works in fish", function()
        local out = shell("fish", [[mpijobd completion fish | source
            complete -C "mpijobd get --sort"; complete -C "mpijobd get --output=js"; complete -C "mpijobd get --context "; complete -C "mpijobd check ]] .. folder .. [[/p.l"]])
        if out then
            assert.are.equal("--sort-by\ta column, as age, or a path, as .metadata.creationTimestamp\n--output=json\n--output=jsonpath=\nsim\n" .. folder .. "/p.lua\n", out)
        end
    end)
end)
