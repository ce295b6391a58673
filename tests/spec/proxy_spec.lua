-- SPDX-License-Identifier: Apache-2.0
-- Through a proxy, as the kubeconfig or the environment has it; and as another user.
local support = require "support"
local sim = require "support.sim"
local proxies = require "support.proxy"
local clusters = require "support.cluster"

-- base64 of "robot:canary-1"
local USER, CODED = "robot:canary-1@", "cm9ib3Q6Y2FuYXJ5LTE="

describe("a proxy", function()
    local server, proxy, folder

    before_each(function()
        folder = support.folder()
        server = sim.start("--tls", "--version", "v2beta1", "--jobs", "3", "--token", "canary-token")
    end)
    after_each(function()
        if proxy then
            proxy:stop()
            proxy = nil
        end
        support.cleanup()
    end)

    -- The server by a name that only the proxy can lead anywhere.
    local function kubeconfig(cluster)
        local ca = support.read(server.kubeconfig):match("certificate%-authority%-data: (%S+)")
        return support.write(folder .. "/kubeconfig", ([[
apiVersion: v1
kind: Config
current-context: dev
clusters: [{name: dev, cluster: {server: "https://api.spec.invalid:6443", tls-server-name: localhost, certificate-authority-data: %s%s}}]
contexts: [{name: dev, context: {cluster: dev, user: dev}}]
users: [{name: dev, user: {token: canary-token}}]
]]):format(ca, cluster or ""))
    end

    local function get(env, cluster)
        local code, out, err = support.mpijobd_with({ env = env }, "get", "-A", "-o", "name", "--kubeconfig", kubeconfig(cluster))
        support.lacks(out .. err, "canary")
        support.lacks(out .. err, CODED)
        return code, out, err
    end

    local function comes_through(env, cluster)
        local code, out, err = get(env, cluster)
        assert.are.equal(0, code, err)
        assert.are.equal(3, support.count(out, "mpijob.kubeflow.org/"))
        for _, request in ipairs(proxy.requests) do
            assert.are.equal("CONNECT", request.method)
            assert.are.equal("api.spec.invalid:6443", request.target)
            support.lacks(request.head, "canary-token") -- within the tunnel only
        end
        assert.is_true(#proxy.requests > 0)
        proxy.requests = {}
    end

    local function goes_by(env, cluster)
        local code, _, err = get(env, cluster)
        assert.are.equal(1, code)
        support.contains(err, "api.spec.invalid")
        support.contains(err, "the name does not resolve")
        assert.are.equal(0, #proxy.requests)
    end

    it("of the kubeconfig leads to the server, in a tunnel", function()
        proxy = proxies.start { to = server.url }
        comes_through({}, (", proxy-url: %q"):format(proxy.url))
        -- It is for this cluster, whatever the environment says of others.
        comes_through({ HTTPS_PROXY = "http://127.0.0.1:1" }, (", proxy-url: %q"):format(proxy.url))
    end)

    it("of the environment does, in capitals and in small letters, and not for what is exempt", function()
        proxy = proxies.start { to = server.url }
        for _, name in ipairs { "HTTPS_PROXY", "https_proxy" } do
            comes_through { [name] = proxy.url }
            for _, none in ipairs { "NO_PROXY", "no_proxy" } do
                goes_by { [name] = proxy.url, [none] = "example.com,.spec.invalid" }
                goes_by { [name] = proxy.url, [none] = "*" }
                comes_through { [name] = proxy.url, [none] = "example.com" }
            end
        end
        -- This machine is never asked for by way of a proxy, as in kubectl.
        local code = support.mpijobd_with({ env = { HTTPS_PROXY = proxy.url } }, "get", "-A", "--kubeconfig", server.kubeconfig)
        assert.are.equal(0, code)
        assert.are.equal(0, #proxy.requests)
    end)

    it("is given a name and a password, which show nowhere", function()
        proxy = proxies.start { to = server.url, user = CODED }
        local good, bad = "http://" .. USER .. proxy.address, "http://robot:canary-2@" .. proxy.address
        comes_through { HTTPS_PROXY = good }
        comes_through({}, (", proxy-url: %q"):format(good))
        for _, env in ipairs { { HTTPS_PROXY = bad }, {} } do
            local code, _, err = get(env, not env.HTTPS_PROXY and (", proxy-url: %q"):format(bad) or nil)
            assert.are.equal(1, code)
            support.contains(err, "proxy")
            support.contains(err, "407")
        end
        assert.is_true(#proxy.requests <= 4, #proxy.requests)
        local policy = support.write(folder .. "/p.lua", [[policy { name = "p", every = "1m", replace = { labels = { n = "1" } } }]])
        for _, url in ipairs { good, bad } do
            local _, out, err = support.mpijobd_with({ env = { HTTPS_PROXY = url } }, "run", "--once", "--log-level", "debug", "--kubeconfig", kubeconfig(),
                "--state", folder .. "/s.db", policy)
            local _, report, said = support.mpijobd_with({ env = { HTTPS_PROXY = url } }, "doctor", "-o", "json", "--kubeconfig", kubeconfig(), "--state", folder .. "/s.db")
            support.lacks(out .. err .. report .. said, "canary")
            support.lacks(out .. err .. report .. said, CODED)
        end
    end)

    it("that is not there is named", function()
        proxy = proxies.start { to = server.url }
        proxy:stop()
        local code, _, err = get { HTTPS_PROXY = "http://" .. USER .. proxy.address }
        assert.are.equal(1, code)
        support.contains(err, "proxy")
        support.contains(err, proxy.address:match(":(%d+)"))
    end)
end)

describe("another user", function()
    local server

    before_each(function()
        server = sim.start("--version", "v2beta1", "--jobs", "1")
    end)
    after_each(support.cleanup)

    local function acting(...)
        server:forget_requests()
        local code, _, err = support.mpijobd("get", "-A", ...)
        assert.are.equal(0, code, err)
        local as = server:requests("path=*/mpijobs")[1].impersonation
        for _, request in ipairs(server:requests()) do
            assert.are.equal(as, request.impersonation)
        end
        return as
    end

    it("is acted as by the command line", function()
        assert.is_nil(acting("--kubeconfig", server.kubeconfig))
        assert.are.equal("Impersonate-User: ops", acting("--kubeconfig", server.kubeconfig, "--as", "ops"))
        assert.are.equal("Impersonate-User: ops\nImpersonate-Uid: 7\nImpersonate-Group: a b\nImpersonate-Group: c",
            acting("--kubeconfig", server.kubeconfig, "--as=ops", "--as-uid=7", "--as-group=a b", "--as-group", "c"))
        local code, _, err = support.mpijobd("get", "--kubeconfig", server.kubeconfig, "--as-group", "c")
        assert.are.equal(1, code)
        support.contains(err, "--as-uid and --as-group want --as")
    end)

    it("is acted as by the kubeconfig, and the command line's user has its own groups", function()
        local path = support.write(support.folder() .. "/kubeconfig", ([[
apiVersion: v1
kind: Config
current-context: dev
clusters: [{name: dev, cluster: {server: %q}}]
contexts: [{name: dev, context: {cluster: dev, user: dev}}]
users: [{name: dev, user: {as: filed, as-uid: "9", as-groups: [x, y]}}]
]]):format(server.url))
        assert.are.equal("Impersonate-User: filed\nImpersonate-Uid: 9\nImpersonate-Group: x\nImpersonate-Group: y", acting("--kubeconfig", path))
        assert.are.equal("Impersonate-User: given", acting("--kubeconfig", path, "--as", "given"))
    end)
end)

if clusters.real then
    describe("another user #cluster", function()
        it("is whom the server sees", function()
            local server = clusters.start(clusters.versions[4])
            local code, _, err = support.mpijobd("get", "-A", "--kubeconfig", server.kubeconfig, "--as", "visitor", "--as-group", "nobodies")
            assert.are.equal(1, code)
            support.contains(err, 'User "visitor" cannot list')
            code, _, err = support.mpijobd("get", "-A", "--kubeconfig", server.kubeconfig, "--as", "visitor", "--as-group", "system:masters")
            assert.are.equal(0, code, err)
        end)
    end)
end
