-- SPDX-License-Identifier: Apache-2.0
-- No secret shows: distinctive ones stand in every kind of credential, all commands are run with everything logged, in good days and bad, and
-- what they wrote is searched: their output, the log, the journal's bytes. And none is given back unwiped, or left in memory at the end.
local support = require "support"
local sim = require "support.sim"
local certificates = require "support.certificates"

local CHECKER = os.getenv("MPIJOBD_BUILD") .. "/tests/wiped.so"
local checked = not os.getenv("MPIJOBD_SPEC_WRAPPER") and support.uv.fs_stat(CHECKER) ~= nil

local function encode(text)
    local folder = support.folder()
    local code, out = support.proc.run("/usr/bin/base64", { args = { "-w0", support.write(folder .. "/x", text) } })
    assert(code == 0)
    return out
end

-- A secret as it may show: as it is, and within a longer text in base64 (at three offsets, without what its neighbours decide).
local function shapes(secret)
    local all = { secret }
    for offset = 0, 2 do
        local coded = encode(("x"):rep(offset) .. secret .. ("x"):rep((3 - (offset + #secret) % 3) % 3))
        all[#all + 1] = coded:sub(offset == 0 and 1 or 5, -5)
    end
    return all
end

local function made_by_the_program(folder)
    local texts = {}
    for name in support.uv.fs_scandir_next, assert(support.uv.fs_scandir(folder)) do
        texts[#texts + 1] = support.read(folder .. "/" .. name)
    end
    return table.concat(texts, "\n")
end

local POLICY = [[policy { name = "p", every = "1m", match = { namespace = "default" }, replace = { annotations = { n = "1" } } }]]

local server, folder, journal

local function serve(...)
    folder, journal = support.folder(), support.folder()
    server = sim.start("--tls", "--token", "spec", ...)
    server.ca_data = support.read(server.kubeconfig):match("certificate%-authority%-data: (%S+)")
    local code, pem = support.proc.run("/usr/bin/base64", { args = { "-d", support.write(folder .. "/ca.b64", server.ca_data) } })
    assert(code == 0)
    support.write(folder .. "/server-ca.pem", pem)
    server:create_all("/apis/kubeflow.org/v1alpha2/namespaces/default/mpijobs",
        { '{"apiVersion":"kubeflow.org/v1alpha2","kind":"MPIJob","metadata":{"name":"job"},"spec":{"mpiReplicaSpecs":{"Launcher":{"replicas":1}}}}' })
end

local function kubeconfig(user, cluster)
    support.write(folder .. "/mpijobd.yaml", "log: {level: debug}\n")
    return { "--config", folder .. "/mpijobd.yaml", "--kubeconfig", support.write(folder .. "/kubeconfig", ([[
apiVersion: v1
kind: Config
current-context: dev
clusters: [{name: dev, cluster: {server: "%s", certificate-authority-data: %s%s}}]
contexts: [{name: dev, context: {cluster: dev, user: dev}}]
users:
- name: dev
  user: %s
]]):format(server.url, server.ca_data, cluster or "", user)) }
end

local function configuration(auth)
    return { "--config", support.write(folder .. "/mpijobd.yaml", ("log: {level: debug}\ncluster:\n  server: %s\n  ca: server-ca.pem\n  controller: mpi-operator\n  auth: %s\n")
        :format(server.url, auth)) }
end

-- What a running daemon serves beside its work, after a run.
local function serving(reach, env, policy)
    local args = { "run", "--state", journal .. "/r.db", "--log-level", "debug", "--api-version", "v1alpha2", "--listen", "127.0.0.1:0", policy }
    table.move(reach, 1, #reach, #args + 1, args)
    local daemon = support.daemon({ env = env }, table.unpack(args))
    support.proc.await(function()
        return daemon.stderr:find("are served url=%S+\n") or daemon.code and daemon.open == 0
    end)
    local texts, url = {}, daemon.stderr:match("are served url=(%S+)")
    if not url then -- what is plainly wrong ends it at once
        return daemon.stdout .. daemon.stderr
    end
    support.proc.await(function() -- connected, or told why not
        return daemon.stderr:find("in force", 1, true) or daemon.stderr:find("not connected", 1, true) or daemon.code
    end)
    for _, path in ipairs { "/metrics", "/readyz", "/livez", "/" } do
        local code, out, err = support.proc.run("/usr/bin/curl", { args = { "-sS", url .. path } })
        assert(code == 0, err)
        texts[#texts + 1] = out
    end
    support.contains(texts[1], "mpijobd_")
    daemon:stop("sigterm")
    return table.concat(texts, "\n") .. daemon.stdout .. daemon.stderr
end

-- All commands once; what they and the files they made say.
local function drive(reach, env, found)
    local policy = support.write(folder .. "/p.lua", POLICY)
    local commands = { { "run", "--once", "--state", journal .. "/s.db", policy }, { "plan", policy }, { "why", "p", "default/job", policy }, { "get", "-n", "default" }, { "get", "-n", "default", "-o", "json" },
        { "inspect", "-n", "default" }, { "replace", "-n", "default", "job", "labels.a=b" }, { "hold", "-n", "default", "job", "1h" },
        { "doctor", "-o", "json", "--state", journal .. "/s.db", policy }, { "journal", "--state", journal .. "/s.db", "-o", "json" } }
    local texts, codes = {}, {}
    for i, command in ipairs(commands) do
        local args = { command[1] }
        for _, arg in ipairs(command[1] == "journal" and {} or reach) do
            args[#args + 1] = arg
        end
        for n = 2, #command do
            args[#args + 1] = command[n]
        end
        args[#args + 1] = command[1] ~= "journal" and "--api-version" or nil
        args[#args + 1] = command[1] ~= "journal" and "v1alpha2" or nil
        local code, out, err = support.mpijobd_with({ env = env }, table.unpack(args))
        codes[i] = code
        texts[i] = out .. err
    end
    texts[#texts + 1] = serving(reach, env, policy)
    texts[#texts + 1] = made_by_the_program(journal)
    found[#found + 1] = table.concat(texts, "\n")
    return codes, found[#found]
end

-- secrets: what must not show. set_up: how the server is reached, the environment, and what makes everything go wrong (nil: nothing can).
local function case(name, set_up)
    it(name, function()
        local secrets, reach, env, spoil, expected = set_up()
        local all = {}
        for _, secret in ipairs(secrets) do
            for _, shape in ipairs(shapes(secret)) do
                all[#all + 1] = shape
            end
        end
        env = env or {}
        if checked then
            env.WIPED_EXCEPT = "libyaml" -- it copies a long scalar as it grows, by realloc
            env.LD_PRELOAD, env.WIPED_REPORT, env.WIPED_SECRETS = CHECKER, folder .. "/report", table.concat(all, "\n")
        end
        local found = {}
        local codes, good = drive(reach, env, found)
        for i, code in ipairs(codes) do
            assert.are.equal(0, code, i .. ": " .. good)
        end
        support.contains(good, "debug")
        spoil()
        local bad
        codes, bad = drive(reach, env, found)
        assert.are_not.equal(0, codes[1])
        assert.are_not.equal(0, codes[3])
        support.contains(bad, expected)
        for _, text in ipairs(found) do
            for _, shape in ipairs(all) do
                support.lacks(text, shape)
            end
        end
        if checked then
            assert.are.equal("", support.read(folder .. "/report"))
        end
    end)
end

describe("no secret shows:", function()
    after_each(support.cleanup)

    local UNKNOWN = "the server does not know our credentials"

    case("a token", function()
        serve()
        server:credentials { tokens = { "spec", "canary-token-7f3a9c" } }
        return { "canary-token-7f3a9c" }, kubeconfig "{token: canary-token-7f3a9c}", nil, function()
            server:credentials { tokens = { "spec" } }
        end, UNKNOWN
    end)

    case("a token in a file", function()
        serve()
        server:credentials { tokens = { "spec", "canary-token-7f3a9c" } }
        support.write(folder .. "/token", "canary-token-7f3a9c\n")
        return { "canary-token-7f3a9c", "canary-broken-51d2" }, configuration "{type: token-file, token_file: token}", nil, function()
            support.write(folder .. "/token", "canary-broken-51d2 with a blank\n")
        end, "holds no token"
    end)

    case("a client certificate's key, in the kubeconfig", function()
        local files = support.folder()
        local ca = certificates.make(files, "ca")
        local pem, key = certificates.make(files, "robot", "ca")
        serve("--client-ca", ca)
        local body = support.read(key):match("\n(%S+)\n")
        return { body }, kubeconfig(("{client-certificate-data: %s, client-key-data: %s}"):format(encode(support.read(pem)), encode(support.read(key)))), nil, function()
            server:credentials { certificates = { "nobody" } }
        end, UNKNOWN
    end)

    case("a name and a password", function()
        serve("--basic", "robot:canary-password-7f3a9c")
        return { "canary-password-7f3a9c" }, kubeconfig "{username: robot, password: canary-password-7f3a9c}", nil, function()
            server:credentials { basic = { "robot:other" } }
        end, UNKNOWN
    end)

    case("an exec plugin's environment, arguments, output and last words", function()
        serve()
        server:credentials { tokens = { "spec", "canary-token-7f3a9c" } }
        local function plugin(text)
            support.write(folder .. "/login", "#!/bin/sh\n" .. text .. "\n")
            assert(support.uv.fs_chmod(folder .. "/login", 448))
        end
        plugin [[echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"canary-token-7f3a9c"}}']]
        return { "canary-token-7f3a9c", "canary-env-33b1", "canary-arg-90ee", "canary-own-8812" },
            kubeconfig [[{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login, args: [--client-secret, canary-arg-90ee, --api-key=canary-arg-90ee],
      env: [{name: GIVEN, value: canary-env-33b1}], interactiveMode: Never}}]], { CLOUD_SECRET = "canary-own-8812" }, function()
                plugin [[echo canary-token-7f3a9c; echo "I was given $GIVEN, $* and $CLOUD_SECRET" >&2; exit 3]]
            end, "it said: I was given"
    end)

    case("an IAM's password and tokens", function()
        serve("--iam", "domain:robot:project:canary-password-7f3a9c")
        support.write(folder .. "/password", "canary-password-7f3a9c\n")
        return { "canary-password-7f3a9c", "MIIsim-", "canary-wrong-51d2" },
            configuration(("{type: huawei-iam, endpoint: %q, domain: domain, user: robot, project: project, password_file: password}"):format(server.url)), nil, function()
                support.write(folder .. "/password", "canary-wrong-51d2")
            end, "is not known there"
    end)

    case("an access key", function()
        serve("--access-key", "ACCESS:canary-secret-7f3a9c:canary-token-33b1")
        for name, text in pairs { access = "ACCESS", secret = "canary-secret-7f3a9c", token = "canary-token-33b1" } do
            support.write(folder .. "/" .. name, text)
        end
        return { "canary-secret-7f3a9c", "canary-token-33b1" },
            configuration "{type: huawei-aksk, access_key_file: access, secret_key_file: secret, security_token_file: token}", nil, function()
                server:credentials { accessKeys = { { access = "OTHER", secret = "x" } } }
            end, UNKNOWN
    end)

    case("a proxy's password", function()
        serve()
        server:credentials { tokens = { "spec", "token" } }
        local proxy = require("support.proxy").start { to = server.url, user = encode "robot:canary-password-7f3a9c" }
        return { "canary-password-7f3a9c" },
            kubeconfig("{token: token}", (", proxy-url: %q"):format("http://robot:canary-password-7f3a9c@" .. proxy.address)), nil, function()
                proxy.user = "another"
            end, "407"
    end)
end)

describe("a checker that could not find anything", function()
    it("would not be one", function()
        if not checked then
            pending("the build or the wrapper has an allocator of its own")
            return
        end
        local report = support.folder() .. "/report"
        serve()
        support.mpijobd_with({ env = { LD_PRELOAD = CHECKER, WIPED_REPORT = report, WIPED_SECRETS = "MPIJobList" } }, "get", "-A", "--kubeconfig", server.kubeconfig,
            "--api-version", "v1alpha2")
        support.contains(support.read(report), "given back by free: MPIJobList")
        support.cleanup()
    end)
end)

-- Ends a program by a signal that makes a core, where the system allows one; says whether it did.
local CORE = [[
import os, resource, signal, sys
soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
pid = os.fork()
if pid == 0:
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    out = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
    os.dup2(out, 1); os.dup2(out, 2)
    os.chdir(os.path.dirname(sys.argv[1]))
    os.execv(sys.argv[3], sys.argv[3:])
while sys.argv[2] not in open(sys.argv[1]).read() if os.path.exists(sys.argv[1]) else True:
    if os.waitpid(pid, os.WNOHANG)[0]:
        sys.exit("it has ended")
os.kill(pid, signal.SIGSEGV)
status = os.waitpid(pid, 0)[1]
print(os.WTERMSIG(status), os.WCOREDUMP(status))
]]

describe("a daemon that dies", function()
    after_each(support.cleanup)

    local function dies(text, ...)
        local code, out, err = support.proc.run("/usr/bin/env", { args = { "python3", "-c", CORE, support.folder() .. "/out", text, ... } })
        assert(code == 0, err)
        return out
    end

    it("leaves no core with secrets in it", function()
        if not checked then
            pending("a sanitizer ends the program in its own way")
            return
        end
        if dies("up", "/bin/sh", "-c", "echo up; while :; do sleep 0.01; done") ~= "11 True\n" then
            pending("this machine makes no cores at all")
            return
        end
        serve()
        assert.are.equal("11 False\n", dies("in force", support.binary, "run", "--kubeconfig", server.kubeconfig, "--api-version", "v1alpha2", "--state",
            folder .. "/s.db", "--listen", "none", support.write(folder .. "/p.lua", POLICY)))
    end)
end)
