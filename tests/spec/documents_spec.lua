-- SPDX-License-Identifier: Apache-2.0
-- Commands in documents. Pages of the guide are run as they stand (guide_spec), and what stands below a command is what comes (outputs_spec). Of all other pages: each mpijobd command, in a block or amid a
-- sentence, is one that the program takes, with options that it has; and each section with commands in a block names the test that runs them.
local support = require "support"
local sim = require "support.sim"
local guide = require "support.guide"
local uv = require "luv"

-- Section -> the file of tests that runs its commands, or why none does.
local RUN_BY <const> = {
    ["README.md: Install"] = "not here: it installs into this machine; tests/package does it in a root folder, and each tier builds so",
    ["README.md: A policy and its spec"] = "tests/spec/guide_spec.lua",
    ["README.md: On your own cluster"] = "tests/spec/documents_spec.lua",
    ["README.md: First steps on kind or minikube"] = "not here: these clusters want containers and a network; tests/deploy/deploy.py gives its job to a real kube-apiserver",
    ["CONTRIBUTING.md: Build"] = "scripts/test",
    ["CONTRIBUTING.md: Tests"] = "scripts/test",
    ["docs/howto/release.md: A release"] = "tests/spec/release_spec.lua",
    ["docs/howto/release.md: Verifying one"] = "tests/spec/release_spec.lua",
    ["docs/operations.md: Traces, and the API server's audit log"] = "tests/spec/trace_spec.lua",
    ["docs/reference/cli.md: mpijobd report --saved"] = "tests/spec/saved_spec.lua",
    ["docs/install.md: Into a cluster"] = "tests/deploy/deploy.py",
    ["docs/install.md: The image"] = "tests/deploy/image.py",
    ["docs/install.md: On kind or minikube"] = "not here: these clusters want containers and a network; tests/deploy/image.py runs the image on a real kube-apiserver",
    ["docs/install.md: Your own policies"] = "tests/deploy/deploy.py",
    ["docs/install.md: Metrics"] = "tests/deploy/served.py",
    ["docs/install.md: HTTPS"] = "tests/deploy/served.py",
    ["docs/install.md: Several pods"] = "tests/deploy/pods.py",
    ["docs/install.md: Upgrade, and away with it"] = "tests/deploy/pods.py",
    ["docs/kueue.md: Tried at home"] = "tests/spec/stop_spec.lua",
    ["docs/operations.md: Running it"] = "tests/package/package.py",
    ["docs/operations.md: Upgrade and uninstall"] = "tests/package/package.py",
    ["docs/operations.md: Several daemons"] = "tests/spec/lead_spec.lua",
    ["docs/operations.md: What they share"] = "tests/spec/journal_spec.lua",
    ["docs/operations.md: Sharing the jobs"] = "tests/spec/shards_spec.lua",
    ["docs/operations.md: What kubectl describe shows"] = "tests/spec/events_cluster_spec.lua",
    ["docs/operations.md: Asking it"] = "tests/spec/control_spec.lua",
    ["docs/operations.md: The log"] = "tests/spec/log_spec.lua",
    ["docs/operations.md: A mail each Monday"] = "tests/spec/saved_spec.lua",
    ["docs/operations.md: Backup and restoring"] = "tests/spec/state_spec.lua",
    ["docs/reference/check.md: Reference: what check finds"] = "tests/spec/check_findings_spec.lua",
    ["docs/reference/cli.md: mpijobd plan"] = "tests/spec/outputs_spec.lua",
    ["docs/reference/cli.md: mpijobd report"] = "tests/spec/outputs_spec.lua",
    ["docs/reference/test.md: Assertions"] = "tests/spec/outputs_spec.lua",
    ["docs/reference/cli.md: mpijobd apply"] = "tests/spec/apply_spec.lua",
    ["docs/reference/cli.md: mpijobd why"] = "tests/spec/why_spec.lua",
    ["docs/reference/cli.md: mpijobd get"] = "tests/spec/get_spec.lua",
    ["docs/reference/cli.md: mpijobd hold"] = "tests/spec/hold_spec.lua",
    ["docs/reference/cli.md: mpijobd job"] = "tests/spec/stop_spec.lua",
    ["docs/reference/cli.md: mpijobd replace"] = "tests/spec/by_hand_spec.lua",
    ["docs/reference/cli.md: mpijobd journal"] = "tests/spec/journal_spec.lua",
    ["docs/reference/cli.md: mpijobd undo"] = "tests/spec/undo_spec.lua",
    ["docs/reference/cli.md: mpijobd status"] = "tests/spec/status_spec.lua",
    ["docs/reference/cli.md: mpijobd reload"] = "tests/spec/reload_spec.lua",
    ["docs/reference/cli.md: mpijobd log-level"] = "tests/spec/log_spec.lua",
    ["docs/reference/cli.md: mpijobd attach"] = "tests/spec/attach_spec.lua",
    ["docs/reference/cli.md: mpijobd eval"] = "tests/spec/eval_spec.lua",
    ["docs/reference/cli.md: mpijobd completion"] = "tests/spec/completion_spec.lua",
    ["docs/reference/control.md: Who may ask"] = "tests/spec/approvers_spec.lua",
    ["docs/reference/http.md: Reference: the JSON API"] = "tests/spec/web_spec.lua",
    ["docs/reference/http.md: Who may"] = "tests/package/package.py",
    ["docs/reference/http.md: HTTPS"] = "tests/spec/https_spec.lua",
    ["docs/reference/http.md: Events"] = "tests/spec/web_spec.lua",
    ["docs/reference/inspect.md: Reference: what `mpijobd inspect` finds"] = "tests/spec/inspect_spec.lua",
    ["docs/reference/plugins.md: The lock"] = "tests/spec/plugins_spec.lua",
    ["docs/reference/policy.md: window"] = "tests/spec/windows_spec.lua",
    ["docs/reference/policy.md: hold"] = "tests/spec/hold_spec.lua",
    ["docs/reference/policy.md: holds_for"] = "tests/spec/holds_for_spec.lua",
    ["docs/reference/policy.md: warn"] = "tests/spec/warn_spec.lua",
    ["docs/reference/policy.md: approval"] = "tests/spec/approve_spec.lua",
    ["docs/reference/state.md: mpijobd state"] = "tests/spec/state_spec.lua",
    ["docs/reference/stop.md: Stopping and resuming a job"] = "tests/spec/stop_spec.lua",
    ["docs/reference/test.md: mpijobd test"] = "tests/spec/policy_test_spec.lua",
    ["docs/reference/test.md: A recorded run, again"] = "tests/spec/from_run_spec.lua",
}
-- What begins a line of a block that is typed into a shell.
local PROGRAMS <const> = {}
for name in ([[mpijobd mpijob-sim kubectl helm buildah curl systemctl journalctl cmake openssl install apt kind minikube git minisign sudo export]]):gmatch "%S+" do
    PROGRAMS[name] = true
end

-- All pages but those that are run as they stand, by their paths.
local function pages()
    local run, list = {}, { "README.md", "CONTRIBUTING.md", "SECURITY.md", "deploy/README.md" }
    for _, page in ipairs(guide.pages()) do
        run[page] = true
    end
    for _, folder in ipairs { "docs", "docs/reference", "docs/howto" } do
        for name in uv.fs_scandir_next, uv.fs_scandir(support.source .. "/" .. folder) do
            local page = folder .. "/" .. name
            if name:find "%.md$" and not run[page] and page ~= "docs/interface-changes.md" then
                list[#list + 1] = page
            end
        end
    end
    table.sort(list)
    return list
end

-- The typed lines of a page's blocks: { section, line, number }; and the code within its sentences.
local function commands(page)
    local lines, code, section, fence, number = {}, {}, "", nil, 0
    for line in support.read(support.source .. "/" .. page):gmatch "([^\n]*)\n" do
        number = number + 1
        local opens = line:match "^```(%l*)"
        if opens then
            fence = not fence and opens or nil
        elseif not fence and line:find "^#+ " then
            section = line:match "^#+ (.*)"
        end
        local typed = fence and (fence == "" or fence == "console" or fence == "sh") and line or not fence and line:match "^    %s*(%S.*)"
        typed = not opens and typed and (typed:match "^%$ (.*)" or typed)
        if typed and PROGRAMS[typed:match "^[%w-]+"] and not typed:find "^%S+ %l+:" and not typed:find "takes it back" then
            lines[#lines + 1] = { section = section, text = typed, number = number }
        elseif not fence and not line:find "^    " then
            for span in line:gmatch "`(mpijobd %l[^`]*)`" do
                code[#code + 1] = { text = span, number = number }
            end
        end
    end
    return lines, code
end

-- The words of the mpijobd command in a line of a shell, and no more of that line; nil: it has no such command, or one that stands for several.
local function words_of(text)
    text = text:match "%-%- mpijobd (.*)" or text:match "^sudo mpijobd (.*)" or text:match "^mpijobd (.*)" or text:match "&& mpijobd (.*)"
    text = text and text:gsub("%s+#.*$", ""):gsub("%s+[|>].*$", ""):gsub("%s*\\$", "")
    if not text or text:find "^>" or text:find "%.%.%." or text:find "[%[%]…]" or text:find "%$%(" and not text:find '"[^"]*%$%([^"]*"' or not text:find "^%l" or text:find "^help " then
        return nil
    end
    return text
end

describe("a command in a document", function()
    after_each(support.cleanup)

    it("is one that the program takes, with options that it has", function()
        local folder, known, total, wrong = support.folder(), {}, 0, ""
        for _, page in ipairs(pages()) do
            -- Amid a sentence an option may stand without its value.
            local script = { 'try() { "$MPIJOBD" "${@:2}" --help >/dev/null 2>$ERRORS || "$MPIJOBD" "${@:2}" 1 --help >/dev/null 2>&1 || { echo "$1"; head -n 1 $ERRORS; }; }' }
            local lines, code = commands(page)
            for _, list in ipairs { lines, code } do
                for _, one in ipairs(list) do
                    local words = words_of(one.text)
                    if words and not known[words] then
                        known[words], total = true, total + 1
                        script[#script + 1] = ("try '%s:%d' %s"):format(page, one.number, words)
                    end
                end
            end
            local path = support.write(folder .. "/all.sh", table.concat(script, "\n") .. "\n")
            local exit, out, err = support.proc.run("/bin/bash", { args = { path }, cwd = folder, seconds = 300, env = { MPIJOBD = support.binary, ERRORS = folder .. "/errors" } })
            assert.are.equal(0, exit, page .. "\n" .. err)
            wrong = wrong .. out .. err
        end
        assert.are.equal("", wrong)
        assert.is_true(total > 100, total)
    end)

    it("that stands in a block is run by a test, or it is said why not", function()
        local seen, wrong = {}, {}
        for _, page in ipairs(pages()) do
            for _, one in ipairs((commands(page))) do
                local section = page .. ": " .. one.section
                local short = page .. ": " .. (one.section:match "^mpijobd %l[%l-]*" or one.section)
                local by = RUN_BY[section] or RUN_BY[short]
                seen[RUN_BY[section] and section or short] = true
                if not by then
                    wrong[#wrong + 1] = ("%s:%d: no test runs the commands of %q: name one in RUN_BY, or say why no test can"):format(page, one.number, one.section)
                elseif not by:find "^not here: " and not uv.fs_stat(support.source .. "/" .. by) then
                    wrong[#wrong + 1] = ("%s: there is no %s"):format(section, by)
                end
            end
        end
        for section in pairs(RUN_BY) do
            if not seen[section] then
                wrong[#wrong + 1] = section .. ": it has no commands"
            end
        end
        table.sort(wrong)
        assert.are.equal("", table.concat(wrong, "\n"))
    end)

    local function written(server)
        local count = 0
        for _, r in ipairs(server:requests "method=PUT&body=0") do
            count = count + ((r.query or ""):find "dryRun" and 0 or 1)
        end
        return count
    end

    it("that the README gives for one's own cluster does as it says, and nothing is written before the last", function()
        local folder = support.folder()
        local server = sim.start("--version", "v2beta1", "--jobs", "50", "--seed", "5")
        uv.fs_mkdir(folder .. "/my-policies", 448)
        support.write(folder .. "/my-policies/free-gpus.lua", support.read(support.source .. "/lua/policies/free-gpus.lua"))
        local _, jobs = server:request("GET", "/apis/kubeflow.org/v2beta1/mpijobs?limit=1")
        local job = jobs.items[1].metadata
        local options = { cwd = folder, env = { KUBECONFIG = server.kubeconfig, XDG_STATE_HOME = folder, HOME = folder } }
        local state, count = folder .. "/s.db", 0
        for _, one in ipairs((commands "README.md")) do
            local words = one.section == "On your own cluster" and words_of(one.text)
            if words then
                count = count + 1
                words = words:gsub("train/bert%-large", job.namespace .. "/" .. job.name):gsub("%-n train bert%-large", ("-n %s %s"):format(job.namespace, job.name))
                local args = {}
                for word in words:gmatch "%S+" do
                    args[#args + 1] = word
                end
                if args[1] == "run" then
                    assert.are.equal(count < 8 and "--dry-run" or nil, args[2]:match "^%-%-dry.*")
                    assert.are.equal(0, written(server))
                    local daemon = support.daemon(options, "--state", state, "--listen", "none", table.unpack(args))
                    daemon:expect "run ended"
                    daemon:stop()
                else
                    local code, _, err = support.mpijobd_with(options, table.unpack(args))
                    assert.are.equal(0, code, one.text .. "\n" .. err)
                end
            end
        end
        assert.are.equal(8, count)
        assert.is_true(written(server) > 0)
    end)
end)
