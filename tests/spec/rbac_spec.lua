-- SPDX-License-Identifier: Apache-2.0
-- The roles that policies need: what is printed, and that they are enough. On the real server also that they are no more than is needed.
local support = require "support"
local cluster = require "support.cluster"
local json = support.json

local replace = [[policy { name = "%s", schedule = "0 9 * * *", match = { %s }, %s replace = { cleanPodPolicy = "All" } }
]]
local run = [[policy { name = "%s", schedule = "0 9 * * *", %s run = function(run) %s end }
]]

describe("rbac", function()
    after_each(support.cleanup)

    -- The items of -o json, each as "Kind/namespace: verbs" (and "+events": create and patch on these) or "Kind/namespace -> subject".
    local function roles(policies, ...)
        local folder = support.folder()
        support.write(folder .. "/p.lua", policies)
        local code, out, err = support.mpijobd("rbac", folder, "-o", "json", ...)
        assert.are.equal(0, code, err)
        assert.are.equal("", err)
        local lines = {}
        for i, item in ipairs(json.decode(out).items) do
            local at = item.kind .. "/" .. (item.metadata.namespace or "*")
            if item.rules then
                assert.is_true(#item.rules <= 2)
                assert.are.same({ "kubeflow.org" }, item.rules[1].apiGroups)
                assert.are.same({ "mpijobs" }, item.rules[1].resources)
                lines[i] = at .. ": " .. table.concat(item.rules[1].verbs, " ")
                if item.rules[2] then
                    assert.are.same({ apiGroups = { "" }, resources = { "events" }, verbs = { "create", "patch" } }, item.rules[2])
                    lines[i] = lines[i] .. " +events"
                end
            else
                local s = item.subjects[1]
                assert.are.equal(item.roleRef.name, item.metadata.name)
                lines[i] = ("%s -> %s %s:%s"):format(at, s.kind, s.namespace, s.name)
            end
        end
        return lines
    end

    local bound = "ClusterRoleBinding/* -> ServiceAccount mpijobd:mpijobd"

    it("a replacing policy needs get, list and update everywhere", function()
        assert.are.same({ "ClusterRole/*: get list update +events", bound }, roles(replace:format("a", "", "")))
        assert.are.same({ "ClusterRole/*: get list update", bound }, roles(replace:format("a", "", "events = false,")))
        local config = support.write(support.folder() .. "/c.yaml", "events: false\n")
        assert.are.same({ "ClusterRole/*: get list update", bound }, roles(replace:format("a", "", ""), "--config", config))
    end)

    it("a dry run needs no update", function()
        assert.are.same({ "ClusterRole/*: get list", bound }, roles(replace:format("a", "", "dry_run = true,")))
        assert.are.same({ "ClusterRole/*: get list", bound },
            roles(run:format("a", "dry_run = true,", "for j in mpijob.list {} do mpijob.replace(j, {}) end")))
    end)

    it("a policy with on needs watch as well", function()
        assert.are.same({ "ClusterRole/*: get list update watch +events", bound },
            roles((replace:format("a", "", ""):gsub('schedule = "0 9 %* %* %*"', 'on = "match"'))))
        local loop = run:format("a", "", "for j in run.jobs do log.info(j.name) end")
        assert.are.same({ "ClusterRole/*: list", bound }, roles(loop))
        assert.are.same({ "ClusterRole/*: list watch", bound }, roles((loop:gsub('schedule = "0 9 %* %* %*"', 'on = "added"'))))
    end)

    it("--effects adds what lets it see effects, where jobs are changed", function()
        local function rules(policy, ...)
            local file = support.write(support.folder() .. "/p.lua", policy)
            local code, out, err = support.mpijobd("rbac", file, "-o", "json", ...)
            assert.are.equal(0, code, err)
            local lines = {}
            for _, rule in ipairs(json.decode(out).items[1].rules) do
                lines[#lines + 1] = rule.resources[1] .. ": " .. table.concat(rule.verbs, " ")
            end
            return lines
        end
        local tells = { "mpijobs: get list update watch", "pods: list watch", "events: create patch" }
        assert.are.same(tells, rules(replace:format("a", "", ""), "--effects"))
        assert.are.same(tells, rules(replace:format("a", "", 'wait_effect = "1s",')))
        assert.are.same({ "mpijobs: get list" }, rules(replace:format("a", "", "dry_run = true,"), "--effects"))
        local file = support.write(support.folder() .. "/p.lua", replace:format("a", "", ""))
        support.contains(select(2, support.mpijobd("rbac", file)), "(--effects).\n")
        support.lacks(select(2, support.mpijobd("rbac", file, "--effects")), "--effects")
        -- The comment names the kinds whose effects are looked for: what shows those of a TrainJob nobody knows.
        support.contains(select(2, support.mpijobd("rbac", file)), "# Optional: list and watch on pods, and watch on mpijobs, let it note")
        local train = 'policy { name = "t", kind = "TrainJob", every = "1h", replace = { activeDeadlineSeconds = remove } }\n'
        support.lacks(select(2, support.mpijobd("rbac", support.write(file, train))), "--effects")
        assert.are.same({ "trainjobs: get list update", "events: create patch" }, rules(train, "--effects"))
        local through = 'policy { name = "t", kind = "TrainJob", every = "1h", through_child = true, destructive = true, replace = { activeDeadlineSeconds = 60 } }\n'
        support.contains(select(2, support.mpijobd("rbac", support.write(file, through))), "watch on trainjobs, let it note")
        assert.are.equal("trainjobs: get list update watch", rules(through, "--effects")[1])
        support.write(file, train .. 'policy { name = "u", kind = { "PyTorchJob", "MPIJob" }, every = "1h", replace = { labels = { a = "b" } } }\n')
        support.contains(select(2, support.mpijobd("rbac", file)), "watch on mpijobs, pytorchjobs, let it note")
    end)

    it("a run function gets what its file names", function()
        local function of(text)
            return (roles(run:format("a", "", text))[1] or "nothing"):gsub("^.*: ", "")
        end
        assert.are.equal("nothing", of("log.info('mpijob.replace') --[[ mpijob.list ]] -- mpijob.get\n"))
        assert.are.equal("nothing", of("log.info([==[ ]] mpijob.get ]==], \"\\\"mpijob.get\") --[=[ mpijob.get\n ]] mpijob.get ]=]"))
        assert.are.equal("get", of("mpijob.get('a/b')"))
        assert.are.equal("get", of("mpijob -- why not\n . get 'a/b'"))
        assert.are.equal("get list", of("for j in mpijob.list {} do log.info(j.name) end"))
        assert.are.equal("get update +events", of("mpijob.replace('a/b', {})"))
        assert.are.equal("get update +events", of("mpijob.replace_object('{}')"))
        assert.are.equal("get list update +events", of("local m = mpijob; m.get('a/b')"))
        assert.are.equal("get list update +events", of("mpijob['get']('a/b')"))
        assert.are.equal("get list update +events", of("_G.mpijob.get('a/b')"))
        assert.are.equal("nothing", of("local my_mpijob = { get = print }; my_mpijob.get()"))
    end)

    it("a module that require takes counts as one under another name", function()
        local function of(text)
            return (roles(run:format("a", "", text))[1] or "nothing"):gsub("^.*: ", "")
        end
        assert.are.equal("get list update +events", of("local m = require 'mpijob'; m.get('a/b')"))
        assert.are.equal("get list update +events", of('local m = require("mpijob"); m.get("a/b")'))
        assert.are.equal("get list update +events", of("local m = require((('mpi' .. 'job'))); m.get('a/b')"))
        assert.are.equal("nothing", of("require 'json'.encode {}; require('time').now()"))
        local file = support.write(support.folder() .. "/p.lua", run:format("a", "", "require 'pytorchjob'.get('a/b'); require 'kube'"))
        local _, out = support.mpijobd("rbac", file)
        support.contains(out, "  - pytorchjobs\n  verbs:\n  - get\n  - list\n  - update\n")
        support.contains(out, "uses the kube module")
        support.lacks(out, "- mpijobs\n  verbs")
    end)

    it("a policy that asks how many workers are left may list pods", function()
        local counting = replace:format("a", "where = function(job) return job.workers.active ~= 0 end,", "")
        local file = support.write(support.folder() .. "/p.lua", counting)
        local code, out, err = support.mpijobd("rbac", file, "-o", "json")
        assert.are.equal(0, code, err)
        local rules = json.decode(out).items[1].rules
        assert.are.equal(3, #rules)
        assert.are.same({ apiGroups = { "" }, resources = { "pods" }, verbs = { "list" } }, rules[2])
        assert.are.same({ "ClusterRole/*: get list update +events", bound }, roles((counting:gsub("active", "replicas"))))
    end)

    it("knows each function of the modules", function()
        local count = 0
        for name in support.read(support.source .. "/lua/types/mpijob.lua"):gmatch("function mpijob%.([%w_]+)") do
            count = count + 1
            for _, module in ipairs { "mpijob", "tfjob", "pytorchjob", "mxjob" } do
                local file = support.write(support.folder() .. "/p.lua", run:format("a", "", ("%s.%s()"):format(module, name)))
                local out = select(2, support.mpijobd("rbac", file, "-o", "json"))
                assert.are.equal(2, #json.decode(out).items, module .. "." .. name)
            end
        end
        assert.is_true(count >= 4)
        for name in support.read(support.source .. "/lua/types/kube.lua"):gmatch("function kube%.([%w_]+)") do
            local file = support.write(support.folder() .. "/p.lua", run:format("a", "", ("kube.%s()"):format(name)))
            support.contains(select(2, support.mpijobd("rbac", file)), "uses the kube module")
        end
    end)

    it("waiting for an effect takes watching", function()
        local file = support.write(support.folder() .. "/p.lua", replace:format("a", "", "wait_effect = '30s',"))
        local out = select(2, support.mpijobd("rbac", file, "-o", "json"))
        local rules = json.decode(out).items[1].rules
        assert.are.equal("get list update watch", table.concat(rules[1].verbs, " "))
        assert.are.equal("list watch", table.concat(rules[2].verbs, " "))
        assert.are.same({ "pods" }, rules[2].resources)
    end)

    it("named namespaces get a Role each, with what is needed there", function()
        local text = replace:format("a", 'namespace = { "train", "prod" }', "") .. replace:format("b", 'namespace = { "prod", "look" }', "dry_run = true,")
        assert.are.same({
            "Role/look: get list", "RoleBinding/look -> ServiceAccount mpijobd:mpijobd",
            "Role/prod: get list update +events", "RoleBinding/prod -> ServiceAccount mpijobd:mpijobd",
            "Role/train: get list update +events", "RoleBinding/train -> ServiceAccount mpijobd:mpijobd",
        }, roles(text))
    end)

    it("what one policy needs everywhere and another in a namespace is told apart", function()
        local text = replace:format("a", 'namespace = "train"', "") .. replace:format("b", 'namespace = "debug-*"', "dry_run = true,")
        assert.are.same({
            "ClusterRole/*: get list", bound, "Role/train: update +events", "RoleBinding/train -> ServiceAccount mpijobd:mpijobd",
        }, roles(text))
    end)

    it("-n and the configuration's namespaces keep it to these", function()
        local text = replace:format("a", "", "") .. replace:format("b", 'namespace = "prod"', "")
        assert.are.same({ "Role/train: get list update +events", "RoleBinding/train -> ServiceAccount ops:changer" },
            roles(text, "-n", "train", "--service-account", "ops:changer"))
        local folder = support.folder()
        support.write(folder .. "/c.yaml", "namespaces: [train, debug-7]\n")
        assert.are.same({
            "Role/debug-7: get list", "RoleBinding/debug-7 -> ServiceAccount mpijobd:mpijobd",
            "Role/train: get list update +events", "RoleBinding/train -> ServiceAccount mpijobd:mpijobd",
        }, roles(replace:format("a", 'namespace = "debug-*"', "dry_run = true,") .. replace:format("b", 'namespace = { "t*" }', ""),
            "--config", folder .. "/c.yaml"))
        assert.are.same({}, roles(replace:format("b", 'namespace = "prod"', ""), "-n", "train"))
    end)

    it("prints YAML with the definition's rule as a comment that can be taken in", function()
        local folder = support.folder()
        support.write(folder .. "/p.lua", replace:format("a", "", ""))
        local code, out = support.mpijobd("rbac", folder)
        assert.are.equal(0, code)
        support.contains(out, "kind: ClusterRole\nmetadata:\n  name: mpijobd\nrules:\n- apiGroups:\n  - kubeflow.org\n")
        support.contains(out, "#   - customresourcedefinitions\n#   resourceNames:\n#   - mpijobs.kubeflow.org\n#   verbs:\n#   - get\n---\n")
        code, out = support.mpijobd("rbac", folder, "-n", "train")
        assert.are.equal(0, code)
        support.contains(out, "kind: Role\nmetadata:\n  name: mpijobd\n  namespace: train\n")
        support.contains(out, "# kind: ClusterRoleBinding\n")
        support.write(folder .. "/p.lua", 'policy { name = "t", kind = "TrainJob", on = "match", match = { phase = "Running" }, replace = { labels = { a = "b" } } }')
        for _, more in ipairs { {}, { "-n", "train" } } do
            out = select(2, support.mpijobd("rbac", folder, table.unpack(more)))
            assert.is_nil(out:find("mpijobs", 1, true), out) -- neither their definition nor a word of them
        end
        support.write(folder .. "/p.lua", run:format("quiet", "", ""))
        code, out = support.mpijobd("rbac", folder)
        assert.are.equal(0, code)
        assert.are.equal("# The least that is needed for the policies quiet.\n# They use no jobs here: no role is needed.\n", out)
    end)

    it("refuses what is wrong, with the cure", function()
        local folder = support.folder()
        support.write(folder .. "/p.lua", "policy { nam = 1 }")
        local function wrong(want, message, ...)
            local code, out, err = support.mpijobd("rbac", ...)
            assert.are.equal(want, code, err)
            assert.are.equal("", out)
            support.contains(err, message)
        end
        wrong(1, 'did you mean "name"', folder)
        wrong(2, "no policies", "--config", "/dev/null")
        wrong(2, "--service-account takes NAMESPACE:NAME", folder, "--service-account", "mpijobd")
        wrong(2, "--service-account takes NAMESPACE:NAME", folder, "--service-account", "a:b\nc")
        wrong(2, "-n takes a namespace's name", folder, "-n", "a/b")
        wrong(2, "-l", folder, "-l", "a=b")
        wrong(2, "-o takes yaml or json", folder, "-o", "name")
        wrong(1, "No such file", folder .. "/absent.lua")
    end)
end)

-- Only a real server has RBAC.
if not cluster.real then
    return
end

describe("rbac on a real server #cluster", function()
    local server
    lazy_setup(function()
        server = cluster.start(cluster.versions[4])
    end)
    lazy_teardown(support.cleanup)

    local function made(method, path, body, ...)
        local status, raw = server:request(method, path, body)
        for _, good in ipairs { 200, 201, ... } do
            if status == good then
                return raw
            end
        end
        error(method .. " " .. path .. ": " .. status .. " " .. raw)
    end

    -- A kubeconfig for a service account that has the printed roles and nothing else.
    local function account(namespace, ...)
        made("POST", "/api/v1/namespaces/" .. namespace .. "/serviceaccounts", { metadata = { name = "changer" } })
        local token = json.decode(made("POST", "/api/v1/namespaces/" .. namespace .. "/serviceaccounts/changer/token",
            { apiVersion = "authentication.k8s.io/v1", kind = "TokenRequest", spec = {} })).status.token
        local code, out, err = support.mpijobd("rbac", "-o", "json", "--service-account", namespace .. ":changer", ...)
        assert.are.equal(0, code, err)
        for _, item in ipairs(json.decode(out).items) do
            item.metadata.name = item.metadata.name .. "-" .. namespace -- beside those of other specs
            if item.roleRef then
                item.roleRef.name = item.roleRef.name .. "-" .. namespace
            end
            local plural = item.kind:lower() .. "s"
            local scope = item.metadata.namespace and "/namespaces/" .. item.metadata.namespace or ""
            made("POST", "/apis/rbac.authorization.k8s.io/v1" .. scope .. "/" .. plural, item)
        end
        local folder = support.folder()
        return support.write(folder .. "/kubeconfig", json.encode {
            apiVersion = "v1", kind = "Config", ["current-context"] = "a",
            clusters = { { name = "a", cluster = { server = server.APISERVER_URL, ["certificate-authority"] = server.APISERVER_CA } } },
            users = { { name = "a", user = { token = token } } },
            contexts = { { name = "a", context = { cluster = "a", user = "a" } } },
        })
    end

    -- The authorizer hears of new roles by a watch.
    local function wait_for(kubeconfig, path, status)
        local token = json.decode(support.read(kubeconfig)).users[1].user.token
        local got
        assert(support.proc.await(function()
            local _, out = support.proc.run("/usr/bin/curl", { args = { "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", server.APISERVER_CA,
                "-H", "Authorization: Bearer " .. token, server.APISERVER_URL .. path } })
            got = tonumber(out)
            return got == status
        end), "still " .. tostring(got))
    end

    it("the cookbook runs with exactly the printed role", function()
        local namespace = server:namespace()
        server:create(namespace, "done", { state = "Succeeded", since = 90000 })
        server:create(namespace, "debug", { state = "Running", labels = '{"purpose":"debug"}', since = 90000 })
        server:create(namespace, "waits")
        local cookbook = support.source .. "/lua/policies"
        local kubeconfig = account(namespace, cookbook)
        wait_for(kubeconfig, "/apis/kubeflow.org/v2beta1/mpijobs", 200)
        local code, out, err = support.mpijobd("run", "--once", "--kubeconfig", kubeconfig, "--state", support.folder() .. "/s.db", cookbook)
        support.lacks(err, "403")
        support.lacks(err, "orbidden")
        assert.are.equal(0, code, out .. err)
        support.contains(out, " 0 failed")
        assert.are.equal("All", server:get(namespace, "done").spec.runPolicy.cleanPodPolicy)
        local text
        code, text = support.mpijobd("doctor", "--kubeconfig", kubeconfig, "--state", support.folder() .. "/s.db", cookbook)
        assert.are.equal(0, code, text)
        support.contains(text, "system:serviceaccount:" .. namespace .. ":changer")
        support.contains(text, "ok       permissions         in all namespaces: may get, list, update")
    end)

    it("Roles in named namespaces are enough for policies that name them, and for nothing else", function()
        local here, there, other = server:namespace(), server:namespace(), server:namespace()
        for _, namespace in ipairs { here, there, other } do
            server:create(namespace, "done", { state = "Succeeded" })
        end
        local folder = support.folder()
        support.write(folder .. "/p.lua", replace:format("a", ('namespace = { "%s", "%s" }'):format(here, there), ""))
        local kubeconfig = account(here, folder .. "/p.lua")
        wait_for(kubeconfig, server:path(here), 200)
        wait_for(kubeconfig, server:path(there), 200)
        local code, out, err = support.mpijobd("run", "--once", "--kubeconfig", kubeconfig, "--state", folder .. "/s.db", folder .. "/p.lua")
        assert.are.equal(0, code, out .. err)
        assert.are.equal("All", server:get(here, "done").spec.runPolicy.cleanPodPolicy)
        assert.are.equal("All", server:get(there, "done").spec.runPolicy.cleanPodPolicy)
        assert.is_nil(server:get(other, "done").spec.runPolicy)
        code, out = support.mpijobd("doctor", "--kubeconfig", kubeconfig, "--state", folder .. "/s.db", folder .. "/p.lua")
        assert.are.equal(0, code, out)
        support.contains(out, "in namespace " .. here .. ": may get, list, update")
        support.contains(out, "may not get the definition mpijobs.kubeflow.org, which is not needed here")
        support.write(folder .. "/q.lua", replace:format("b", "", ""))
        code, out = support.mpijobd("doctor", "--kubeconfig", kubeconfig, "--state", folder .. "/s.db", folder .. "/q.lua")
        assert.are.equal(1, code, out)
        support.contains(out, "failed   permissions         in all namespaces: may not get, list, update mpijobs.kubeflow.org")
        support.contains(out, "mpijobd rbac")
    end)

    it("a dry run's role does not let anybody write", function()
        local namespace = server:namespace()
        server:create(namespace, "done", { state = "Succeeded" })
        local folder = support.folder()
        support.write(folder .. "/dry.lua", replace:format("a", ('namespace = "%s"'):format(namespace), "dry_run = true,"))
        support.write(folder .. "/wet.lua", replace:format("a", ('namespace = "%s"'):format(namespace), ""))
        local kubeconfig = account(namespace, folder .. "/dry.lua")
        wait_for(kubeconfig, server:path(namespace), 200)
        local code, out, err = support.mpijobd("run", "--once", "--kubeconfig", kubeconfig, "--state", folder .. "/s.db", folder .. "/dry.lua")
        assert.are.equal(0, code, out .. err)
        code, out, err = support.mpijobd("run", "--once", "--kubeconfig", kubeconfig, "--state", folder .. "/s.db", folder .. "/wet.lua")
        assert.are.equal(3, code, out)
        support.contains(err, "cannot update resource")
        code, out = support.mpijobd("doctor", "--kubeconfig", kubeconfig, "--state", folder .. "/s.db", folder .. "/wet.lua")
        assert.are.equal(1, code)
        support.contains(out, ("in namespace %s: may not update mpijobs.kubeflow.org (may get, list)"):format(namespace))
    end)

    it("kubectl takes the YAML", function()
        local namespace = server:namespace()
        local folder = support.folder()
        for _, match in ipairs { "", ('namespace = "%s"'):format(namespace) } do
            support.write(folder .. "/p.lua", replace:format("a", match, ""))
            local _, yaml = support.mpijobd("rbac", folder .. "/p.lua")
            for _, text in ipairs { yaml, (yaml:gsub("\n# Optional: list and watch[^\n]*", ""):gsub("\n# Optional: create and patch[^\n]*", ""):gsub("\n# Optional[^\n]*\n[^\n]*\n# ", "\n# "):gsub("\n# ", "\n")) } do
                local code, out, err = support.proc.run("/usr/bin/env", { stdin = text, args = { "kubectl", "--kubeconfig", server.kubeconfig, "apply",
                    "--dry-run=server", "-f", "-" } })
                if code == 127 then
                    pending("kubectl is missing")
                    return
                end
                assert.are.equal(0, code, err .. text)
                support.contains(out, "binding.rbac.authorization.k8s.io/mpijobd created")
            end
        end
    end)
end)
