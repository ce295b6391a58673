-- SPDX-License-Identifier: Apache-2.0
-- HTTPS: what is served by a certificate, and what becomes of it when its files change.
local support = require "support"
local sim = require "support.sim"
local certificates = require "support.certificates"
local uv = support.uv

describe("HTTPS", function()
    local server, folder, daemon

    -- A certificate of 127.0.0.1, for so many days.
    local function make(name, days)
        return certificates.make(folder, name, nil, { "-addext", "subjectAltName=IP:127.0.0.1", "-days", days or "60" })
    end

    local function put(name, file, as)
        support.write(folder .. "/" .. as, support.read(folder .. "/" .. name .. file))
    end

    local function curl(ca, ...)
        local code, out = support.proc.run("/usr/bin/curl", { args = { "-s", "-m", "20", "--cacert", folder .. "/" .. ca .. ".pem", ... } })
        return code == 0 and out or nil, code
    end

    lazy_setup(function()
        server = sim.start("--version", "v2beta1", "--jobs", "8", "--seed", "3")
    end)
    lazy_teardown(support.cleanup)
    before_each(function()
        folder = support.folder()
        support.write(folder .. "/write", "write-token")
        support.write(folder .. "/p.lua", [[policy { name = "free", every = "10m", match = { phase = "Succeeded" }, replace = { cleanPodPolicy = "All" } }]])
        support.write(folder .. "/c.yaml", ("cluster: { kubeconfig: %s }\npolicies: [ p.lua ]\nstate: s.db\ncontrol: none\nlisten: 127.0.0.1:0\n" ..
            "tokens: { write: write }\ntls: { certificate: tls.pem, key: tls.key }\n"):format(server.kubeconfig))
    end)
    after_each(function()
        if daemon and not daemon.code then
            daemon:stop("sigkill")
        end
    end)

    local function start()
        daemon = support.daemon({ stdin = true }, "run", "--config", folder .. "/c.yaml")
        return daemon
    end

    it("goes on by another certificate when its files have changed, and breaks no connection", function()
        make "one"
        make "two"
        make "three"
        put("one", ".pem", "tls.pem")
        put("one", ".key", "tls.key")
        start()
        local url = daemon:expect("metrics and health are served"):match("url=(%S+)")
        daemon:expect("1 policy in force")
        support.contains(url, "https://127.0.0.1:")
        assert.are.equal("ok\n", curl("one", url .. "/livez"))
        support.contains(curl("one", url .. "/readyz?verbose"), "[+] HTTPS: its certificate is valid until 20")
        local stream = support.keep(support.proc.start("/usr/bin/curl", { args = { "-sN", "--cacert", folder .. "/one.pem", url .. "/api/v1/events" } }))
        stream:expect("event: ready", "stdout")
        -- A certificate without its key: the one before stays, and that is told in each place.
        put("two", ".pem", "tls.pem")
        support.contains(daemon:expect("the certificate for HTTPS stays as it was"), "tls.key is not the key of the certificate in ")
        assert.are.equal("ok\n", curl("one", url .. "/livez"))
        support.contains(curl("one", url .. "/readyz?verbose"), "[-] HTTPS: its certificate is valid until 20")
        support.contains(curl("one", url .. "/readyz?verbose"), "its files cannot be used: ")
        local parts = support.json.decode((curl("one", url .. "/api/v1/status"))).parts
        assert.are.same({ "https", "HTTPS", false }, { parts[#parts].kind, parts[#parts].name, parts[#parts].well })
        support.contains(parts[#parts].state, "is not the key of the certificate")
        assert.are.equal("ok\n", curl("one", url .. "/readyz"))
        support.contains(curl("one", url .. "/metrics"), "\nmpijobd_https_certificate_files_unusable 1\n")
        -- Its key: it is taken. What was open goes on.
        put("two", ".key", "tls.key")
        daemon:expect("another certificate for HTTPS is in force")
        assert.are.equal("ok\n", curl("two", url .. "/livez"))
        local _, code = curl("one", url .. "/livez")
        assert.are.equal(60, code) -- of curl: not the one it trusts
        local text = curl("two", url .. "/metrics")
        support.contains(text, "\nmpijobd_https_certificate_files_unusable 0\n")
        local at = tonumber(text:match("\nmpijobd_https_certificate_end_timestamp_seconds (%S+)\n"))
        assert.is_truthy(at > os.time() + 59 * 86400 and at < os.time() + 61 * 86400)
        support.contains(curl("two", "-X", "POST", "-H", "Authorization: Bearer write-token", url .. "/api/v1/policies/free/run"), '"outcome":"done"')
        stream:expect('"state":"ended","policy":"free"', "stdout")
        -- As a Secret's volume does it: both at once, by a link.
        uv.fs_mkdir(folder .. "/v1", 448)
        uv.fs_mkdir(folder .. "/v2", 448)
        for version, name in pairs { v1 = "two", v2 = "three" } do
            put(name, ".pem", version .. "/tls.pem")
            put(name, ".key", version .. "/tls.key")
        end
        uv.fs_symlink("v1", folder .. "/data")
        for _, file in ipairs { "tls.pem", "tls.key" } do
            uv.fs_symlink("data/" .. file, folder .. "/new")
            uv.fs_rename(folder .. "/new", folder .. "/" .. file)
        end
        uv.fs_symlink("v2", folder .. "/data2")
        uv.fs_rename(folder .. "/data2", folder .. "/data")
        daemon:expect("another certificate for HTTPS is in force")
        assert.are.equal("ok\n", curl("three", url .. "/livez"))
        -- What is no certificate, and one that ends too soon to be good.
        support.write(folder .. "/v2/tls.pem", "nonsense")
        support.contains(daemon:expect("the certificate for HTTPS stays as it was"), "tls.pem holds no certificate in PEM")
        assert.are.equal("ok\n", curl("three", url .. "/livez"))
        assert.are.equal(0, daemon:stop("sigterm"))
        stream:wait()
        for line in (support.read(folder .. "/three.key") .. support.read(folder .. "/two.key")):gmatch "[%w+/=]+" do
            if #line >= 40 then
                support.lacks(daemon.stderr, line)
            end
        end
    end)

    it("takes no page of HTTP for its own, and answers nothing to HTTP", function()
        make "one"
        put("one", ".pem", "tls.pem")
        put("one", ".key", "tls.key")
        start()
        local url = daemon:expect("metrics and health are served"):match("url=(%S+)")
        daemon:expect("1 policy in force")
        local host = url:match("https://(.*)")
        support.contains(curl("one", "-H", "Origin: http://" .. host, url .. "/api/v1/status"), "a page of another site")
        support.contains(curl("one", "-H", "Origin: https://" .. host, url .. "/api/v1/status"), '"version"')
        assert.is_nil((curl("one", "http://" .. host .. "/livez")))
        assert.is_nil((curl("one", "--tls-max", "1.1", url .. "/livez")))
        assert.are.equal("ok\n", curl("one", "--tls-max", "1.2", url .. "/livez"))
    end)

    it("is not kept busy by handshakes that come in part, however many", function()
        local socket = require "socket"
        make "one"
        put("one", ".pem", "tls.pem")
        put("one", ".key", "tls.key")
        start()
        local url = daemon:expect("metrics and health are served"):match("url=(%S+)")
        daemon:expect("1 policy in force")
        local host, port = url:match("//([%d.]+):(%d+)")
        local halves = {}
        for i = 1, 150 do
            halves[i] = assert(socket.connect(host, tonumber(port)))
            halves[i]:send(i % 2 == 0 and "\22\3\1" or "GET / HTTP/1.1\r\n\r\n")
        end
        for _ = 1, 5 do
            assert.are.equal("ok\n", curl("one", url .. "/livez"))
        end
        -- The daemon's computing time, as it says itself, while nothing but these is there.
        local function spent()
            return tonumber(curl("one", url .. "/metrics"):match("\nmpijobd_loop_lag_cpu_seconds (%S+)\n"))
        end
        assert.is_true(spent() < 1)
        for _, half in ipairs(halves) do
            half:close()
        end
        support.lacks(daemon.stderr, "answers no more")
        assert.are.equal(0, daemon:stop("sigterm"))
    end)

    it("ends connections whose bytes make no sense, and goes on", function()
        make "one"
        put("one", ".pem", "tls.pem")
        put("one", ".key", "tls.key")
        start()
        local port = daemon:expect("metrics and health are served"):match("url=https://127.0.0.1:(%d+)")
        local code, out, err = support.proc.run("/usr/bin/python3", { args = { support.source .. "/tests/spec/support/tls_noise.py", port, "150", "7" } })
        assert.are.equal(0, code, err)
        local tried, answered, well = out:match "^(%d+) (%d+) (%a+)"
        assert.are.same({ "150", "True" }, { tried, well })
        assert.is_true(tonumber(answered) < 15, out)
        assert.are.equal(0, daemon:stop("sigterm"))
    end)

    it("does not begin with a pair that cannot be used, and says why", function()
        make "one"
        make "two"
        local key = folder .. "/tls.key"
        local function fails(words)
            start()
            assert.are.equal(1, daemon:wait())
            support.contains(daemon.stderr, words)
        end
        fails("tls.pem")
        put("one", ".pem", "tls.pem")
        put("two", ".key", "tls.key")
        fails("tls.key is not the key of the certificate in ")
        support.write(key, "nonsense")
        fails("tls.key holds no private key in PEM that can be used")
        support.proc.run("/usr/bin/openssl", { args = { "pkey", "-in", folder .. "/one.key", "-aes256", "-passout", "pass:x", "-out", key } })
        fails("tls.key has a password, which nobody can type here")
        support.write(folder .. "/c.yaml", (support.read(folder .. "/c.yaml"):gsub(", key: tls.key", "")))
        fails("c.yaml:7: tls.certificate goes with tls.key: a certificate and its key")
    end)

    it("is looked at by the doctor", function()
        local function https()
            local _, out, err = support.mpijobd("doctor", "-o", "json", "--config", folder .. "/c.yaml")
            local found = {}
            for _, row in ipairs(support.json.decode(#out > 0 and out or error(err))) do
                if row.check == "https" then
                    found[#found + 1] = row.status .. ": " .. row.message
                end
            end
            return table.concat(found, "\n")
        end
        make "one"
        make("soon", "3")
        put("one", ".pem", "tls.pem")
        put("one", ".key", "tls.key")
        uv.fs_chmod(folder .. "/tls.key", 384)
        assert.is_truthy(https():find("^ok: .*tls.pem fits its key, and expires on 20%S+$"), https())
        uv.fs_chmod(folder .. "/tls.key", 420)
        support.contains(https(), "tls.key can be read by everyone on this machine")
        put("soon", ".pem", "tls.pem")
        support.contains(https(), "is not the key of the certificate in ")
    end)
end)
