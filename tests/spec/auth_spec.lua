-- SPDX-License-Identifier: Apache-2.0
-- Ways to prove who one is, on a cluster that asks for it.
local support = require "support"
local sim = require "support.sim"

local KUBECONFIG = [[
apiVersion: v1
kind: Config
current-context: dev
clusters: [{name: dev, cluster: {server: %q}}]
contexts: [{name: dev, context: {cluster: dev, user: dev}}]
users:
- name: dev
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: ./bin/login
      args: [%q]
      env: [{name: SECRET, value: canary-given}]
      installHint: Ask for login at the desk.
      interactiveMode: IfAvailable
]]

local TOKEN = "canary-token-of-the-spec"

describe("an exec plugin", function()
    local server, folder, kubeconfig

    -- The script's text follows a line that counts its runs.
    local function plugin(text)
        support.write(folder .. "/bin/login", "#!/bin/sh\necho run >> \"$1/runs\"\n" .. text .. "\n")
        assert(support.uv.fs_chmod(folder .. "/bin/login", 448))
    end

    local function prints(token, more)
        return ([[echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"%s"%s}}']])
            :format(token, more or "")
    end

    local function runs()
        return support.count(support.read(folder .. "/runs"), "run")
    end

    before_each(function()
        server = sim.start("--version", "v2beta1", "--jobs", "3", "--seed", "1", "--token", TOKEN)
        folder = support.folder()
        assert(support.uv.fs_mkdir(folder .. "/bin", 448))
        kubeconfig = support.write(folder .. "/kubeconfig", KUBECONFIG:format(server.url, folder))
    end)
    after_each(support.cleanup)

    local function get(...)
        local code, out, err = support.mpijobd("get", "-A", "-o", "name", "--kubeconfig", kubeconfig, ...)
        support.lacks(out .. err, "canary")
        return code, out, err
    end

    it("gives the token that the server asks for, in one run", function()
        plugin(prints(TOKEN))
        local code, out, err = get()
        assert.are.equal(0, code, err)
        assert.are.equal(3, support.count(out, "mpijob.kubeflow.org/"))
        assert.are.equal(1, runs())
    end)

    it("is run again, once, when its token is refused after it was good", function()
        plugin(prints(TOKEN))
        server:fault("token-expired:path=*/mpijobs*,count=1")
        local code, out, err = get()
        assert.are.equal(0, code, err)
        assert.are.equal(3, support.count(out, "mpijob.kubeflow.org/"))
        assert.are.equal(2, runs())
    end)

    it("that gives a token nobody knows leads to one clear error", function()
        plugin(prints("canary-unknown"))
        local code, _, err = get()
        assert.are.equal(1, code)
        support.contains(err, "the server does not know our credentials")
        support.contains(err, kubeconfig)
        assert.are.equal(1, runs())
        assert.are.equal(1, #server:requests())
    end)

    it("that fails leads to one clear error, and the server is not asked", function()
        plugin("echo \"you are not logged in ($SECRET)\" >&2; exit 3")
        local code, _, err = get()
        assert.are.equal(1, code)
        support.contains(err, kubeconfig .. ":10: user \"dev\": the exec plugin " .. folder .. "/./bin/login failed with exit status 3; "
            .. "it said: you are not logged in (************)")
        assert.are.equal(1, support.count(err, "not logged in"))
        assert.are.equal(1, runs())
        assert.are.equal(0, #server:requests())
    end)

    it("that is not there is named, with where to get it", function()
        local code, _, err = get()
        assert.are.equal(1, code)
        support.contains(err, "/bin/login does not exist. Ask for login at the desk.")
    end)

    it("keeps a daemon going over the end of its token", function()
        local policy = support.write(folder .. "/p.lua", [[policy { name = "p", schedule = "* * * * * *", replace = { labels = { n = "1" } } }]])
        -- Good for two to three seconds, then another one.
        plugin(prints(TOKEN, [[,"expirationTimestamp":"'$(date -u -d '+3 seconds' +%Y-%m-%dT%H:%M:%SZ)'"]]))
        local daemon = support.daemon({}, "run", "--kubeconfig", kubeconfig, "--state", folder .. "/s.db", "--log-level", "debug", policy)
        for _ = 1, 3 do
            daemon:expect("credentials were fetched")
        end
        assert.are.equal(0, daemon:stop("sigterm"))
        support.lacks(daemon.stderr, "canary")
        support.lacks(daemon.stderr, " ERROR ")
        assert.is_true(runs() <= 4, runs())
    end)

    it("that is broken is not hammered by a daemon", function()
        local policy = support.write(folder .. "/p.lua", [[policy { name = "p", schedule = "* * * * * *", replace = { labels = { n = "1" } } }]])
        plugin("echo 'no login today' >&2; exit 1")
        local daemon = support.daemon({}, "run", "--kubeconfig", kubeconfig, "--state", folder .. "/s.db", policy)
        daemon:expect("no login today")
        daemon:expect("no login today", nil, 60)
        daemon:stop("sigterm")
        assert.is_true(runs() <= 2, runs())
        assert.are.equal(0, #server:requests())
    end)
end)

describe("an access key of Huawei Cloud", function()
    local server, folder

    local function configuration(auth)
        return support.write(folder .. "/mpijobd.yaml", ("cluster:\n  server: %s\n  auth: %s\n"):format(server.url, auth))
    end

    before_each(function()
        server = sim.start("--version", "v2beta1", "--jobs", "3", "--seed", "1")
        folder = support.folder()
        support.write(folder .. "/access", "AK\n")
        support.write(folder .. "/secret", "canary-secret\n")
    end)
    after_each(support.cleanup)

    it("is configured by its files", function()
        local path = configuration("{type: huawei-aksk, access_key_file: access, secret_key_file: secret}")
        local code, out, err = support.mpijobd("get", "-A", "-o", "name", "--config", path)
        assert.are.equal(0, code, err)
        assert.are.equal(3, support.count(out, "mpijob.kubeflow.org/"))
        support.lacks(out .. err, "canary")
    end)

    it("is refused where a part is missing", function()
        local function refused(auth, part)
            local code, _, err = support.mpijobd("get", "--config", configuration(auth))
            assert.are.equal(1, code)
            support.contains(err, part)
            support.lacks(err, "canary")
        end
        refused("{type: huawei-aksk, access_key_file: access}", "needs access_key_file and secret_key_file beside it")
        refused("{type: token-file, token_file: secret, access_key_file: access}", "go with type \"huawei-aksk\"")
        refused("{type: huawei-aksk, access_key_file: access, secret_key_file: secret, token_file: secret}", "security_token_file")
        refused("{type: huawei-aksk, access_key_file: access, secret_key_file: none}", folder .. "/none")
    end)
end)
