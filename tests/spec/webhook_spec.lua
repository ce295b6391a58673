-- SPDX-License-Identifier: Apache-2.0
-- An admission webhook of the cluster that takes its time: it holds up what it is asked about, and nothing else.
local support = require "support"
local cluster = require "support.cluster"
local await = support.proc.await

-- Each change counts up, so that one that is made twice shows. The policy that is held up comes first.
local POLICIES = [[
for _, namespace in ipairs { "%s", "%s" } do
    policy { name = namespace, on = "match", match = { namespace = namespace, labels = "todo" }, replace = function(job)
        return { annotations = { n = tostring((tonumber(job.annotations.n) or 0) + 1) } }
    end }
end
]]
local HELD, FREE = 6, 60

describe("a slow webhook #cluster", function()
    local server, folder, slow, quick

    -- On the simulator the server itself takes so long.
    local function takes(seconds)
        if server.sim then
            server.sim:clear_faults()
            if seconds > 0 then
                server.sim:fault { fault = "delay", ms = seconds * 1000, method = "PUT", path = "*/namespaces/" .. slow .. "/mpijobs/*" }
            end
        else
            support.write(folder .. "/seconds", tostring(seconds))
        end
    end

    local function install(patience)
        if server.sim then
            return
        end
        -- A certificate for the address that the server calls.
        local code, _, err = support.proc.run("/usr/bin/openssl", { args = { "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/CN=webhook", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder .. "/key", "-out", folder .. "/pem", "-days", "2" } })
        assert(code == 0, err)
        local hook = support.keep(support.proc.start("/usr/bin/python3", { args = { support.source .. "/tests/spec/support/slow_webhook.py", folder .. "/pem", folder .. "/key",
            folder .. "/seconds" } }))
        local port = hook:expect("port ", "stdout"):match "port (%d+)"
        local bundle
        code, bundle = support.proc.run("/usr/bin/base64", { args = { "-w0", folder .. "/pem" } })
        assert(code == 0)
        local status, answer = server:request("POST", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", {
            apiVersion = "admissionregistration.k8s.io/v1", kind = "ValidatingWebhookConfiguration", metadata = { name = slow },
            webhooks = { { name = "slow.example.com", admissionReviewVersions = { "v1" }, sideEffects = "None", timeoutSeconds = patience,
                clientConfig = { url = "https://127.0.0.1:" .. port .. "/", caBundle = bundle },
                namespaceSelector = { matchLabels = { ["kubernetes.io/metadata.name"] = slow } },
                rules = { { apiGroups = { "kubeflow.org" }, apiVersions = { "*" }, operations = { "UPDATE" }, resources = { "mpijobs" } } } } } })
        assert.are.equal(201, status, answer)
        finally(function()
            server:request("DELETE", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/" .. slow)
            support.cleanup()
        end)
        -- The server reads the configuration a moment later: a change that it asks about shows that.
        server:create(slow, "probe")
        local n = 0
        assert.is_truthy(await(function()
            n = n + 1
            local _, text = server:request("GET", server:path(slow, "probe"))
            local read = server:request("PUT", server:path(slow, "probe"), (text:gsub('"note":"[^"]*"', '"note":"' .. n .. '"')))
            return read == 200 and hook.stdout:find("answered UPDATE", 1, true)
        end))
    end

    local function start(more)
        local config = support.write(folder .. "/c.yaml", more or "")
        return support.daemon(nil, "run", "--config", config, "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db",
            support.write(folder .. "/p.lua", POLICIES:format(slow, quick)), table.unpack(server.flags))
    end

    local function done(namespace)
        local _, text = server:request("GET", server:path(namespace))
        local counts = { [0] = 0 }
        for _, job in ipairs(support.json.decode(text).items) do
            local n = tonumber((job.metadata.annotations or {}).n or 0)
            counts[n] = (counts[n] or 0) + 1
        end
        return counts
    end

    before_each(function()
        server = cluster.start(cluster.versions[#cluster.versions])
        folder, slow, quick = support.folder(), server:namespace(), server:namespace()
        takes(0)
    end)
    after_each(support.cleanup)

    it("holds up the changes that it is asked about, and nothing else", function()
        install(20)
        local daemon = start()
        daemon:expect " in force"
        takes(2)
        for i = 1, HELD do
            server:create(slow, "job-" .. i, { labels = '{"todo":"x"}' })
        end
        for i = 1, FREE do
            server:create(quick, "job-" .. i, { labels = '{"todo":"x"}' })
        end
        assert.is_truthy(await(function() return done(quick)[1] == FREE end))
        local code = support.mpijobd("status", "--state", folder .. "/s.db")
        assert.are.equal(0, code)
        assert.is_truthy(await(function() return done(slow)[1] == HELD end))
        support.lacks(daemon.stderr, "error")
        assert.are.same({ nil, nil }, { done(slow)[2], done(quick)[2] })
    end)

    it("that takes longer than the server waits is a failure that is told, and tried again when it has become quick", function()
        if server.sim then
            pending "the real server alone: the simulator asks no webhook"
            return
        end
        install(1)
        local daemon = start()
        daemon:expect " in force"
        takes(3)
        server:create(slow, "late", { labels = '{"todo":"x"}' })
        support.contains(daemon:expect "slow.example.com", "webhook")
        server:create(quick, "job", { labels = '{"todo":"x"}' })
        assert.is_truthy(await(function() return done(quick)[1] == 1 end))
        takes(0)
        assert.is_truthy(await(function() return done(slow)[1] == 1 end))
        assert.is_nil(done(slow)[2])
    end)
end)
