-- SPDX-License-Identifier: Apache-2.0
-- Every way to prove who one is, over TLS: while a daemon replaces some hundred jobs again and again, what it proves itself by is replaced, and
-- no replacement fails. And each with something wrong: one clear error, and the server is left alone.
local support = require "support"
local sim = require "support.sim"
local certificates = require "support.certificates"

local POLICY = [[policy { name = "tick", every = "1s", events = false, match = { namespace = { "train", "research", "default" } },
    replace = function(job) return { annotations = { tick = time.rfc3339() } } end }]]
local JOBS = 200

local server, folder

-- A simulator with TLS and jobs; the spec itself comes in by a token of its own.
local function serve(...)
    server = sim.start("--tls", "--token", "spec", ...)
    local ca = support.read(server.kubeconfig):match("certificate%-authority%-data: (%S+)")
    support.write(folder .. "/ca.b64", ca)
    server.ca_data = ca
    local code, pem = support.proc.run("/usr/bin/base64", { args = { "-d", folder .. "/ca.b64" } })
    assert(code == 0)
    support.write(folder .. "/server-ca.pem", pem)
    local spec = '{"mpiReplicaSpecs":{"Launcher":{"replicas":1},"Worker":{"replicas":2}}}'
    local bodies = {}
    for i = 1, JOBS do
        bodies[i] = ('{"apiVersion":"kubeflow.org/v1alpha2","kind":"MPIJob","metadata":{"name":"job-%d"},"spec":%s}'):format(i, spec)
    end
    server:create_all("/apis/kubeflow.org/v1alpha2/namespaces/default/mpijobs", bodies)
    server:forget_requests()
end

local function kubeconfig(user)
    return "--kubeconfig", support.write(folder .. "/kubeconfig", ([[
apiVersion: v1
kind: Config
current-context: dev
clusters: [{name: dev, cluster: {server: "%s", certificate-authority-data: %s}}]
contexts: [{name: dev, context: {cluster: dev, user: dev}}]
users:
- name: dev
  user: %s
]]):format(server.url, server.ca_data, user))
end

local function configuration(auth)
    return "--config", support.write(folder .. "/mpijobd.yaml", ("cluster:\n  server: %s\n  ca: server-ca.pem\n  controller: mpi-operator\n  auth: %s\n")
        :format(server.url, auth))
end

local function start(flag, path, env)
    local daemon = support.daemon({ stdin = true, env = env }, "run", flag, path, "--state", folder .. "/s.db", "--clock", "2026-01-01T00:00:00Z", "--api-version", "v1alpha2",
        support.write(folder .. "/p.lua", POLICY))
    daemon:expect("1 policy in force")
    return daemon
end

-- One run over all jobs; change: called when it is well under way. As where credentials are issued: what is new is good before it lies
-- in its place, and what is old until then.
local function round(daemon, change)
    local from = #daemon.stderr + 1
    daemon:write("advance 1s\n")
    if change then
        support.proc.await(function()
            return support.count(daemon.stderr:sub(from), "replaced policy=tick") > JOBS / 10
        end)
        change()
    end
    local line = daemon:expect("run ended")
    daemon:expect("clock ", "stdout")
    local changed, unchanged = line:match("outcome=done changed=(%d+) unchanged=(%d+) failed=0")
    if not changed or changed + unchanged ~= JOBS then
        for text in daemon.stderr:sub(from):gmatch "[^\n]+" do
            if text:find(" error ", 1, true) or text:find(" warn ", 1, true) then
                line = line .. "\n" .. text
            end
        end
        error(line)
    end
end

local function finish(daemon)
    assert.are.equal(0, daemon:stop("sigterm"))
    support.lacks(daemon.stderr, "canary")
    support.lacks(daemon.stderr, " ERROR ")
end

local function ways(seen)
    local found = {}
    for _, request in ipairs(server:requests("method=PUT&path=*/mpijobs/*&body=0")) do
        if request.status == 200 then
            found[request.auth or "none"] = true
        end
    end
    for _, way in ipairs(seen) do
        assert.is_truthy(found[way], way)
        found[way] = nil
    end
    assert.is_nil(next(found))
end

describe("while a daemon works", function()
    before_each(function()
        folder = support.folder()
    end)
    after_each(support.cleanup)

    it("a token does", function()
        serve()
        server:credentials { tokens = { "spec", "canary" } }
        local daemon = start(kubeconfig "{token: canary}")
        round(daemon)
        round(daemon)
        finish(daemon)
        ways { "token" }
    end)

    it("a token in a file is rotated", function()
        serve()
        server:credentials { tokens = { "spec", "canary-1" } }
        support.write(folder .. "/token", "canary-1\n")
        local daemon = start(kubeconfig "{tokenFile: token}")
        for i = 2, 4 do
            round(daemon, function()
                server:credentials { tokens = { "spec", "canary-" .. i - 1, "canary-" .. i } }
                support.write(folder .. "/token", "canary-" .. i)
                server:credentials { tokens = { "spec", "canary-" .. i } }
            end)
        end
        round(daemon)
        finish(daemon)
    end)

    it("the files of a client certificate are rotated", function()
        local ca = certificates.make(folder, "ca")
        for i = 1, 3 do
            certificates.make(folder, "robot-" .. i, "ca")
        end
        local function use(i)
            for _, kind in ipairs { ".pem", ".key" } do -- one after the other: between them they do not fit
                support.write(folder .. "/robot" .. kind, support.read(folder .. "/robot-" .. i .. kind))
            end
        end
        serve("--client-ca", ca)
        use(1)
        server:credentials { certificates = { "robot-1" } }
        local daemon = start(kubeconfig "{client-certificate: robot.pem, client-key: robot.key}")
        round(daemon)
        for i = 2, 3 do
            round(daemon, function()
                server:credentials { certificates = { "robot-" .. i - 1, "robot-" .. i } }
                use(i)
                server:credentials { certificates = { "robot-" .. i } }
            end)
        end
        round(daemon)
        finish(daemon)
        ways { "certificate:robot-1", "certificate:robot-2", "certificate:robot-3" }
    end)

    it("a name and a password do", function()
        serve("--basic", "robot:canary:1")
        local daemon = start(kubeconfig "{username: robot, password: 'canary:1'}")
        round(daemon)
        round(daemon)
        finish(daemon)
        ways { "basic" }
    end)

    -- The script's text follows a line that counts its runs in $n.
    local function plugin(version, text)
        support.write(folder .. "/login", "#!/bin/sh\ncd \"$1\"; echo run >> runs; n=$(wc -l < runs)\n"
            .. "ms=$(($(date +%s%N) / 1000000 + 900))\nuntil=$(date -u -d \"@$((ms / 1000)).$(printf %03d $((ms % 1000)))\" +%Y-%m-%dT%H:%M:%S.%NZ)\n" .. text)
        assert(support.uv.fs_chmod(folder .. "/login", 448))
        return kubeconfig(("{exec: {apiVersion: client.authentication.k8s.io/%s, command: ./login, args: ['%s'], interactiveMode: Never}}"):format(version, folder))
    end

    local function runs()
        return support.count(support.read(folder .. "/runs"), "run")
    end

    for _, version in ipairs { "v1", "v1beta1" } do
        it("the token of an exec plugin (" .. version .. ") expires", function()
            serve()
            local tokens = { "spec" }
            for i = 1, 50 do
                tokens[i + 1] = "canary-" .. i
            end
            server:credentials { tokens = tokens }
            local daemon = start(plugin(version, ([[echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/%s","status":{"token":"canary-'$n'",]]
                .. [["expirationTimestamp":"'$until'"}}']]):format(version)))
            local seen = 0
            repeat
                round(daemon, function() -- those that have been replaced are good no more
                    seen = runs()
                    for i = 1, seen - 1 do
                        tokens[i + 1] = "gone-" .. i
                    end
                    server:credentials { tokens = tokens }
                end)
            until seen >= 3
            finish(daemon)
        end)
    end

    it("the certificate of an exec plugin expires", function()
        local ca = certificates.make(folder, "ca")
        for i = 1, 4 do
            certificates.make(folder, "robot-" .. i, "ca")
        end
        serve("--client-ca", ca)
        local daemon = start(plugin("v1", [[[ $n -gt 4 ] && n=4
line() { awk '{ printf "%s\\n", $0 }' "$1"; }
printf '%s\n' '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"clientCertificateData":"'"$(line robot-$n.pem)"'","clientKeyData":"'"$(line robot-$n.key)"'","expirationTimestamp":"'$until'"}}']]))
        repeat
            round(daemon)
        until runs() >= 3
        finish(daemon)
    end)

    it("a pod's service account is rotated", function()
        serve()
        server:credentials { tokens = { "spec", "canary-1" } }
        -- As the kubelet does it: the files are links into a folder that is exchanged as a whole.
        local function project(i)
            local data = folder .. "/account/..data-" .. i
            assert(support.uv.fs_mkdir(data, 448))
            support.write(data .. "/token", "canary-" .. i)
            support.write(data .. "/ca.crt", support.read(folder .. "/server-ca.pem"))
            support.write(data .. "/namespace", "default")
            assert(support.uv.fs_symlink("..data-" .. i, folder .. "/account/..data_tmp"))
            assert(support.uv.fs_rename(folder .. "/account/..data_tmp", folder .. "/account/..data"))
        end
        assert(support.uv.fs_mkdir(folder .. "/account", 448))
        project(1)
        for _, name in ipairs { "token", "ca.crt", "namespace" } do
            assert(support.uv.fs_symlink("..data/" .. name, folder .. "/account/" .. name))
        end
        local host, port = server.url:match("//([%d.]+):(%d+)")
        local config = support.write(folder .. "/mpijobd.yaml", "cluster: {auth: {type: in-cluster, service_account: account}}\n")
        local daemon = start("--config", config, { KUBERNETES_SERVICE_HOST = host, KUBERNETES_SERVICE_PORT = port })
        for i = 2, 3 do
            round(daemon, function()
                server:credentials { tokens = { "spec", "canary-" .. i - 1, "canary-" .. i } }
                project(i)
                server:credentials { tokens = { "spec", "canary-" .. i } }
            end)
        end
        round(daemon)
        finish(daemon)
    end)

    it("a token of the IAM expires, is revoked, and the password is changed", function()
        serve("--iam", "domain:robot:project:canary 1")
        server:credentials { iamLifetime = 0.8 }
        support.write(folder .. "/password", "canary 1\n")
        local daemon = start(configuration(("{type: huawei-iam, endpoint: %q, domain: domain, user: robot, project: project, password_file: password}"):format(server.url)))
        local function asked()
            return #server:requests("path=/v3/auth/tokens&body=0")
        end
        repeat
            round(daemon)
        until asked() >= 3
        server:credentials { iamLifetime = 86400, revoke = true }
        round(daemon) -- none expires any more while the password is changed
        local before = asked()
        round(daemon, function()
            support.write(folder .. "/password", "canary 2\n")
            server:credentials { iamPassword = "canary 2", revoke = true }
        end)
        round(daemon)
        assert.is_true(asked() - before <= 1, asked() - before)
        finish(daemon)
        ways { "x-auth-token" }
    end)

    it("temporary access keys are replaced", function()
        local function key(i)
            return { access = "AK-" .. i, secret = "canary-secret-" .. i, securityToken = "canary-token-" .. i }
        end
        local function use(i)
            server:credentials { accessKeys = { key(i - 1), key(i) } }
            for name, text in pairs { access = "AK-" .. i, secret = "canary-secret-" .. i, token = "canary-token-" .. i } do
                support.write(folder .. "/" .. name, text .. "\n")
            end
            server:credentials { accessKeys = { key(i) } }
        end
        serve("--access-key", "x:y")
        use(1)
        local daemon = start(configuration "{type: huawei-aksk, access_key_file: access, secret_key_file: secret, security_token_file: token}")
        for i = 2, 3 do
            round(daemon, function()
                use(i)
            end)
        end
        round(daemon)
        finish(daemon)
        ways { "signature" }
    end)
end)

-- What the server does not take. `wrong` makes it so after the daemon has connected; texts: what each error has to say.
local function bad(name, says, set_up)
    it(name, function()
        folder = support.folder()
        local flag, path, wrong, extra = set_up()
        local daemon = start(flag, path)
        round(daemon)
        wrong()
        server:forget_requests()
        for _ = 1, 20 do
            daemon:write("advance 1s\n")
            local line = daemon:expect("run ended")
            daemon:expect("clock ", "stdout")
            support.lacks(line, "outcome=done")
        end
        local asked = #server:requests("body=0")
        assert.is_true(asked >= 1 and asked <= 6, asked) -- of twenty runs
        daemon:stop("sigterm")
        for _, text in ipairs(says) do
            support.contains(daemon.stderr, text)
        end
        support.lacks(daemon.stderr, "canary")
        -- A command by hand: one line, and at most one more try.
        server:forget_requests()
        local code, out, err = support.mpijobd("get", flag, path, "-n", "default", "--api-version", "v1alpha2")
        assert.are.equal(1, code, out)
        assert.are.equal(1, support.count(err, "\n"), err)
        for _, text in ipairs(says) do
            support.contains(err, text)
        end
        support.lacks(err, "canary")
        assert.is_true(#server:requests("body=0") <= 2)
        if extra then
            extra(daemon)
        end
    end)
end

local UNKNOWN = "the server does not know our credentials"

describe("what is wrong is told once and leaves the server alone:", function()
    after_each(support.cleanup)

    bad("a token", { UNKNOWN }, function()
        serve()
        server:credentials { tokens = { "spec", "canary" } }
        local flag, path = kubeconfig "{token: canary}"
        return flag, path, function()
            server:credentials { tokens = { "spec" } }
        end
    end)

    bad("a token in a file", { UNKNOWN }, function()
        serve()
        server:credentials { tokens = { "spec", "canary" } }
        support.write(folder .. "/token", "canary")
        local flag, path = kubeconfig "{tokenFile: token}"
        return flag, path, function()
            server:credentials { tokens = { "spec", "canary-2" } }
        end, function() -- and it goes on when the file is right
            support.write(folder .. "/token", "canary-2")
            round(start(flag, path))
        end
    end)

    bad("a client certificate", { UNKNOWN }, function()
        local ca = certificates.make(folder, "ca")
        certificates.make(folder, "robot", "ca")
        serve("--client-ca", ca)
        local flag, path = kubeconfig "{client-certificate: robot.pem, client-key: robot.key}"
        return flag, path, function()
            server:credentials { certificates = { "nobody" } }
        end
    end)

    bad("a password", { UNKNOWN }, function()
        serve("--basic", "robot:canary")
        local flag, path = kubeconfig "{username: robot, password: canary}"
        return flag, path, function()
            server:credentials { basic = { "robot:another" } }
        end
    end)

    bad("an exec plugin's token", { UNKNOWN }, function()
        serve()
        server:credentials { tokens = { "spec", "canary" } }
        support.write(folder .. "/login", "#!/bin/sh\ncd \"$1\"; echo run >> runs\n"
            .. [[echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"canary"}}']] .. "\n")
        assert(support.uv.fs_chmod(folder .. "/login", 448))
        local flag, path = kubeconfig(("{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login, args: ['%s'], interactiveMode: Never}}"):format(folder))
        return flag, path, function()
            server:credentials { tokens = { "spec" } }
        end, function()
            assert.is_true(support.count(support.read(folder .. "/runs"), "run") <= 3) -- the daemon's first and one more, the command's
        end
    end)

    bad("a password of the IAM", { " is not known there, or the password in ", "/password is wrong" }, function()
        serve("--iam", "domain:robot:project:canary")
        support.write(folder .. "/password", "canary")
        local flag, path = configuration(("{type: huawei-iam, endpoint: %q, domain: domain, user: robot, project: project, password_file: password}"):format(server.url))
        return flag, path, function()
            server:credentials { iamPassword = "another", revoke = true }
        end, function(daemon) -- in each of the twenty runs, and asked once
            local ended = daemon.stderr:gsub("[^\n]*stay in use[^\n]*", "")
            assert.are.equal(20, support.count(ended, "is not known there"))
        end
    end)

    bad("an access key", { UNKNOWN, "the access key does not exist" }, function()
        serve("--profile", "cci", "--access-key", "AK:canary")
        support.write(folder .. "/access", "AK")
        support.write(folder .. "/secret", "canary")
        local flag, path = configuration "{type: huawei-aksk, access_key_file: access, secret_key_file: secret}"
        return flag, path, function()
            server:credentials { accessKeys = { { access = "BK", secret = "another" } } }
        end
    end)

    bad("a clock that is off, where requests are signed", { "the signature has expired", "behind the server's", "set the clock" }, function()
        serve("--profile", "cci", "--access-key", "AK:canary")
        support.write(folder .. "/access", "AK")
        support.write(folder .. "/secret", "canary")
        local flag, path = configuration "{type: huawei-aksk, access_key_file: access, secret_key_file: secret}"
        return flag, path, function()
            server:request("POST", "/_sim/clock", { advance = "1h" })
        end
    end)
end)
