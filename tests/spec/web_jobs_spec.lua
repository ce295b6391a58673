-- SPDX-License-Identifier: Apache-2.0
-- The JSON API's lists of jobs, reports over them, and why a policy acts on one.
local support = require "support"
local sim = require "support.sim"
local api = require "support.api"

describe("the JSON API, of jobs", function()
    local server, folder, daemon, read, write, jobs

    setup(function()
        server = sim.start("--version", "v2beta1", "--jobs", "800", "--seed", "3")
        local _, list = server:request("GET", "/apis/kubeflow.org/v2beta1/mpijobs")
        jobs = list.items
        folder = support.folder()
        support.write(folder .. "/p.lua", [[
            policy { name = "free", schedule = "0 0 1 1 *", match = { phase = "Succeeded", namespace = "team-nlp", name = "*bert*" }, replace = { cleanPodPolicy = "All" } }
            policy { name = "seen", on = "match", match = { name = "nobody-*" }, replace = { labels = { seen = "yes" } } }
        ]])
        support.write(folder .. "/dead", (support.read(server.kubeconfig):gsub("127%.0%.0%.1:%d+", "127.0.0.1:9")))
        support.write(folder .. "/read", "reads-only\n")
        support.write(folder .. "/write", "writes-too\n")
        support.write(folder .. "/mpijobd.yaml", ([[
clusters:
  main: { kubeconfig: %s }
  dead: { kubeconfig: dead, version: v2beta1 }
policies: [ p.lua ]
state: s.db
listen: 127.0.0.1:0
tokens: { read: read, write: write }
]]):format(server.kubeconfig))
        daemon = support.daemon({ stdin = true }, "run", "--config", folder .. "/mpijobd.yaml", "--clock", "2026-12-01T00:00:00Z")
        local url = daemon:expect("metrics and health are served"):match("url=(%S+)")
        daemon:expect("commands may ask this daemon")
        read, write = api.at(url, "reads-only"), api.at(url, "writes-too")
        assert.is_truthy(support.proc.await(function()
            local _, page = read:get("/api/v1/jobs?limit=1")
            return page.total == 800
        end))
    end)
    teardown(support.cleanup)

    local function escaped(text)
        return (text:gsub("[^%w]", function(c) return ("%%%02X"):format(c:byte()) end))
    end

    -- All pages of a list: the jobs' names, in their order, and the jobs.
    local function all(query, limit)
        local names, items, cursor = {}, {}, nil
        repeat
            local status, page = read:get(("/api/v1/jobs?limit=%d%s%s"):format(limit, query, cursor and "&cursor=" .. escaped(cursor) or ""))
            assert.are.equal(200, status)
            for _, job in ipairs(page.items) do
                names[#names + 1] = job.namespace .. "/" .. job.name
                items[#items + 1] = job
            end
            assert.is_true(#page.items == limit or page.next == support.json.null)
            cursor = page.next
        until cursor == support.json.null
        return names, items
    end

    local function expected(fits)
        local names = {}
        for _, job in ipairs(jobs) do
            if fits(job) then
                names[#names + 1] = job.metadata.namespace .. "/" .. job.metadata.name
            end
        end
        table.sort(names)
        return names
    end

    it("has every job once, page by page, in each order and its reverse", function()
        local every = expected(function() return true end)
        assert.are.same(every, all("", 300))
        assert.are.same(every, all("", 10000))
        for _, order in ipairs { "name", "created", "finished", "gpus", "held", "phase" } do
            local names = all("&sort=" .. order, 300)
            local back = all("&reverse=true&sort=" .. order, 800)
            for i, name in ipairs(names) do
                assert.are.equal(name, back[#back + 1 - i])
            end
            table.sort(names)
            assert.are.same(every, names)
        end
        local _, items = all("&sort=held", 799)
        for i = 2, #items do
            local before, after = items[i - 1].held, items[i].held
            assert.is_true(after == support.json.null or before >= after)
        end
    end)

    it("has the jobs that fit the filters, and says how many these are", function()
        assert.are.same(expected(function(job) return job.metadata.namespace:find("^team%-") and job.metadata.name:find("bert", 1, true) end),
            all("&namespace=team-*&name=" .. escaped("*bert*"), 1000))
        local label, value = next(jobs[1].metadata.labels)
        assert.are.same(expected(function(job) return job.metadata.labels and job.metadata.labels[label] == value end), all("&labels=" .. escaped(label .. "=" .. value), 1000))
        local _, page = read:get("/api/v1/jobs?phase=Succeeded&limit=3&holding=true&sort=held")
        assert.are.equal(3, #page.items)
        assert.is_true(page.total > 3 and page.items[1].held > 0 and page.items[1].phase == "Succeeded")
        assert.are.equal("dead", page.left_out[1].cluster)
        support.contains(page.left_out[1].why, "cluster dead is not connected")
        local _, none = read:get("/api/v1/jobs?namespace=nowhere")
        assert.are.same({ {}, 0, support.json.null }, { none.items, none.total, none.next })
    end)

    it("says what is wrong with what is asked", function()
        for query, words in pairs { ["limit=10001"] = "limit has to be a number from 1 to 10000", ["sort=age"] = "sort takes name, created", ["cursor=x"] = "`next` of the page before",
            ["phase=Done"] = "is no phase", ["labels=%3D"] = "a label's key is expected", ["namespace=A"] = "can never match", ["kind=Pod"] = "Pod", ["lim=1"] = "did you mean limit?" } do
            local status, body = read:get("/api/v1/jobs?" .. query)
            assert.are.equal(400, status, query)
            support.contains(body.detail, words)
        end
        local _, first = read:get("/api/v1/jobs?sort=held&limit=2")
        for _, other in ipairs { "sort=name", "sort=held&reverse=true", "limit=2" } do
            local status, body = read:get("/api/v1/jobs?" .. other .. "&cursor=" .. escaped(first.next))
            assert.are.equal(400, status, other)
            support.contains(body.detail, "with the same sort and reverse")
        end
        local status, body = read:get("/api/v1/jobs?cluster=dead")
        assert.are.equal(503, status)
        support.contains(body.detail, "cluster dead is not connected")
        assert.are.equal(404, (read:get("/api/v1/jobs?cluster=other")))
        status, body = read:get("/api/v1/report?by=team")
        assert.are.equal(400, status)
        support.contains(body.detail, "by takes namespace, kind, owner or label:KEY")
    end)

    it("lets others be answered while it goes over many jobs", function()
        local socket = require "socket"
        local host, port = read.url:match("//([%d.]+):(%d+)")
        local client = assert(socket.connect(host, tonumber(port)))
        client:send("GET /api/v1/jobs?sort=held HTTP/1.1\r\nHost: " .. host .. "\r\nAuthorization: Bearer reads-only\r\n\r\n")
        local others = 0
        while not socket.select({ client }, nil, 0)[1] do
            assert.are.equal(200, (read:get("/livez")))
            others = others + 1
        end
        client:close()
        assert.is_true(others >= 3, others)
    end)

    it("reports what finished jobs hold as the command does, and what was given back", function()
        local _, before = read:get("/api/v1/report?cluster=main")
        local code, out, err = support.mpijobd("report", "-A", "--config", folder .. "/mpijobd.yaml", "--cluster", "main", "-o", "json")
        assert.are.equal(0, code, err)
        local told, of = support.json.decode(out), {}
        for _, group in ipairs(told.groups) do
            of[group.group] = group
        end
        assert.are.equal(#told.groups, #before.groups)
        for _, group in ipairs(before.groups) do
            assert.are.equal(of[group.group].finished, group.finished)
            assert.is_true(group.gpus >= of[group.group].gpus) -- without the pods it is the most that they can hold
        end
        local _, ran = write:post("/api/v1/policies/free/run")
        assert.is_true(ran.runs[1].changed > 0)
        daemon:write("set 2026-12-01T06:00:00Z\n")
        local after
        assert.is_truthy(support.proc.await(function()
            after = select(2, read:get("/api/v1/report?by=namespace"))
            return after.at >= "2026-12-01T06"
        end))
        assert.is_true(after.total.gpus < before.total.gpus)
        assert.is_true(after.released > 0 and after.total.given_back_day > 0 and after.total.given_back_day <= after.total.given_back_week)
        for _, group in ipairs(after.groups) do
            assert.are.equal(group.group == "team-nlp", group.given_back_day > 0)
        end
        assert.are.equal("dead", after.left_out[1].cluster)
    end)

    it("says why a policy acts on a job", function()
        local _, page = read:get("/api/v1/jobs?limit=1&phase=Running&namespace=team-nlp")
        local job = page.items[1].namespace .. "/" .. page.items[1].name
        local status, why = read:get("/api/v1/why?policy=free&cluster=main&text=true&job=" .. escaped(job))
        assert.are.equal(200, status)
        assert.are.equal("no-match", why.tree.verdict)
        support.contains(why.text, job)
        assert.are.equal(404, (read:get("/api/v1/why?policy=fre&cluster=main&job=" .. escaped(job))))
        assert.are.equal(400, (read:get("/api/v1/why?policy=free")))
    end)

    it("holds a job, and ends the hold", function()
        local _, page = read:get("/api/v1/jobs?limit=1&phase=Running&namespace=team-nlp")
        local job = page.items[1].namespace .. "/" .. page.items[1].name
        local function annotation()
            local _, object = server:request("GET", ("/apis/kubeflow.org/v2beta1/namespaces/%s/mpijobs/%s"):format(page.items[1].namespace, page.items[1].name))
            return (object.metadata.annotations or {})["mpijobd.io/hold-until"]
        end
        assert.are.equal(403, (read:post("/api/v1/hold", { job = job, cluster = "main", seconds = 3600 })))
        local status, held = write:post("/api/v1/hold", { job = job, cluster = "main", seconds = 3600 })
        assert.are.equal(200, status)
        assert.are.equal(held.held_until, annotation())
        local _, changes = read:get("/api/v1/changes?limit=1&job=" .. escaped(job))
        assert.are.equal("token:write", changes.items[1].who.user)
        _, held = write:post("/api/v1/hold", { job = job, cluster = "main", off = true })
        assert.are.same({ support.json.null, nil }, { held.held_until, annotation() })
        assert.are.equal(404, (write:post("/api/v1/hold", { job = "team-nlp/nobody", cluster = "main", seconds = 1 })))
        for _, body in ipairs { { job = job }, { job = job, seconds = 5, off = true }, { job = 'a"..os.exit().."/b', seconds = 5 }, { job = "bert", seconds = 5 }, { job = job, seconds = 0 } } do
            body.cluster = "main"
            assert.are.equal(400, (write:post("/api/v1/hold", body)), support.json.encode(body))
        end
    end)

    it("answers within some seconds where the API server does not, with what is known", function()
        local _, page = read:get("/api/v1/jobs?limit=1&phase=Running&cluster=main")
        local job = page.items[1].namespace .. "/" .. page.items[1].name
        server:fault("unavailable:path=*mpijobs*")
        finally(function() server:clear_faults() end)
        -- The watch has them, and was heard lately.
        local _, listed = read:get("/api/v1/jobs?limit=1")
        assert.are.equal(800, listed.total)
        local begun = support.uv.hrtime()
        local status, why = read:get("/api/v1/why?policy=free&cluster=main&job=" .. escaped(job))
        assert.are.equal(200, status)
        assert.are.equal("no-match", why.tree.verdict)
        support.contains(why.tree.unknown[1], "how the job is now: ")
        assert.is_true((support.uv.hrtime() - begun) / 1e9 < 20)
    end)

    it("ends well in the midst of a list", function()
        local socket = require "socket"
        local host, port = read.url:match("//([%d.]+):(%d+)")
        local clients = {}
        for i = 1, 4 do
            clients[i] = assert(socket.connect(host, tonumber(port)))
            clients[i]:send(("GET /api/v1/%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer reads-only\r\n\r\n"):format(i % 2 == 0 and "jobs" or "report", host))
        end
        clients[1]:close()
        clients[2]:close()
        daemon:write("end\n")
        assert.are.equal(0, daemon:stop("sigterm"))
        for i = 3, 4 do
            clients[i]:close()
        end
    end)
end)
