-- SPDX-License-Identifier: Apache-2.0
-- report --saved: the GPU-hours that were given back, by the journal.
local support = require "support"
local sim = require "support.sim"
local web = require "support.web"
local mail = require "support.mail"

describe("report --saved", function()
    local folder, config, server

    local POLICY = [[policy { name = "free", every = "10m", match = { phase = { "Succeeded", "Failed" }, cleanPodPolicy = { "unset", "None" } }, replace = { cleanPodPolicy = "All" } }]]

    local function saved(...)
        local code, out, err = support.mpijobd("report", "--saved", "--config", config, ...)
        assert.are.equal(0, code, out .. err)
        return out, err
    end

    lazy_setup(function()
        folder, server = support.folder(), sim.start("--jobs", "40", "--seed", "5")
        support.write(folder .. "/p.lua", POLICY)
        config = support.write(folder .. "/mpijobd.yaml", ("state: %s/s.db\nreport: { currency: EUR, gpu_hour: 2.5, at_most: 12h }\n"):format(folder))
        local code, out, err = support.mpijobd("run", "--once", "--config", config, "--kubeconfig", server.kubeconfig, folder .. "/p.lua")
        assert.are.equal(0, code, out .. err)
    end)
    lazy_teardown(support.cleanup)

    it("sums the journal's changes by policy and team, as table, Markdown, CSV and JSON", function()
        local report = support.json.decode((saved("-o", "json", "--by", "label:team")))
        assert.is_truthy(report.total.jobs > 3)
        local _, journal = support.mpijobd("journal", "--state", folder .. "/s.db", "--limit", "0", "-o", "json", "--control", "none")
        local gpus, freed = 0, 0
        for _, change in ipairs(support.json.decode(journal)) do
            if change.frees ~= support.json.null and type(change.frees) == "table" then
                gpus, freed = gpus + change.frees.gpus, freed + 1
            end
        end
        assert.is_truthy(freed >= report.total.jobs and gpus >= report.total.gpus)
        assert.are.equal("team", report.by)
        assert.are.equal("EUR", report.currency)
        assert.are.equal(43200, report.at_most_seconds)
        support.contains(saved(), "POLICY  JOBS  GPUS  GPU-HOURS  EUR\nfree ")
        support.contains(saved("-o", "markdown", "--by", "label:team"), "| policy | team | jobs | GPUs | GPU-hours | EUR |\n|---|---|--:|--:|--:|--:|\n| free |")
        support.contains(saved("-o", "csv", "--by", "namespace"), "policy,group,jobs,jobs_seen,gpus,gpu_hours,worth,currency\nfree,")
    end)

    it("counts a job once, however many journals have it", function()
        support.write(folder .. "/t.db", support.read(folder .. "/s.db"))
        local one = support.json.decode((saved("-o", "json", "--state", folder .. "/s.db")))
        local two = support.json.decode((saved("-o", "json", "--state", folder .. "/s.db", "--state", folder .. "/t.db")))
        assert.are.same({ one.total.jobs, one.total.gpus, 2 }, { two.total.jobs, two.total.gpus, two.journals })
    end)

    it("is sent by a sink of notify", function()
        local hears = web.start()
        config = support.write(folder .. "/notify.yaml", ("state: %s/s.db\nnotify: { team: { type: webhook, url: 'http://127.0.0.1:%d/hook' } }\n"):format(folder, hears.port))
        assert.are.equal("", (saved("--notify", "team", "-o", "markdown")))
        support.contains(hears:requests()[1].body, "GPU-hours given back")
        local code, _, err = support.mpijobd("report", "--saved", "--config", config, "--notify", "nobody")
        assert.are.equal(1, code)
        support.contains(err, 'notify has no sink "nobody"')
    end)

    it("is sent by mail, as a mail program reads it", function()
        local takes = mail.start()
        config = support.write(folder .. "/mail.yaml", ([[
state: %s/s.db
report: { currency: "€", gpu_hour: 2.5 }
notify:
  people: { type: email, server: "smtp://127.0.0.1:%s", from: "mpijobd für alle <d@example.com>", to: [ a@example.com, "Jürgen \"J\" Müller <b@example.com>" ] }
  named: { type: email, server: "smtp://127.0.0.1:%s", from: d@example.com, to: a@example.com, subject: "GPU-Stunden, zurückgegeben" }
]]):format(folder, takes.port, takes.port))
        local until_then = os.date "!%Y-%m-%d"
        assert.are.equal("", (saved("--notify", "people", "-o", "markdown", "--by", "label:team", "--since", "7d")))
        local got = takes:next()
        assert.are.same({ "<d@example.com>", { "<a@example.com>", "<b@example.com>" }, {} }, { got.from, got.to, got.defects })
        assert.are.same({ "text/plain", "utf-8", "auto-generated" }, { got.type, got.charset, got.headers["auto-submitted"] })
        assert.are.same({ "mpijobd für alle <d@example.com>", 'a@example.com, "Jürgen \\"J\\" Müller" <b@example.com>' }, { got.headers.from, got.headers.to })
        local from, to, hours = got.headers.subject:match "^GPU%-hours given back from (%d+%-%d+%-%d+) to (%d+%-%d+%-%d+): ([%d.]+)$"
        assert.is_true(from < to and to >= until_then)
        support.contains(got.text, "| policy | team | jobs | GPUs | GPU-hours | € |\n|---|---|--:|--:|--:|--:|\n| free |")
        support.contains(got.text, " | " .. hours .. " | ")
        -- A subject of the sink goes before; a table of nothing has its names.
        support.write(folder .. "/none.lua", (POLICY:gsub("match = {", 'match = { name = "nobody",')))
        assert.are.equal(0, (support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/none.db", folder .. "/none.lua")))
        saved("--notify", "named", "-o", "csv", "--state", folder .. "/none.db")
        got = takes:next()
        assert.are.same({ "GPU-Stunden, zurückgegeben", "policy,group,jobs,jobs_seen,gpus,gpu_hours,worth,currency\n", {} }, { got.headers.subject, got.text, got.defects })
        -- A server that wants to be asked later is; one that never takes it makes it fail.
        local later = mail.start("--refuse", "1")
        support.write(folder .. "/mail.yaml", (support.read(config):gsub("127.0.0.1:%d+", "127.0.0.1:" .. later.port)))
        local _, told = saved("--notify", "people")
        support.contains(told, "is tried again")
        support.contains(later:next().text, "POLICY  JOBS")
        local refuses = mail.start("--reject")
        support.write(folder .. "/mail.yaml", (support.read(config):gsub("127.0.0.1:%d+", "127.0.0.1:" .. refuses.port)))
        local code, out, err = support.mpijobd("report", "--saved", "--config", config, "--notify", "people")
        assert.are.same({ 1, "" }, { code, out })
        support.contains(err, "email: the server answered 550")
    end)

    it("says what goes together, and what a price can be", function()
        for _, case in ipairs {
            { 2, "go with --saved", "report", "--since", "2h" }, { 2, "takes no names", "report", "--saved", "-A" }, { 2, "table, json, csv or markdown", "report", "--saved", "-o", "yaml" },
            { 2, "label:KEY", "report", "--saved", "--by", "kind" }, { 2, "since takes", "report", "--saved", "--since", "soon" },
        } do
            local code, _, err = support.mpijobd(table.unpack(case, 3))
            assert.are.equal(case[1], code)
            support.contains(err, case[2])
        end
        for value, message in pairs {
            ["gpu_hour: -1"] = "what an hour of one GPU costs", ["at_most: 2s"] = "from 1m to 366d", ["currency: ''"] = "1 to 16 bytes", ["clusters: { a: much }"] = "/report/clusters/a", ["prise: 2"] = "not a key",
        } do
            local file = support.write(folder .. "/bad.yaml", "report:\n  " .. value .. "\n")
            local code, _, err = support.mpijobd("report", "--saved", "--config", file)
            assert.are.equal(1, code)
            support.contains((err:gsub("report%.clusters%.a", "/report/clusters/a")), message)
        end
    end)
end)
