-- SPDX-License-Identifier: Apache-2.0
-- The JSON API of a running daemon: what it shows, what people do by it, and who may.
local support = require "support"
local cluster = require "support.cluster"
local api = require "support.api"
local events = require "support.events"

describe("the JSON API", function()
    local server, folder, daemon, url, read, write, none

    local POLICIES = [[
        policy { name = "free", about = "frees GPUs", every = "10m", match = { namespace = "train", phase = "Succeeded" },
            replace = { cleanPodPolicy = "All" } }
        policy { name = "asks", schedule = "0 0 1 1 *", match = { namespace = "vision", phase = "Succeeded" }, approval = "always",
            replace = { labels = { freed = "yes" } } }
        policy { name = "broken", every = "10m", run = function() error("by design") end, breaker = false }
    ]]

    setup(function()
        server = cluster.start(cluster.versions[4])
        for _, name in ipairs { "train", "vision" } do
            server:make_namespace(name)
        end
        for _, name in ipairs { "one", "two", "three" } do
            server:create("vision", name, { state = "Succeeded" })
        end
        server:create("train", "bert", { state = "Succeeded" })
        folder = support.folder()
        support.write(folder .. "/p.lua", POLICIES)
        support.write(folder .. "/read", "reads-only\n")
        support.write(folder .. "/write", "writes-too\n")
        support.write(folder .. "/mpijobd.yaml", ("cluster: { kubeconfig: %s }\npolicies: [ p.lua ]\nstate: s.db\nlisten: 127.0.0.1:0\n" ..
            "tokens: { read: read, write: write }\n"):format(server.kubeconfig))
        daemon = support.daemon({ stdin = true }, "run", "--config", folder .. "/mpijobd.yaml", "--clock", "2026-12-01T00:00:00Z")
        url = daemon:expect("metrics and health are served"):match("url=(%S+)")
        daemon:expect("in force")
        daemon:expect("commands may ask this daemon")
        read, write, none = api.at(url, "reads-only"), api.at(url, "writes-too"), api.at(url)
    end)
    teardown(support.cleanup)

    local function problem(status, reason, part, got, body, headers)
        assert.are.equal(status, got, type(body) == "string" and body or support.json.encode(body))
        assert.are.equal("application/problem+json", headers["content-type"])
        assert.are.equal(reason, body.reason)
        assert.are.equal(status, body.status)
        support.contains(body.detail, part)
    end

    local function freed(name)
        return (server:get("vision", name).metadata.labels or {}).freed
    end

    it("shows policies, in pages and by filters", function()
        local status, list, headers = read:get("/api/v1/policies")
        assert.are.equal(200, status)
        assert.are.equal("application/json", headers["content-type"])
        assert.are.equal("no-store", headers["cache-control"])
        support.contains(headers["content-security-policy"], "default-src 'none'")
        assert.are.equal(3, #list.items)
        assert.are.equal(support.json.null, list.next)
        local seen, cursor = {}, nil
        repeat
            local _, page = read:get("/api/v1/policies?limit=1" .. (cursor and "&cursor=" .. cursor or ""))
            assert.are.equal(1, #page.items)
            seen[#seen + 1] = page.items[1].policy
            cursor = page.next
        until cursor == support.json.null
        assert.are.same({ "asks", "broken", "free" }, seen)
        local _, paused = read:get("/api/v1/policies?state=paused")
        assert.are.same({}, paused.items)
        local _, one = read:get("/api/v1/policies/free")
        assert.are.equal("frees GPUs", one.about)
        assert.are.equal(POLICIES, one.text)
        assert.are.equal(support.json.null, list.items[1].text)
        assert.are.equal("in force", one.clusters[1].state)
        problem(404, "NotFound", 'did you mean "free"?', read:get("/api/v1/policies/fre"))
    end)

    it("says how the daemon is, and what who asks may do", function()
        local _, status = read:get("/api/v1/status")
        assert.are.equal("token:read", status.who)
        assert.is_false(status.may_act)
        assert.are.equal("2026-12-01T00:00:00.000000Z", status.now)
        assert.are.same({ "cluster", "connected" }, { status.parts[1].kind, status.parts[1].state })
        assert.is_true(select(2, write:get("/api/v1/status")).may_act)
        problem(401, "Refused", "a token is needed", none:get("/api/v1/status"))
        local _, log = read:get("/api/v1/log")
        assert.are.equal(1, log.items[1].line)
        local last = log.items[#log.items]
        support.contains(daemon.stderr, last.text)
        for _, line in ipairs(log.items) do
            support.lacks(line.text, "reads-only")
        end
        write:post("/api/v1/policies/free/pause")
        local _, later = read:get("/api/v1/log?after=" .. math.tointeger(last.line))
        assert.is_true(later.items[1].line > last.line)
        support.contains(support.json.encode(later), "paused")
        write:post("/api/v1/policies/free/resume")
        problem(401, "Refused", "a token is needed", none:get("/api/v1/log"))
    end)

    it("has the dashboard's files for everyone, and its overview as HTML for who may read", function()
        local status, page, headers = read:get("/")
        assert.are.equal(200, status)
        assert.are.equal("no-store", headers["cache-control"])
        support.contains(headers["content-security-policy"], "default-src 'none'")
        support.contains(headers["content-security-policy"], "script-src 'self'")
        support.contains(page, '<th scope="row">free<small>frees GPUs</small></th>')
        support.lacks(select(2, none:get("/")), "frees GPUs")
        support.contains(select(2, none:get("/")), "Nothing is shown here without a token")
        for file in page:gmatch('["/](/dashboard/[%w.]+)"') do
            local code, text, got = none:get(file)
            assert.are.equal(200, code, file)
            assert.is_true(#text > 0)
            assert.are.equal("no-cache", got["cache-control"])
            assert.are.equal(304, (none:get(file, { ["If-None-Match"] = got.etag })))
            assert.are.equal(304, (none:get(file, { ["If-None-Match"] = '"old", W/' .. got.etag })))
            assert.are.equal(200, (none:get(file, { ["If-None-Match"] = '"old"' })))
        end
        for _, path in ipairs { "/dashboard/", "/dashboard/nothing.js", "/dashboard/..%2fmain.js", "/dashboard/index.html", "/dashboard/a/main.js" } do
            assert.is_true(none:get(path) >= 400, path)
        end
        assert.are.equal(403, (none:get("/", { Origin = "https://evil.example" })))
    end)

    it("tells what is wrong with a request, where, and the cure", function()
        problem(400, "Invalid", "did you mean limit?", read:get("/api/v1/policies?limt=1"))
        problem(400, "Invalid", "limit has to be a number from 1 to 1000", read:get("/api/v1/policies?limit=0"))
        problem(400, "Invalid", "limit stands twice", read:get("/api/v1/policies?limit=1&limit=2"))
        problem(400, "Invalid", "holds a NUL", write:post("/api/v1/policies/free%00x/pause"))
        problem(400, "Invalid", "no UTF-8", read:get("/api/v1/policies?state=%ff"))
        problem(400, "Invalid", "has to be a number from 1", read:get("/api/v1/approvals/x"))
        problem(404, "NotFound", "/api/v1/openapi.json", read:get("/api/v1/nothing"))
        problem(405, "Invalid", "takes GET, HEAD only", write:post("/api/v1/policies"))
        problem(400, "Syntax", "the body", write:post("/api/v1/policies/free/run", "{"))
        problem(400, "Invalid", "has to be a JSON object", write:post("/api/v1/policies/free/run", "[]"))
        problem(400, "Invalid", "dry_run has to be true or false", write:post("/api/v1/policies/free/run", { dry_run = 1 }))
        problem(400, "Invalid", "did you mean dry_run?", write:post("/api/v1/policies/free/run", { dryrun = true }))
        problem(400, "Invalid", "Content-Type: application/json",
            write:post("/api/v1/policies/free/run", "{}", { ["Content-Type"] = "text/plain" }))
        problem(400, "Invalid", "nested deeper than 128 levels", write:post("/api/v1/policies/free/run", '{"job": ' .. ("["):rep(200) .. ("]"):rep(200) .. "}"))
        problem(400, "Invalid", "There are limit, cursor, ", read:get("/api/v1/jobs?for=1h"))
        problem(400, "Invalid", "NAMESPACE/NAME or KIND/NAMESPACE/NAME", write:post("/api/v1/policies/free/run", { job = "bert" }))
        problem(400, "Invalid", "policy is missing in the query", read:get("/api/v1/why?job=train%2Fbert"))
        problem(400, "Invalid", "job has to be NAMESPACE/NAME", read:get("/api/v1/why?policy=free&job=bert"))
        for _, n in ipairs { 33, 500, 4000 } do
            problem(414, "Limit", "32 arguments", read:get("/api/v1/jobs?" .. ("a=1&"):rep(n - 1) .. "a=1"))
        end
        local _, page = none:get("/nothing")
        support.contains(page == "" and "" or select(2, read:get("/nothing")), "and what begins with /api/v1/")
        problem(413, "Limit", "65536", write:post("/api/v1/policies/free/run", '{"job": "' .. ("x"):rep(70000) .. '"}'))
        problem(404, "NotFound", "there is no policy", write:post("/api/v1/policies/nobody/pause"))
    end)

    it("refuses what can be read in two ways", function()
        local socket = require "socket"
        local host, port = url:match("//([%d.]+):(%d+)")
        -- The first line of the answer to these headers, and whether the connection has ended.
        local function answer(lines, body)
            local client = assert(socket.connect(host, tonumber(port)))
            client:settimeout(20)
            client:send("POST /api/v1/policies/free/pause HTTP/1.1\r\n" .. table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or ""))
            local text = client:receive("*a")
            client:close()
            return text
        end
        local usual = { "Host: " .. host, "Authorization: Bearer writes-too" }
        local function with(...)
            return table.move({ ... }, 1, select("#", ...), #usual + 1, { table.unpack(usual) })
        end
        for _, lines in ipairs { with("Content-Length: 2", "Content-Length: 44"), with("Content-Length: 2", "Content-Length: 2"), with("Host: elsewhere", "Content-Length: 0"),
            with("Authorization: Bearer x", "Content-Length: 0"), with("Content-Length: 0", "Transfer-Encoding: chunked"), with("Transfer-Encoding: gzip"), with("Content-Length : 2") } do
            -- What stands behind the body of the one reading is not taken for a request.
            local text = answer(lines, "{}GET /livez HTTP/1.1\r\nHost: " .. host .. "\r\n\r\n")
            assert.is_truthy(text and text:find("^HTTP/1.1 400 "), table.concat(lines, "\n") .. "\n" .. tostring(text))
            assert.are.equal(1, support.count(text, "HTTP/1.1 "), text)
        end
        support.contains(answer({ "Connection: close", "Content-Length: 0" }), "HTTP/1.1 400 ")
        support.contains(answer(with(("X-Long: " .. ("x"):rep(40000)), "Content-Length: 0")), "HTTP/1.1 431 ")
        local _, standing = read:get("/api/v1/policies/free")
        assert.are.equal("in force", standing.clusters[1].state)
    end)

    it("lets read who has a token, and act who has the other", function()
        problem(401, "Refused", "a token is needed", none:get("/api/v1/policies"))
        problem(401, "Refused", "the token that was sent is not in force", api.at(url, "reads-onl"):get("/api/v1/policies"))
        problem(403, "Refused", "this token may only read", read:post("/api/v1/policies/free/pause"))
        problem(401, "Refused", "a token is needed", none:post("/api/v1/policies/free/pause"))
        problem(403, "Refused", "another site", write:post("/api/v1/policies/free/pause", "", { Origin = "https://evil.example" }))
        assert.are.equal(200, (write:get("/api/v1/policies", { Origin = url })))
        assert.are.equal(200, (write:get("/metrics")))
        assert.are.equal(401, (none:get("/metrics")))
        assert.are.equal(200, (none:get("/livez")))
    end)

    it("takes another token when its file is replaced", function()
        support.write(folder .. "/new", "  another\n")
        os.rename(folder .. "/new", folder .. "/write")
        daemon:expect("another token for HTTP is in force")
        problem(401, "Refused", "its file has another one now", write:get("/api/v1/policies"))
        assert.are.equal(200, (api.at(url, "another"):get("/api/v1/policies")))
        support.write(folder .. "/write", "")
        daemon:expect("the token for HTTP stays as it was")
        assert.are.equal(200, (api.at(url, "another"):get("/api/v1/policies")))
        support.write(folder .. "/write", "writes-too\n")
        daemon:expect("another token for HTTP is in force")
        assert.are.equal(200, (write:get("/api/v1/policies")))
    end)

    it("runs a policy, dry or not, and the journal has the token as who asked", function()
        local status, got = write:post("/api/v1/policies/free/run", { dry_run = true })
        assert.are.equal(200, status)
        assert.are.equal("done", got.runs[1].outcome)
        assert.is_true(got.runs[1].dry_run)
        local job = server:get("train", "bert")
        assert.is_nil((job.spec.runPolicy or {}).cleanPodPolicy)
        status, got = write:post("/api/v1/policies/free/run", { job = "train/bert" })
        assert.are.equal(200, status)
        assert.are.equal(1, got.runs[1].changed)
        job = server:get("train", "bert")
        assert.are.equal("All", job.spec.runPolicy.cleanPodPolicy)
        local code, out = support.mpijobd("runs", tostring(math.tointeger(got.runs[1].id)), "--state", folder .. "/s.db", "-o", "json")
        assert.are.equal(0, code)
        local row = support.json.decode(out)[1]
        assert.are.same({ user = "token:write", uid = support.json.null }, row.who)
        assert.are.equal("manual", row.trigger)
        local _, table = support.mpijobd("runs", "--state", folder .. "/s.db", "--limit", "1")
        support.contains(table, " token:write ")
        problem(409, "Refused", "does not match", write:post("/api/v1/policies/free/run", { job = "vision/one" }))
    end)

    it("pauses and resumes", function()
        local _, got = write:post("/api/v1/policies/free/pause")
        assert.are.equal("token:write", got.by)
        assert.are.equal(support.json.null, got.uid)
        local _, list = read:get("/api/v1/policies?state=paused")
        assert.are.equal("free", list.items[1].policy)
        problem(409, "Refused", "paused", write:post("/api/v1/policies/free/run"))
        local _, resumed = write:post("/api/v1/policies/free/resume")
        assert.is_true(resumed.was_paused)
        local _, one = read:get("/api/v1/policies/free")
        local recent = one.recent
        assert.are.same({ id = one.last.id, outcome = "done" }, recent[#recent])
        assert.is_true(#recent >= 2 and recent[1].id < recent[2].id)
    end)

    it("approves and rejects", function()
        local _, got = write:post("/api/v1/policies/asks/run")
        assert.are.equal("waiting", got.runs[1].outcome)
        local run = math.tointeger(got.runs[1].id)
        local _, list = read:get("/api/v1/approvals?policy=asks")
        assert.are.equal(run, math.tointeger(list.items[1].run))
        local _, plan = read:get("/api/v1/approvals/" .. run)
        assert.are.equal(3, #plan.plan)
        support.contains(plan.plan[1].text, "freed")
        problem(403, "Refused", "only read", read:post(("/api/v1/runs/%d/approve"):format(run)))
        assert.is_nil(freed "one")
        local status, done = write:post(("/api/v1/runs/%d/approve"):format(run))
        assert.are.equal(200, status)
        assert.are.equal(3, done.changed)
        assert.are.equal("token:write", done.by)
        assert.are.equal("yes", freed "one")
        problem(404, "NotFound", "waits", write:post(("/api/v1/runs/%d/approve"):format(run)))
        server:create("vision", "four", { state = "Succeeded" })
        local _, again = write:post("/api/v1/policies/asks/run")
        run = math.tointeger(again.runs[1].id)
        assert.are.equal(200, (write:post(("/api/v1/runs/%d/reject"):format(run), { reason = "not today" })))
        assert.is_nil(freed "four")
    end)

    it("takes back what a run has changed, tried first", function()
        server:create("train", "gpt", { state = "Succeeded" })
        local _, got = write:post("/api/v1/policies/free/run", { job = "train/gpt" })
        local run = math.tointeger(got.runs[1].id)
        problem(403, "Refused", "only read", read:post(("/api/v1/runs/%d/undo"):format(run)))
        local status, tried = write:post(("/api/v1/runs/%d/undo"):format(run), { dry_run = true })
        assert.are.equal(200, status)
        assert.are.same({ 1, 0 }, { tried.changes, tried.back })
        assert.are.equal("All", server:get("train", "gpt").spec.runPolicy.cleanPodPolicy)
        local _, done = write:post(("/api/v1/runs/%d/undo"):format(run))
        assert.are.equal(1, done.back)
        assert.are_not.equal("All", (server:get("train", "gpt").spec.runPolicy or {}).cleanPodPolicy)
        local _, row = read:get("/api/v1/runs/" .. math.tointeger(done.undo_run))
        assert.are.same({ "undo", "token:write" }, { row.trigger, row.who.user })
        problem(404, "NotFound", "4711", write:post("/api/v1/runs/4711/undo"))
        for body, words in pairs { ['{"job":"train/nope"}'] = "changed nothing of train/nope", ['{"namespace":"nope"}'] = "changed nothing of namespace nope",
            ['{"namespace":"train","job":"other/gpt"}'] = "changed nothing of" } do
            problem(404, "NotFound", words, write:post(("/api/v1/runs/%d/undo"):format(run), body))
        end
        for _, job in ipairs { "gpt", "train/gpt/x", "/gpt", "train/", "" } do
            problem(400, "Invalid", "job has to be", write:post(("/api/v1/runs/%d/undo"):format(run), { job = job, dry_run = true }))
        end
        local _, held = read:get("/api/v1/held")
        assert.are.equal(#held.at, #held.gpus)
    end)

    it("reads runs and changes of the journal, in pages and by filters", function()
        local _, all = read:get("/api/v1/runs")
        local ids, cursor = {}, nil
        repeat
            local status, page = read:get("/api/v1/runs?limit=2" .. (cursor and "&cursor=" .. cursor or ""))
            assert.are.equal(200, status)
            for _, run in ipairs(page.items) do
                ids[#ids + 1] = run.id
            end
            cursor = page.next
        until cursor == support.json.null
        assert.are.equal(#all.items, #ids)
        for i, run in ipairs(all.items) do
            assert.are.equal(run.id, ids[i])
        end
        local _, free = read:get("/api/v1/runs?policy=free&outcome=done")
        assert.is_true(#free.items >= 2)
        for _, run in ipairs(free.items) do
            assert.are.equal("free", run.policy)
            assert.are.equal("done", run.outcome)
        end
        local _, one = read:get("/api/v1/runs/" .. math.tointeger(free.items[1].id))
        assert.are.same(free.items[1], one)
        local _, changes = read:get("/api/v1/changes?job=train/bert")
        assert.are.equal(1, #changes.items)
        assert.are.equal("done", changes.items[1].outcome)
        assert.are.same({ user = "token:write", uid = support.json.null }, changes.items[1].who)
        local _, none_of = read:get("/api/v1/changes?since=2026-12-24")
        assert.are.same({ items = {}, next = support.json.null }, none_of)
        problem(404, "NotFound", "the journal has no run 4711", read:get("/api/v1/runs/4711"))
        problem(400, "Invalid", "since takes a duration", read:get("/api/v1/changes?since=yesterday"))
        problem(400, "Invalid", "job takes NAMESPACE/NAME", read:get("/api/v1/changes?job=a/b/c"))
    end)

    it("shows the clusters, the journal's head, and its own description", function()
        local _, clusters = read:get("/api/v1/clusters")
        assert.are.equal("default", clusters.items[1].cluster)
        assert.are.equal("connected", clusters.items[1].state)
        support.contains(clusters.items[1].server, "http")
        assert.are.equal(cluster.versions[4].name, clusters.items[1].version)
        assert.is_string(clusters.items[1].controller)
        local _, journal = read:get("/api/v1/journal")
        local code, out = support.mpijobd("journal", "--verify", "--head", journal.head, "--state", folder .. "/s.db")
        assert.are.equal(0, code, out)
        local _, described = read:get("/api/v1/openapi.json")
        assert.are.same(support.json.decode(support.read(support.source .. "/docs/openapi.json")), described)
        -- Every path of the description is there, and no other.
        local index = {}
        for path in pairs(described.paths) do
            index[#index + 1] = path
        end
        assert.are.equal(26, #index)
    end)

    it("tells events as they happen, goes on where a client was, and tells of gaps", function()
        local heard = events.hear(url, "reads-only")
        local ready = heard:expect("ready")
        support.contains(heard.head, "text/event-stream")
        assert.are.equal(200, (write:post("/api/v1/policies/free/run", { dry_run = true })))
        local began = heard:expect("run", function(run) return run.state == "began" end)
        assert.are.equal("free", began.data.policy)
        assert.are.equal("token:write", began.data.who)
        local ended = heard:expect("run", function(run) return run.state == "ended" end)
        assert.are.equal(began.data.id, ended.data.id)
        assert.are.equal("done", ended.data.outcome)
        heard:close()
        -- Meanwhile: a pause, a run that waits, and its approval.
        write:post("/api/v1/policies/free/pause")
        write:post("/api/v1/policies/free/resume")
        local _, got = write:post("/api/v1/policies/asks/run")
        local run = math.tointeger(got.runs[1].id)
        assert.are.equal(200, (write:post(("/api/v1/runs/%d/approve"):format(run))))
        local again = events.hear(url, "reads-only", ended.id)
        assert.is_true(again:expect("pause").data.paused)
        assert.is_false(again:expect("pause").data.paused)
        local waits = again:expect("approval")
        assert.are.equal(run, math.tointeger(waits.data.run))
        assert.is_true(waits.data.waits)
        local change = again:expect("change", function(c) return c.state == "intended" end)
        assert.are.equal("vision", change.data.namespace)
        again:expect("change", function(c) return c.state == "ended" and c.id == change.data.id and c.outcome == "done" end)
        assert.is_false(again:expect("approval", function(a) return not a.waits end).data.waits)
        again:close()
        -- From the first id on, all of it comes again.
        local first = events.hear(url, "reads-only", ready.id)
        assert.are.equal(began.id, first:expect("run").id)
        first:close()
        for _, strange in ipairs { "1-1", "x", "99999999-1", ready.id .. "9999" } do
            local other = events.hear(url, "reads-only", strange)
            local gap = other:expect("gap")
            assert.is_truthy(gap.id)
            assert.are.equal("gap", other.list[1].event)
            other:close()
        end
        problem(401, "Refused", "a token", none:get("/api/v1/events"))
    end)

    it("reloads, and says what is wrong in the files", function()
        support.write(folder .. "/p.lua", "policy { nam = 1 }")
        local _, bad = write:post("/api/v1/reload")
        assert.is_false(bad.in_force)
        assert.is_true(#bad.errors > 0)
        support.write(folder .. "/p.lua", POLICIES)
        local _, good = write:post("/api/v1/reload")
        assert.is_true(good.in_force)
    end)

    it("tells by an event that other policies are in force, and lets its clients go at the end", function()
        local heard = events.hear(url, "reads-only")
        heard:expect("ready")
        support.write(folder .. "/p.lua", POLICIES:gsub("frees GPUs", "gives GPUs back"))
        write:post("/api/v1/reload")
        assert.are.equal(3, heard:expect("policies").data.count)
        daemon:write("end\n")
        assert.are.equal(0, daemon:stop("sigterm"))
        assert.is_truthy(support.proc.await(function()
            return heard.ended
        end))
        heard:close()
    end)
end)

describe("the JSON API and approvers", function()
    teardown(support.cleanup)

    it("approves where the token is named, and not what it has triggered itself", function()
        local server, folder = cluster.start(cluster.versions[4]), support.folder()
        local namespace = server:namespace()
        server:create(namespace, "one", { state = "Succeeded" })
        support.write(folder .. "/p.lua", ([[policy { name = "asks", schedule = "0 0 1 1 *", match = { namespace = "%s", phase = "Succeeded" },
            approval = "always", replace = { labels = { freed = "yes" } } }]]):format(namespace))
        support.write(folder .. "/write", "writes-too\n")
        local function started(users)
            support.write(folder .. "/mpijobd.yaml", ("cluster: { kubeconfig: %s }\npolicies: [ p.lua ]\nstate: s.db\nlisten: 127.0.0.1:0\n" ..
                "tokens: { write: write }\napprovers: { users: [ %s ], not_the_trigger: true }\n"):format(server.kubeconfig, users))
            local daemon = support.daemon({}, "run", "--config", folder .. "/mpijobd.yaml")
            local url = daemon:expect("metrics and health are served"):match("url=(%S+)")
            daemon:expect("in force")
            return daemon, api.at(url, "writes-too")
        end
        local daemon, write = started('"0"')
        local code, out = support.mpijobd("trigger", "asks", "--state", folder .. "/s.db")
        assert.are.equal(4, code, out)
        local status, body = write:post("/api/v1/runs/1/approve")
        assert.are.equal(409, status)
        support.contains(body.detail, "token:write may not approve; the configuration's approvers are 0")
        daemon:stop("sigterm")
        daemon, write = started('"token:write"')
        status, body = write:post("/api/v1/runs/1/approve")
        assert.are.equal(200, status, support.json.encode(body))
        assert.are.equal(1, body.changed)
        server:create(namespace, "two", { state = "Succeeded" })
        local _, ran = write:post("/api/v1/policies/asks/run")
        status, body = write:post(("/api/v1/runs/%d/approve"):format(math.tointeger(ran.runs[1].id)))
        assert.are.equal(409, status)
        support.contains(body.detail, "token:write may not approve what token:write triggered")
        status = write:post(("/api/v1/runs/%d/extend"):format(math.tointeger(ran.runs[1].id)), { seconds = 3600 })
        assert.are.equal(200, status)
        daemon:stop("sigterm")
    end)
end)

describe("the JSON API without tokens", function()
    local server, folder
    setup(function()
        server = cluster.start(cluster.versions[4])
        folder = support.folder()
        support.write(folder .. "/p.lua", 'policy { name = "free", every = "10m", match = { phase = "Succeeded" }, replace = { cleanPodPolicy = "All" } }')
    end)
    teardown(support.cleanup)

    it("lets everyone on this machine read, no page of a stranger, and nobody act; a control socket is not needed", function()
        local daemon = support.daemon({}, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--listen", "127.0.0.1:0",
            "--control", "none", folder .. "/p.lua")
        local url = daemon:expect("metrics and health are served"):match("url=(%S+)")
        daemon:expect("in force")
        local anyone = api.at(url)
        assert.are.equal(200, (anyone:get("/api/v1/policies/free")))
        local status, body = anyone:post("/api/v1/policies/free/pause")
        assert.are.equal(403, status)
        support.contains(body.detail, "tokens: { write: FILE }")
        status, body = anyone:get("/api/v1/policies", { Host = "evil.example" })
        assert.are.equal(403, status)
        support.contains(body.detail, "localhost")
        assert.are.equal(0, daemon:stop("sigterm"))
    end)
end)
