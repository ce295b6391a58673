-- SPDX-License-Identifier: Apache-2.0
-- The doctor: each check well and ill, what it makes of what came before, and that it neither hangs nor tells secrets.
local support = require "support"
local cluster = require "support.cluster"
local simulator = require "support.sim"
local json, uv = support.json, support.uv

-- A client certificate of 2020, and its key; made for this.
local EXPIRED = [[
-----BEGIN CERTIFICATE-----
MIIBCTCBsAIBATAKBggqhkjOPQQDAjARMQ8wDQYDVQQDDAZjbGllbnQwHhcNMjAw
MTAxMDAwMDAwWhcNMjEwMTAxMDAwMDAwWjARMQ8wDQYDVQQDDAZjbGllbnQwWTAT
BgcqhkjOPQIBBggqhkjOPQMBBwNCAAQxHYQL9BhVJkfGJNgtFwgPZr8c2H6akoO8
RkXczq/2zvRApuuDX04b/1ieweqWBPgcT7OwQaY8NR6jABNId7gyMAoGCCqGSM49
BAMCA0gAMEUCIQCibEaAQ+zvoPkO1trvj/j+pGY0lFyS5qLAJlirn3p4rQIgFbFI
ffiAlWodPgyaDdPQpy1Qdm4xUm1k0bkhlGxSqKk=
-----END CERTIFICATE-----
]]
local KEY = [[
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNrpXGn5LiOfxGCzc
A9DGu5814qEwF0Bf9VnFwtVUHfqhRANCAAQxHYQL9BhVJkfGJNgtFwgPZr8c2H6a
koO8RkXczq/2zvRApuuDX04b/1ieweqWBPgcT7OwQaY8NR6jABNId7gy
-----END PRIVATE KEY-----
]]

local ORDER = { "configuration", "kubeconfig", "name", "connection", "server-certificate", "client-certificate", "clock", "credentials",
    "permissions", "versions", "controller", "watch", "state", "https", "time-zones", "policies" }

-- The report by check (of several lines of one check the worst, all their messages), the exit code, what was printed.
local function doctor(options, ...)
    local worse = { ok = 1, skipped = 2, warning = 3, failed = 4 }
    local code, out, err = support.mpijobd_with(options, "doctor", "-o", "json", ...)
    assert.is_true(code == 0 or code == 1, err)
    assert.are.equal("", err)
    local by, order = {}, {}
    for _, line in ipairs(json.decode(out)) do
        local before = by[line.check]
        if not before then
            order[#order + 1] = line.check
        end
        by[line.check] = { status = before and worse[before.status] > worse[line.status] and before.status or line.status,
            message = (before and before.message .. "\n" or "") .. line.message, cure = line.cure ~= json.null and line.cure or before and before.cure }
        assert.is_string(line.message)
    end
    assert.are.same(ORDER, order)
    local failed = false
    for _, line in pairs(by) do
        failed = failed or line.status == "failed"
    end
    assert.are.equal(failed and 1 or 0, code)
    return by, out
end

local function is(line, status, message, cure)
    assert.are.equal(status, line.status, line.message)
    support.contains(line.message, message or "")
    if cure then
        support.contains(tostring(line.cure), cure)
    end
end

local function skipped(by, cause, ...)
    for _, check in ipairs { ... } do
        assert.are.equal("skipped", by[check].status, check)
        assert.are.equal("because of " .. cause, by[check].message)
    end
end

describe("doctor on a cluster #cluster", function()
    local server, namespace
    lazy_setup(function()
        server = cluster.start(cluster.versions[4])
        namespace = server:namespace()
    end)
    lazy_teardown(support.cleanup)

    it("finds nothing wrong where nothing is", function()
        local state = support.folder() .. "/s.db"
        local by = doctor(nil, "--kubeconfig", server.kubeconfig, "--state", state, support.source .. "/lua/policies")
        for check, line in pairs(by) do
            assert.are.equal("ok", line.status, check .. ": " .. line.message)
        end
        support.contains(by.kubeconfig.message, server.kubeconfig)
        support.contains(by.credentials.message, "the server knows us as admin")
        support.contains(by.permissions.message, "in all namespaces: may get, list, update, delete, watch mpijobs.kubeflow.org\n")
        support.contains(by.versions.message, "v2beta1 is used")
        support.contains(by.controller.message, "mpi-operator, found out")
        support.contains(by.state.message, "not there yet")
        assert.is_nil((uv.fs_stat(state)), "the doctor made a file")
    end)

    it("prints a line a check for people", function()
        local code, out, err = support.mpijobd("doctor", "--kubeconfig", server.kubeconfig, "--state", support.folder() .. "/s.db", "-n", namespace)
        assert.are.equal(0, code, err)
        assert.is_truthy(out:match("^ok       configuration       no configuration file"))
        support.contains(out, ("\nok       permissions         in namespace %s: may get, list, update mpijobs.kubeflow.org\n"):format(namespace))
        assert.is_truthy(out:match("\n18 ok\n$"), out)
        support.contains(out, ("\nok       permissions         in namespace %s: may create, patch events\n"):format(namespace))
    end)
end)

describe("doctor", function()
    after_each(support.cleanup)

    -- A kubeconfig for a server; cluster and user are added to.
    local function config(server, of_user, of_cluster)
        local at = { server = server }
        for key, value in pairs(of_cluster or {}) do
            at[key] = value
        end
        return support.write(support.folder() .. "/kubeconfig", json.encode {
            apiVersion = "v1", kind = "Config", ["current-context"] = "a", clusters = { { name = "a", cluster = at } },
            users = { { name = "a", user = of_user or {} } }, contexts = { { name = "a", context = { cluster = "a", user = "a" } } },
        })
    end

    -- A server that answers each request by answer(method, path): status line's rest, headers, body; nil: never.
    local function fake(answer)
        local listener = uv.new_tcp()
        listener:bind("127.0.0.1", 0)
        listener:listen(16, function()
            local socket, seen = uv.new_tcp(), ""
            listener:accept(socket)
            socket:read_start(function(_, chunk)
                if not chunk then
                    return socket:is_closing() or socket:close()
                end
                seen = seen .. chunk
                local method, path = seen:match("^(%u+) (%S+) HTTP/1.1\r\n.-\r\n\r\n")
                local status, headers, body = (method and answer or function() end)(method, path)
                if status then
                    socket:write(("HTTP/1.1 %s\r\n%sConnection: close\r\nContent-Length: %d\r\n\r\n%s"):format(status, headers or "", #body, body), function()
                        socket:close()
                    end)
                end
            end)
        end)
        finally(function()
            listener:close()
            uv.run("nowait")
        end)
        return "http://127.0.0.1:" .. listener:getsockname().port
    end

    local function http_date(ahead)
        return os.date("!Date: %a, %d %b %Y %H:%M:%S GMT\r\n", os.time() + ahead)
    end

    it("a broken configuration leaves only what needs none", function()
        local folder = support.folder()
        support.write(folder .. "/c.yaml", "policys: [a]\n")
        local by = doctor(nil, "--config", folder .. "/c.yaml")
        is(by.configuration, "failed", 'c.yaml:1: policys is not a key of the configuration; did you mean "policies"')
        skipped(by, "configuration", table.unpack(ORDER, 2, 13))
        is(by["time-zones"], "ok", "version 20")
        skipped(by, "configuration", "policies")
    end)

    it("the configuration's own settings are looked at", function()
        local sim = simulator.start("--version", "v1")
        local folder = support.folder()
        support.write(folder .. "/p.lua", 'policy { name = "a", every = "1h", dry_run = true, match = { namespace = "t*" }, replace = { suspend = true } }')
        support.write(folder .. "/c.yaml", ("cluster: { kubeconfig: %s, controller: training-operator }\npolicies: [p.lua]\nnamespaces: [train, prod]\nstate: s.db\n")
            :format(sim.kubeconfig))
        local by = doctor(nil, "--config", folder .. "/c.yaml")
        is(by.configuration, "ok", folder .. "/c.yaml")
        is(by.permissions, "ok", "in namespace train: may get, list mpijobs.kubeflow.org\nmay")
        is(by.controller, "ok", "training-operator, as configured")
        is(by.state, "ok", folder .. "/s.db")
        is(by.policies, "ok", "1 policy loads")
        by = doctor(nil, "--config", folder .. "/c.yaml", "--controller", "auto")
        is(by.controller, "warning", "not found out", "set cluster.controller")
    end)

    it("without a usable kubeconfig nothing is asked of a server", function()
        local by = doctor(nil, "--kubeconfig", "/nonexistent/kubeconfig", "--state", support.folder() .. "/s.db")
        is(by.kubeconfig, "failed", "/nonexistent/kubeconfig")
        skipped(by, "kubeconfig", table.unpack(ORDER, 3, 12))
        is(by.state, "ok")
        is(by.policies, "ok")
    end)

    it("a name that cannot be resolved, a port where nobody listens, a server that says nothing", function()
        local by = doctor(nil, "--kubeconfig", config("https://absent.invalid:6443"), "--request-timeout", "3s")
        is(by.name, "failed", "absent.invalid cannot be resolved", "DNS")
        skipped(by, "name", "connection", "server-certificate", "clock", "credentials", "permissions", "versions", "controller", "watch")
        by = doctor({ env = { https_proxy = "http://127.0.0.1:1" } }, "--kubeconfig", config("https://absent.invalid:6443"), "--request-timeout", "3s")
        is(by.name, "warning", "absent.invalid cannot be resolved", "proxy")
        is(by.connection, "failed", "(https_proxy is set)", "proxy")
        by = doctor(nil, "--kubeconfig", config("https://127.0.0.1:1"))
        is(by.name, "ok", "an address")
        is(by.connection, "failed", "no connection to 127.0.0.1 port 1", "firewall")
        skipped(by, "connection", "server-certificate", "clock", "credentials", "permissions", "versions", "controller", "watch")
        is(by["client-certificate"], "ok")
        by = doctor(nil, "--kubeconfig", config(fake(function() end)), "--request-timeout", "300ms")
        is(by.connection, "ok", "127.0.0.1")
        is(by.clock, "failed", "does not answer: the time is up")
        skipped(by, "clock", "credentials", "permissions", "versions", "controller", "watch")
        by = doctor(nil, "--kubeconfig", config((fake(function() end):gsub("http:", "https:"))), "--request-timeout", "300ms")
        is(by["server-certificate"], "failed", "no answer in time")
    end)

    it("the server's certificate: expired, of another name, of another CA, none, not verified", function()
        local good, expired, elsewhere = simulator.start("--tls"), simulator.start("--tls-expired"), simulator.start("--tls-wrong-name")
        local function ca(sim)
            return support.read(sim.kubeconfig):match("certificate%-authority%-data: (%S+)")
        end
        local by = doctor(nil, "--kubeconfig", good.kubeconfig)
        is(by["server-certificate"], "ok", "verified, expires on 20")
        by = doctor(nil, "--kubeconfig", expired.kubeconfig)
        is(by["server-certificate"], "failed", "expired on 20", "renew")
        skipped(by, "server-certificate", "clock", "credentials", "permissions", "versions", "controller", "watch")
        by = doctor(nil, "--kubeconfig", elsewhere.kubeconfig)
        is(by["server-certificate"], "failed", "the certificate is for elsewhere.example", "tls-server-name")
        by = doctor(nil, "--kubeconfig", config(elsewhere.url, nil, { ["certificate-authority-data"] = ca(elsewhere), ["tls-server-name"] = "elsewhere.example" }))
        is(by["server-certificate"], "ok", "verified")
        is(by.credentials, "ok")
        by = doctor(nil, "--kubeconfig", config(good.url, nil, { ["certificate-authority-data"] = ca(expired) }))
        is(by["server-certificate"], "failed", "certificate", "certificate-authority")
        by = doctor(nil, "--kubeconfig", config(good.url, nil, { ["insecure-skip-tls-verify"] = true }))
        is(by["server-certificate"], "warning", "not verified", "certificate-authority")
        is(by.credentials, "ok")
        local plain = simulator.start()
        by = doctor(nil, "--kubeconfig", config((plain.url:gsub("http:", "https:"))))
        is(by["server-certificate"], "failed", "no agreement on TLS", "http://")
        by = doctor(nil, "--kubeconfig", config(good.url, nil, { ["certificate-authority"] = support.write(support.folder() .. "/ca", "none") }))
        is(by["server-certificate"], "failed", "there is no PEM certificate in it")
        is(by.connection, "ok")
    end)

    it("our own certificate: expired, soon, with another key", function()
        local sim = simulator.start("--tls")
        local folder = support.folder()
        local function ours(certificate, key)
            return config(sim.url, { ["client-certificate"] = certificate, ["client-key"] = key },
                { ["certificate-authority-data"] = support.read(sim.kubeconfig):match("certificate%-authority%-data: (%S+)") })
        end
        support.write(folder .. "/old.pem", EXPIRED)
        support.write(folder .. "/old.key", KEY)
        local by = doctor(nil, "--kubeconfig", ours(folder .. "/old.pem", folder .. "/old.key"))
        is(by["client-certificate"], "failed", "expired on 2021-01-01 00:00 UTC", "renew")
        local code = support.proc.run("/usr/bin/env", { args = { "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", folder .. "/soon.key", "-out", folder .. "/soon.pem", "-days", "10", "-subj", "/CN=a" } })
        assert.are.equal(0, code)
        by = doctor(nil, "--kubeconfig", ours(folder .. "/soon.pem", folder .. "/soon.key"))
        is(by["client-certificate"], "ok", "expires on 20")
        by = doctor(nil, "--kubeconfig", ours(folder .. "/soon.pem", folder .. "/old.key"))
        is(by["client-certificate"], "failed", "does not belong to client certificate")
        is(by.clock, "ok")
        skipped(by, "client-certificate", "credentials", "permissions", "versions", "controller", "watch")
    end)

    it("clocks that differ", function()
        local date = ""
        local kubeconfig = config(fake(function()
            return "404 Not Found", date, "{}"
        end))
        local function clock()
            return doctor(nil, "--kubeconfig", kubeconfig).clock
        end
        is(clock(), "warning", "carry no date")
        date = http_date(0)
        is(clock(), "ok", "agree")
        date = http_date(30)
        is(clock(), "warning", "clock is 2", "chrony")
        support.contains(clock().message, "behind")
        date = http_date(-30)
        support.contains(clock().message, "ahead of")
        date = http_date(-3600)
        is(clock(), "failed", "ahead of the server's", "chrony")
        date = "Date: nonsense\r\n"
        is(clock(), "warning", "carry no date")
    end)

    it("credentials: refused, nobody's, without the right to ask, of a server that does not know the question", function()
        local sim = simulator.start("--token", "right-token", "--view-token", "view-token")
        local by = doctor(nil, "--kubeconfig", config(sim.url, { token = "wrong-token" }))
        is(by.credentials, "failed", "401: the server does not accept the token", "new credentials for")
        skipped(by, "credentials", "permissions", "versions", "controller", "watch")
        local file = support.write(support.folder() .. "/token", "wrong-token\n")
        by = doctor(nil, "--kubeconfig", config(sim.url, { tokenFile = file }))
        is(by.credentials, "failed", "401: the server does not accept the token file", "still renewed")
        by = doctor(nil, "--kubeconfig", config(sim.url, { tokenFile = support.write(support.folder() .. "/token", "") }))
        is(by.credentials, "failed", "is empty")
        by = doctor(nil, "--kubeconfig", config(sim.url, { token = "right-token" }))
        is(by.credentials, "ok", "the server knows us as admin (the token)")
        sim:fault { fault = "forbidden", path = "*/selfsubjectreviews", message = 'User "view" cannot create resource' }
        by = doctor(nil, "--kubeconfig", config(sim.url, { token = "right-token" }))
        is(by.credentials, "warning", "403: accepted", "system:basic-user")
        is(by.permissions, "ok")
        sim:clear_faults()
        sim:fault { fault = "forbidden", path = "*/selfsubjectreviews", message = 'User "system:anonymous" cannot create resource' }
        by = doctor(nil, "--kubeconfig", config(sim.url, {}))
        is(by.credentials, "failed", "takes us for an anonymous user (system:anonymous), with no credentials")
        by = doctor(nil, "--kubeconfig", config(sim.url, { token = "right-token" }))
        is(by.credentials, "failed", "403: the server takes us for an anonymous user", "token or a client certificate")
        sim:clear_faults()
        sim:fault { fault = "status", code = 404, reason = "NotFound", path = "*/selfsubject*" }
        by = doctor(nil, "--kubeconfig", config(sim.url, { token = "right-token" }))
        is(by.credentials, "ok", "accepted (the token)")
        is(by.permissions, "warning", "the server cannot be asked")
        sim:clear_faults()
        sim:fault { fault = "html" }
        by = doctor(nil, "--kubeconfig", config(sim.url, { token = "right-token" }))
        is(by.credentials, "failed", "HTML")
    end)

    it("permissions that are missing, for what the policies need", function()
        local sim = simulator.start("--token", "a-token", "--view-token", "view-token", "--version", "v1")
        local folder = support.folder()
        support.write(folder .. "/p.lua", 'policy { name = "a", every = "1h", match = { namespace = "train" }, replace = { suspend = true } }')
        local by = doctor(nil, "--kubeconfig", config(sim.url, { token = "view-token" }), folder)
        is(by.credentials, "ok", "the server knows us as view")
        is(by.permissions, "failed", "in namespace train: may not get, list, update mpijobs.kubeflow.org\nin namespace train: may not create, patch events, so kubectl describe does not show what policies change\n"
            .. "may not get the definition", "mpijobd rbac")
        support.write(folder .. "/p.lua", 'policy { name = "a", every = "1h", run = function(run) events.emit(mpijob.get "a/b", { reason = "A", message = "b" }) end }')
        by = doctor(nil, "--kubeconfig", config(sim.url, { token = "view-token" }), folder)
        support.contains(by.permissions.message, "may not create, patch events")
        support.write(folder .. "/p.lua", 'policy { name = "a", every = "1h", match = { namespace = "train" }, events = false, replace = { suspend = true } }')
        by = doctor(nil, "--kubeconfig", config(sim.url, { token = "view-token" }), folder)
        support.lacks(by.permissions.message, "events")
        by = doctor(nil, "--kubeconfig", config(sim.url, { token = "view-token" }))
        is(by.permissions, "failed", "in all namespaces: may not get, list, update")
        support.write(folder .. "/p.lua", 'policy { name = "a", every = "1h", run = function() end }')
        by = doctor(nil, "--kubeconfig", config(sim.url, { token = "view-token" }), folder)
        is(by.permissions, "warning", "use no jobs")
    end)

    it("a watch that is forbidden, or held back", function()
        local sim = simulator.start("--version", "v1alpha2")
        sim:fault "forbidden:watch=1"
        local by = doctor(nil, "--kubeconfig", sim.kubeconfig)
        is(by.watch, "failed", "the jobs of all namespaces cannot be watched: ", "need the verb watch")
        sim:clear_faults()
        sim:fault "stall:watch=1"
        by = doctor(nil, "--kubeconfig", sim.kubeconfig, "-n", "train", "--request-timeout", "1s")
        is(by.watch, "failed", "the jobs of train cannot be watched: ", "hold answers back")
    end)

    it("a server without MPIJobs, or with none that mpijobd knows", function()
        local sim = simulator.start("--version", "v1alpha2")
        local by = doctor(nil, "--kubeconfig", sim.kubeconfig, "--api-version", "v2beta1")
        is(by.versions, "failed", "does not serve MPIJobs of version v2beta1; it serves v1alpha2")
        skipped(by, "versions", "controller", "watch")
        sim:fault { fault = "status", code = 404, reason = "NotFound", path = "/apis/kubeflow.org*" }
        by = doctor(nil, "--kubeconfig", sim.kubeconfig)
        is(by.versions, "failed", "kubeflow.org", "CRD")
        by = doctor(nil, "--kubeconfig", sim.kubeconfig, "--api-version", "v9")
        is(by.credentials, "failed", 'unknown MPIJob version "v9"')
    end)

    it("the state file: held, of another program, older, no file, not to be made", function()
        local sim = simulator.start()
        local folder = support.folder()
        local function state(path)
            return doctor(nil, "--kubeconfig", sim.kubeconfig, "--state", path).state
        end
        support.write(folder .. "/p.lua", 'policy { name = "a", every = "1h", replace = { suspend = true } }')
        local daemon = support.daemon(nil, "run", "--no-supervisor", "--kubeconfig", sim.kubeconfig, "--state", folder .. "/s.db", folder .. "/p.lua")
        daemon:expect("connected")
        is(state(folder .. "/s.db"), "ok", ("held by a daemon that runs (process %d)"):format(daemon.pid))
        assert.are.equal(0, (daemon:stop()))
        is(state(folder .. "/s.db"), "ok", "not in use now")
        daemon = support.daemon(nil, "run", "--kubeconfig", sim.kubeconfig, "--state", folder .. "/s.db", folder .. "/p.lua")
        daemon:expect("connected") -- the doctor left no lock
        daemon:stop()
        support.sql(folder .. "/s.db", "INSERT INTO schema_version VALUES (99, 0)")
        is(state(folder .. "/s.db"), "failed", "was written by a newer mpijobd (schema 99")
        support.write(folder .. "/text.db", ("no database "):rep(100))
        is(state(folder .. "/text.db"), "failed", "text.db", "backup")
        is(state(folder), "failed", "is not a regular file")
        is(state(folder .. "/p.lua/s.db"), "failed", "p.lua")
        is(state(folder .. "/new/folder/s.db"), "ok", "is not there yet; the daemon will make it")
        is(state(":memory:"), "warning", "in memory")
        assert.is_nil((uv.fs_stat(folder .. "/new")))
    end)

    it("zones: none, old, current", function()
        local folder = support.folder()
        local function zones()
            return doctor({ env = { TZDIR = folder } }, "--kubeconfig", "/nonexistent")["time-zones"]
        end
        is(zones(), "failed", "only UTC is there", "tzdata")
        uv.fs_mkdir(folder .. "/Europe", 493)
        support.write(folder .. "/Europe/Berlin", support.read("/usr/share/zoneinfo/Europe/Berlin"))
        is(zones(), "ok", "of an unknown version")
        support.write(folder .. "/tzdata.zi", "# version 2019c\n")
        is(zones(), "warning", "version 2019c is old", "update tzdata")
        support.write(folder .. "/tzdata.zi", os.date("# version %Ya\n"))
        is(zones(), "ok", os.date("version %Ya"))
    end)

    it("policies that do not load", function()
        local folder = support.folder()
        support.write(folder .. "/a.lua", "policy { name = 'a', evry = '1h' }")
        support.write(folder .. "/b.lua", "policy {")
        local by = doctor(nil, "--kubeconfig", "/nonexistent", folder)
        is(by.policies, "failed", folder .. "/a.lua:1: ", "mpijobd check")
        support.contains(by.policies.message, folder .. "/b.lua:1: ")
        by = doctor(nil, "--kubeconfig", "/nonexistent", support.write(folder .. "/c.lua", "local x = 1"))
        is(by.policies, "failed", "define no policy")
    end)

    it("what hangs is given up, and the rest said", function()
        local fifo = support.folder() .. "/fifo"
        assert(os.execute("mkfifo " .. fifo))
        -- What the shell has opened is read, and nothing is written to this pipe.
        local opened = { behind = { "/bin/sh", "-c", 'exec 3<>"$0"; exec "$@"', fifo } }
        local by = doctor(opened, "--config", "/dev/fd/3", "--request-timeout", "50ms")
        is(by.configuration, "failed", "not finished")
        skipped(by, "configuration", table.unpack(ORDER, 2))
        local code, out = support.mpijobd_with(opened, "doctor", "--kubeconfig", "/nonexistent",
            "--request-timeout", "50ms", "/dev/fd/3")
        assert.are.equal(1, code)
        support.contains(out, "failed   policies            not finished")
    end)

    it("tells no secret", function()
        local sim = simulator.start("--tls", "--token", "right")
        local folder = support.folder()
        local ca = { ["certificate-authority-data"] = support.read(sim.kubeconfig):match("certificate%-authority%-data: (%S+)") }
        local certificate = support.write(folder .. "/c.pem", EXPIRED)
        local key = support.write(folder .. "/canary-is-in.pem", (KEY:gsub("\nMIGH", "\ncanary+")))
        local with_proxy = { ["proxy-url"] = "http://user:canary-proxy@127.0.0.1:1" }
        local files = {
            config(sim.url, { token = "canary-token" }, ca),
            config(sim.url, { token = "canary token\nwith a line" }, ca),
            config(sim.url, { username = "user", password = "canary-password" }, ca),
            config(sim.url, { tokenFile = support.write(folder .. "/t", "canary-in-file") }, ca),
            config(sim.url, { tokenFile = support.write(folder .. "/u", "canary in file\1") }, ca),
            config(sim.url, { ["client-certificate"] = certificate, ["client-key"] = key }, ca),
            config(sim.url, { ["client-certificate-data"] = "canary", ["client-key-data"] = "canary" }, ca),
            config((sim.url:gsub("127", "user:canary@127")), {}, ca),
            config("https://api.example.com", { token = "canary-token" }, with_proxy),
        }
        for _, name in ipairs { "aks.yaml", "cce.json", "eks.yaml", "gke.yaml", "gke-legacy.yaml", "k3s.yaml", "kind.yaml", "minikube.yaml", "openshift.yaml" } do
            files[#files + 1] = support.source .. "/tests/fixtures/kubeconfig/" .. name
        end
        for _, file in ipairs(files) do
            for _, format in ipairs { "table", "json" } do
                local code, out, err = support.mpijobd("doctor", "--kubeconfig", file, "--request-timeout", "500ms", "-o", format)
                assert.are.equal(1, code, file .. out)
                local all = (out .. err):gsub("canary%-is%-in%.pem", "") -- a file's name is no secret
                support.lacks(all:lower(), "canary")
                support.lacks(all, "Y2FuYXJ5") -- in base64, if it begins a group
                support.lacks(all, "dXNlcjpjYW5hcnkt") -- user:canary-
            end
        end
    end)

    it("is told by wrong usage", function()
        for _, args in ipairs { { "-o", "yaml" }, { "-l", "a=b" }, { "--request-timeout", "soon" }, { "--nonsense" } } do
            local code, out, err = support.mpijobd("doctor", table.unpack(args))
            assert.are.equal(2, code, out)
            support.contains(err, "See mpijobd doctor --help.")
        end
    end)
end)
