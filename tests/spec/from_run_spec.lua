-- SPDX-License-Identifier: Apache-2.0
-- mpijobd test --from-run: a recorded run is done again, offline, and writes the same bytes.
local support = require "support"
local sim = require "support.sim"
local train = require "support.train"
local web = require "support.web"

local NOW <const>, rfc <const> = train.NOW, train.rfc

describe("a recorded run", function()
    local cluster, server, folder, state

    local function serve(versions)
        cluster = train.start(versions)
        server = cluster.server
    end

    before_each(function()
        serve "v2beta1"
        folder = support.folder()
        state = folder .. "/s.db"
    end)
    after_each(support.cleanup)

    local function path(name)
        return cluster:path(name)
    end

    local function create(name, at, labels)
        cluster:create(name, "Succeeded", at, { labels = labels })
    end

    local function write(text, name)
        return support.write(folder .. "/" .. (name or "p.lua"), text)
    end

    local function once(...)
        return support.mpijobd_with({ env = { MPIJOBD_CLOCK = rfc(NOW) } }, "run", "--once", "--kubeconfig", server.kubeconfig, "--state", state,
            folder .. "/p.lua", ...)
    end

    local function again(run, ...)
        return support.mpijobd("test", "--from-run", tostring(run), "--state", state, ...)
    end

    local function good(run, ...)
        local code, out, err = again(run, ...)
        assert.are.equal(0, code, out .. err)
        return out
    end

    it("writes the same bytes again: its jobs, its files, its clock and its number #valgrind", function()
        for i = 1, 5 do
            create("job-" .. i, NOW - 3600 * i, i == 3 and { keep = "true" } or nil)
        end
        support.proc.run("/bin/mkdir", { args = { folder .. "/lib" } })
        write("return { hours = 2 }", "lib/rules.lua")
        write [[
            local rules = require "lib.rules"
            policy {
              name = "p", schedule = "0 0 1 1 *",
              match = { phase = "Succeeded", where = function(job) return job.finished_for >= rules.hours * 3600 and not job.labels.keep end },
              replace = function(job)
                return { cleanPodPolicy = "All", annotations = { at = tostring(time.now()), run = tostring(run.id), late = tostring(job.finished_for) } }
              end,
            }]]
        local code, out, err = once("--record")
        assert.are.equal(0, code, out .. err)
        server:stop() -- from here on there is no cluster
        write("return { hours = 4 }", "lib/rules.lua") -- nor the policy that ran
        out = good(1)
        support.contains(out, "run 1 of p (once), ")
        support.contains(out, ": 5 jobs given")
        support.contains(out, "4 successes / 0 failures / 0 errors")
        for _, i in ipairs { 2, 4, 5 } do
            support.contains(good(1, "-o", "tap"), "train/job-" .. i .. " is written as in run 1")
        end

        support.lacks(out, "not looked at")
        -- What would the policy do by its other file?
        code, out, err = again(1, folder .. "/p.lua")
        assert.are.equal(1, code, out .. err)
        support.contains(out, "\njobs that run 1 was not given are not looked at: what a wider match would take besides does not show\n")
        support.contains(out, "2 successes / 2 failures / 0 errors")
        support.contains(out, "train/job-2 is written as in run 1\nrun 1 wrote:\n+ annotations.at: ")
        support.contains(out, "+ spec.runPolicy.cleanPodPolicy: All\nnow it writes:\n  nothing")
        support.contains(out, "run 1 ends as it did\nrun 1 was done: 3 changed, 0 unchanged, 0 failed\nnow it is done: 2 changed, 0 unchanged, 0 failed")
    end)

    it("has today's plugins, and says which are others or are missing", function()
        local config = folder .. "/mpijobd.yaml"
        support.write(config, "plugins: { age: age }\n")
        support.proc.run("/bin/mkdir", { args = { folder .. "/age" } })
        local function plugin(version)
            write(('plugin { name = "age", version = "%s", api = 1, exports = { old = function() return true end } }'):format(version), "age/plugin.lua")
        end
        plugin "1.0.0"
        create("a", NOW - 7200)
        write [[local age = require "age"
            policy { name = "p", schedule = "0 0 1 1 *", match = { where = age.old }, replace = { labels = { old = "yes" } } }]]
        local code, out, err = once("--record", "--config", config)
        assert.are.equal(0, code, out .. err)
        server:stop()
        support.lacks(good(1, "--config", config), "another one")
        plugin "1.0.1"
        assert.matches("\nthe plugin age is another one today %(sha256 %x+%) than in run 1 %(%x+%): what differs may come from it\n", good(1, "--config", config))
        code, out, err = again(1, "--config", config, "-o", "tap", folder .. "/p.lua")
        support.lacks(out, "another one")
        support.contains(err, "the plugin age is another one today")
        assert.are.equal(0, code, out .. err)
        support.contains(err, "are not looked at")
        for _, named in ipairs { {}, { folder .. "/p.lua" } } do
            code, out, err = again(1, table.unpack(named))
            assert.are.equal(1, code, out .. err)
            support.contains(err, "by --config FILE")
            support.lacks(out .. err, "policy.plugin")
            if not named[1] then
                support.contains(err, "run 1 required the plugin age, and it is not there")
                support.lacks(err, "/p.lua")
            end
        end
    end)

    it("is done again with its failures and its conflicts", function()
        for _, name in ipairs { "a", "b", "c" } do
            create(name, NOW - 7200)
        end
        write [[policy { name = "p", schedule = "0 0 1 1 *", match = { finished_for = "1h" },
          replace = function(job)
            if job.name == "c" then error("not this one") end
            return { annotations = { version = job.resourceVersion, at = tostring(time.now()) } }
          end }]]
        server:fault { fault = "conflict", method = "PUT", path = "*/mpijobs/a", count = 1 }
        server:fault { fault = "status", code = 422, reason = "Invalid", message = "no", method = "PUT", path = "*/mpijobs/b" }
        local code, out, err = once("--record")
        assert.are.equal(3, code, out .. err)
        server:stop()
        out = good(1)
        support.contains(out, "3 successes / 0 failures / 0 errors")
        out = good(1, "-o", "junit")
        support.contains(out, 'name="train/b is written as in run 1"')
    end)

    it("is kept by a daemon that is told to, for each event", function()
        support.write(folder .. "/mpijobd.yaml", "listen: none\njournal: { record: 1MiB }\nstate: s.db\npolicies: [ p.lua ]\n")
        create("a", NOW - 7200)
        create("b", NOW - 3600)
        write [[policy { name = "p", on = "match", match = { finished_for = "2h" }, limits = { changes = 5 },
          replace = function(job) return { cleanPodPolicy = "All", annotations = { at = time.rfc3339(time.now()), by = run.trigger } } end }]]
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--config", folder .. "/mpijobd.yaml", "--grace", "1s",
            "--clock", rfc(NOW))
        for i, name in ipairs { "a", "b" } do
            daemon:write(i == 2 and "advance 1h\n" or "")
            daemon:expect("replaced policy=p job=train/" .. name)
            daemon:expect("run ended policy=p outcome=done changed=1")
        end
        assert.are.equal(0, (daemon:stop()))
        local code, out, err = support.mpijobd("test", "--from-run", "1", "--config", folder .. "/mpijobd.yaml")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "run 1 of p (match), 2026-01-01T00:00:00Z: 1 job given")
        support.contains(out, "2 successes / 0 failures")
        out = good(2)
        support.contains(out, "run 2 of p (match), 2026-01-01T01:00:00Z: 1 job given")
    end)

    it("of a run function meets again what was changed behind its back", function()
        create("a", NOW - 7200)
        write [[policy { name = "p", schedule = "0 0 1 1 *", match = { finished_for = "1h" }, run = function()
            for job in run.jobs do
              assert(kube.patch("kubeflow.org/v2beta1", "MPIJob", "train/a", { metadata = { labels = { other = "v1" } } }))
              assert(mpijob.replace(job, { labels = { c = "1" } }))
            end
          end }]]
        local code, out, err = once("--record")
        assert.are.equal(0, code, out .. err)
        server:stop()
        out = good(1)
        support.contains(out, "2 successes / 0 failures / 0 errors")
    end)

    it("of a run function has its jobs, its waits and what it replaced", function()
        create("a", NOW - 7200)
        create("b", NOW - 7200)
        write [[policy { name = "p", schedule = "0 0 1 1 *", match = { finished_for = "1h" }, run = function()
            for job in run.jobs do
              sleep "3ms"
              local result = mpijob.replace(job, { annotations = { at = tostring(time.now()) } })
              log.info("done", { version = result and result.resourceVersion })
            end
            local seen, none, err = assert(mpijob.get "train/a"), mpijob.get "train/c"
            local space = assert(kube.get("v1", "Namespace", "train"))
            mpijob.replace("train/a", { annotations = { again = "yes", seen = seen.resourceVersion, none = err.reason, uid = space.metadata.uid } })
          end }]]
        local code, out, err = once("--record")
        assert.are.equal(0, code, out .. err)
        server:stop()
        out = good(1)
        support.contains(out, "3 successes / 0 failures / 0 errors")
    end)

    -- By a configuration with a web server and a secret.
    local function once_asking(plain, policy)
        support.write(folder .. "/mpijobd.yaml",
            ("http: { allow: [ 127.0.0.1 ] }\nsecrets: secrets\nprometheus: { main: 'http://127.0.0.1:%d' }\n"):format(plain.port))
        support.proc.run("/bin/mkdir", { args = { folder .. "/secrets" } })
        write("s3cr3t-value", "secrets/token")
        write(("local URL = 'http://127.0.0.1:%d'\n"):format(plain.port) .. policy)
        local code, out, err = once("--record", "--config", folder .. "/mpijobd.yaml")
        assert.are.equal(0, code, out .. err)
        plain.proc:stop()
    end

    it("hears again what web servers and Prometheus have answered", function()
        create("a", NOW - 7200)
        create("b", NOW - 7200)
        once_asking(web.start(), [[policy { name = "p", schedule = "0 0 1 1 *", match = { finished_for = "1h" }, replace = function(job)
            local answer = assert(http.get(URL .. "/echo", { query = { job = job.name } }))
            local gone, err = http.get(URL .. "/status/503")
            local sent = assert(http.post(URL .. "/echo", { job = job.name })):json().body
            return { annotations = { path = answer:json().path, sent = sent, value = tostring(prometheus.value "one"),
                none = select(2, prometheus.value "none").reason, gone = tostring(gone and gone.status or err.reason) } }
          end }]])
        local out = good(1)
        support.contains(out, "3 successes / 0 failures / 0 errors")
    end)

    it("has no answer to what went with a secret, and nothing of what policies keep", function()
        create("a", NOW - 7200)
        once_asking(web.start(), [[
            policy { name = "p", schedule = "0 0 1 1 *", match = { finished_for = "1h" }, run = function()
              assert(http.get(URL .. "/echo?here", { headers = { Authorization = secret "Bearer ${token}" } }))
            end }
            policy { name = "q", schedule = "0 0 1 1 *", match = { finished_for = "1h" }, run = function() log.info(store.get "x" or "nothing") end }]])
        local code, out, err = again(1)
        assert.are.equal(1, code, out .. err)
        support.contains(out, "it asks a web server: GET http://127.0.0.1:")
        support.contains(out, "/echo?here went with a secret, so its answer is not in the recording")
        code, out, err = again(2)
        assert.are.equal(1, code, out .. err)
        support.contains(out, "it calls store.get, and what that gave is not recorded")
    end)

    it("that writes nothing, in a dry run, is compared by what it would write", function()
        serve "all" -- of several versions, the one that the run has used is served again
        create("a", NOW - 7200)
        write [[policy { name = "p", schedule = "0 0 1 1 *", match = { finished_for = "1h" }, replace = { cleanPodPolicy = "All" } }]]
        local code, out, err = once("--record", "--dry-run")
        assert.are.equal(0, code, out .. err)
        out = good(1)
        support.contains(out, "2 successes / 0 failures / 0 errors")
    end)

    it("says what it asked that is not in its recording", function()
        create("a", NOW - 7200)
        write [[policy { name = "p", schedule = "0 0 1 1 *", match = { finished_for = "1h" }, run = function()
            for _ in mpijob.list { namespace = "train" } do end
          end }]]
        local code, out, err = once("--record")
        assert.are.equal(0, code, out .. err)
        code, out, err = again(1)
        assert.are.equal(1, code, out .. err)
        support.contains(out, "1 error")
        support.contains(out, "it asks the API server GET /apis/kubeflow.org/v2beta1/namespaces/train/mpijobs, and that answer is not recorded")
    end)

    it("has nothing of a Secret, and needs no cluster to say why there is no recording", function()
        server:request("POST", "/api/v1/namespaces/train/secrets", { apiVersion = "v1", kind = "Secret", metadata = { name = "s", namespace = "train" },
            stringData = { word = "hunter2secret" } })
        create("a", NOW - 7200)
        write [[policy { name = "p", schedule = "0 0 1 1 *", match = { finished_for = "1h" }, run = function()
            kube.patch("v1", "Secret", "train/s", { stringData = { word = "hunter3secret" } })
          end }]]
        local code, out, err = once("--record")
        assert.are.equal(0, code, out .. err)
        code, out, err = support.proc.run("/usr/bin/sqlite3", { args = { state, "select count(*) from recordings" } })
        assert.are.equal("0 1", code .. " " .. out:gsub("%s", ""), err)
        code, out = again(1)
        assert.are.equal(1, code, out)
        support.contains(out, "it asks the API server GET /api/v1/namespaces/train/secrets/s, and that answer is not recorded")
        support.lacks(out, "hunter")
        once()
        code, out, err = again(2)
        assert.are.equal(1, code, out)
        support.contains(err, "run 2 was not recorded")
        support.contains(err, "journal: { record: 64MiB }")
        code, out, err = again(9)
        assert.are.equal(1, code, out)
        support.contains(err, "there is no run 9; mpijobd runs lists those that there are")
        code, out, err = again("x")
        assert.are.equal(2, code, out)
        support.contains(err, '--from-run takes the number of a run, as mpijobd runs shows it, not "x"')
        code = again(1, "--coverage")
        assert.are.equal(2, code, out)
    end)

    it("that was damaged in an instant is refused", function()
        create("a", NOW - 7200)
        write [[policy { name = "p", schedule = "0 0 1 1 *", match = { finished_for = "1h" }, replace = { cleanPodPolicy = "All" } }]]
        assert.are.equal(0, (once("--record")))
        local _, job = server:request("GET", path "a")
        job = support.json.encode(job)
        local text = support.read(folder .. "/p.lua")
        for _, now in ipairs { "9223372036854775807", "-9223372036854775807", "253402300800000000", "1e300", '"x"' } do
            for _, at in ipairs { "started_at", "now" } do
                local bytes = ('{"entry":"run","id":1,"policy":"p","cluster":"c","trigger":"once","started_at":%s,"version":"v2beta1","bytes":[]}\n\n'):format(
                    at == "started_at" and now or NOW .. "000000")
                    .. ('{"entry":"file","path":"/p.lua","policy":true,"bytes":[%d]}\n%s\n'):format(#text, text)
                    .. ('{"entry":"job","key":"train/a","now":%s,"as_of":1,"again":false,"bytes":[%d]}\n%s\n'):format(
                        at == "now" and now or NOW .. "000000", #job, job)
                    .. '{"entry":"listed","scope":1,"error":null,"bytes":[]}\n\n{"entry":"end","outcome":"done","changed":0,"bytes":[]}\n\n'
                -- A frame of zstd with one block as it is.
                local frame = string.pack("<I4BI4I3", 0xFD2FB528, 0xA0, #bytes, #bytes * 8 + 1) .. bytes
                local hex = frame:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
                local code, _, why = support.proc.run("/usr/bin/sqlite3", { args = { state, "update recorded set bytes = x'" .. hex .. "'" } })
                assert.are.equal(0, code, why)
                local out, err
                code, out, err = again(1)
                assert.are.equal(1, code, out .. err)
                support.contains(err, "the recording of run 1 is damaged")
            end
        end
    end)

    -- However a script gets a Secret and whatever it does with it: none of it is in the state's file.
    it("is not kept where a Secret was in the script's hands", function()
        support.proc.run("/bin/mkdir", { args = { folder .. "/sec" } })
        write([[plugin { name = "sec", version = "1.0.0", api = 1, kinds = { vault = { group = "", versions = "v1", kind = "Secret", plural = "secrets",
            fields = { fixed = { at = "/immutable", type = "boolean", effect = "stored" } } } } }]], "sec/plugin.lua")
        local plain = web.start()
        support.write(folder .. "/mpijobd.yaml", ("http: { allow: [ 127.0.0.1 ] }\nplugins: { sec: sec }\njournal: { record: 1MiB }\n"))
        local status, answer = server:request("POST", "/api/v1/namespaces/train/secrets", { apiVersion = "v1", kind = "Secret",
            metadata = { name = "s", namespace = "train" }, data = { word = "aHVudGVyMnNlY3JldA==" } })
        assert.are.equal(201, status, support.json.encode(answer))
        create("a", NOW - 7200)
        local function about(what)
            return 'local vault = require("sec").vault\npolicy { name = "p", schedule = "0 0 1 1 *", ' .. what .. " }"
        end
        local function reads(how, uses)
            return about(([[match = { name = "a" }, run = function()
                local word
                %s
                assert(word:find("aHVudGVy", 1, true))
                %s
              end]]):format(how, uses))
        end
        local get = 'word = assert(kube.get("v1", "Secret", "train/s")).data.word'
        local put = 'assert(mpijob.replace("train/a", { annotations = { x = word } }, { dry_run = true }))'
        local cases = {
            { about 'kind = "Secret", replace = { labels = { x = "y" } }', true },
            { about 'kind = "Secret", run = function() for s in run.jobs do vault.replace(s.namespace .. "/" .. s.name, { labels = { x = "z" } }) end end', true },
            { reads(get, put) },
            { reads(get, ('http.post("http://127.0.0.1:%d/echo", { body = word })'):format(plain.port)) },
            { reads(get, ('http.get("http://127.0.0.1:%d/echo", { query = { word = word } })'):format(plain.port)) },
            { reads(get, "error(word)"), false, true },
            { reads('for s in kube.list("v1", "Secret") do word = s.data.word end', put) },
            { reads('for s in kube.watch("v1", "Secret") do word = s.data.word break end', put) },
            { reads('word = assert(vault.get "train/s").data.word', put) },
            { reads('for s in vault.list {} do word = s.data.word end', put) },
        }
        for i, case in ipairs(cases) do
            write(case[1])
            local code, out, err = once("--record", "--config", folder .. "/mpijobd.yaml")
            assert.are.equal(case[3] and 1 or 0, code, case[1] .. out .. err)
            support.contains(err, case[2] and "is not recorded: its jobs are Secrets" or "is not recorded: it has read a Secret")
            code, out, err = support.proc.run("/usr/bin/sqlite3", { args = { state, "select count(*) from recordings" } })
            assert.are.equal("0 0", code .. " " .. out:gsub("%s", ""), case[1] .. err)
            code, out, err = again(i)
            assert.are.equal(1, code, out)
            support.contains(err, "run " .. i .. " was not recorded")
        end
    end)

    it("is told of its Workloads what it was told then, each time that it asked", function()
        server:stop()
        cluster = train.of(sim.start("--version", "v2beta1", "--workloads"))
        server = cluster.server
        server:make_namespace "train"
        local PATH <const> = "/apis/kueue.x-k8s.io/v1beta2/namespaces/train/workloads"
        local function queued(name, active, conditions)
            cluster:create(name, "Suspended", NOW - 60, { labels = { ["kueue.x-k8s.io/queue-name"] = "night" } })
            local status, answer = server:request("POST", PATH, { apiVersion = "kueue.x-k8s.io/v1beta2", kind = "Workload",
                metadata = { name = "mpijob-" .. name, labels = { ["kueue.x-k8s.io/job-uid"] = cluster:get(name).metadata.uid } },
                spec = { active = active, queueName = "night" } })
            assert.are.equal(201, status, support.json.encode(answer))
            answer.status = { conditions = conditions }
            status, answer = server:request("PUT", PATH .. "/mpijob-" .. name .. "/status", answer)
            assert.are.equal(200, status, support.json.encode(answer))
        end
        local function condition(type, status, reason, message)
            return { type = type, status = status, reason = reason, message = message, lastTransitionTime = rfc(NOW - 60) }
        end
        queued("waits", true, { condition("QuotaReserved", "False", "Pending", "no \"room\" in it") })
        queued("stopped", false, { condition("Evicted", "True", "Deactivated", "by hand") })
        cluster:create("free", "Suspended", NOW - 60)
        local text = [[
            policy {
              name = "p", schedule = "0 0 1 1 *", match = { namespace = "train", kueue = { queue = "ni*", state = { "waiting", "stopped" } } },
              replace = function(job)
                local k = job.kueue
                return { annotations = { kueue = ("%s %s %s %s %s %s"):format(k.state, k.workload, k.admitted, k.active, k.reason, k.message), %s } }
              end,
            }]]
        write((text:gsub(", %%s }", " }")))
        local code, out, err = once("--record")
        assert.are.equal(0, code, out .. err)
        write 'policy { name = "p", schedule = "0 0 1 1 *", replace = function(job) return job.name == "waits" and { annotations = { was = job.kueue.state } } or nil end }'
        code, out, err = once("--record")
        assert.are.equal(0, code, out .. err)
        assert.are.equal('waiting mpijob-waits false true Pending no "room" in it', cluster:get("waits").metadata.annotations.kueue)
        server:stop()
        out = good(1)
        support.contains(out, "3 successes / 0 failures / 0 errors")
        support.contains(good(1, "-o", "tap"), "train/stopped is written as in run 1")
        -- Another policy, which asks for more of them, and more often.
        write((text:gsub(", %%s }", ', again = job.kueue.state }')))
        code, out, err = again(1, folder .. "/p.lua")
        assert.are.equal(1, code, out .. err)
        support.contains(out, "waiting")
        support.lacks(out .. err, "has no answer")
        -- A job whose Workload nobody asked for then.
        good(2)
        code, out, err = again(2, folder .. "/p.lua")
        assert.are.equal(1, code)
        support.contains(out .. err, "workloads")
    end)

    it("that could not list its Workloads is told so again", function()
        server:stop()
        cluster = train.of(sim.start("--version", "v2beta1", "--workloads"))
        server = cluster.server
        server:make_namespace "train"
        server:fault "forbidden:method=GET,path=*workloads*,count=50"
        cluster:create("waits", "Suspended", NOW - 60, { labels = { ["kueue.x-k8s.io/queue-name"] = "night" } })
        write [[
            policy { name = "p", schedule = "0 0 1 1 *", match = { namespace = "train" }, replace = function(job)
                local _, why = pcall(function() return job.kueue.state end)
                return { annotations = { why = tostring(why):match "Kueue's Workloads cannot be listed" } }
            end }]]
        local code, out, err = once("--record")
        assert.are.equal(0, code, out .. err)
        assert.are.equal("Kueue's Workloads cannot be listed", cluster:get("waits").metadata.annotations.why)
        server:stop()
        support.contains(good(1), "2 successes / 0 failures / 0 errors")
    end)
end)
