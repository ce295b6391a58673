-- SPDX-License-Identifier: Apache-2.0
-- What does harm is refused always, and what ends or deletes a job unless it is allowed by name: field by field, and in a whole object.
local support = require "support"
local cluster = require "support.cluster"

for _, version in ipairs(cluster.versions) do
    describe("harm over " .. version.name .. (version.api ~= "v1" and " #cluster" or ""), function()
        local server, namespace, folder
        local flat = version.api == "v1alpha2" or version.name == "v1 (mpi-operator)"

        lazy_setup(function()
            server = cluster.start(version)
            namespace = server:namespace()
            folder = support.folder()
            server:create(namespace, "job", { state = "Running", since = 600 })
            server:create(namespace, "over", { state = "Succeeded", since = 600 })
        end)
        lazy_teardown(support.cleanup)

        local function replace(...)
            local args = { "replace", "--kubeconfig", server.kubeconfig, "-n", namespace, ... }
            for _, flag in ipairs(version.api == "v1" and { "--controller", version.name:match("%((.-)%)") } or {}) do
                args[#args + 1] = flag
            end
            return support.mpijobd(table.unpack(args))
        end

        local function place(field)
            return flat and (field == "cleanPodPolicy" or version.api == "v1alpha2") and { "spec", field } or { "spec", "runPolicy", field }
        end

        -- The job's bytes with a raw value at a place.
        local function with(name, at, raw)
            local object = server:get(namespace, name)
            local parent = object
            for i = 1, #at - 1 do
                parent[at[i]] = parent[at[i]] or {}
                parent = parent[at[i]]
            end
            parent[at[#at]] = "@VALUE@"
            local text = support.json.encode(object):gsub('"args":{}', '"args":[]'):gsub('"@VALUE@"', (raw:gsub("%%", "%%%%")))
            return support.write(folder .. "/object.json", text)
        end

        local function unharmed(name, what)
            local before = select(2, server:get(namespace, name))
            return function()
                assert.are.equal(before, (select(2, server:get(namespace, name))), what)
            end
        end

        it("is refused in a field", function()
            local check = unharmed("job")
            for _, change in ipairs { 'activeDeadlineSeconds="3600"', "activeDeadlineSeconds=-1", "activeDeadlineSeconds=0", "activeDeadlineSeconds=1.5",
                "backoffLimit=-1", "backoffLimit=many", "cleanPodPolicy=running", "cleanPodPolicy=Al", "cleanPodPolicy=", "activeDeadlineSecond=60" } do
                local code, _, err = replace("job", change, "--destructive")
                assert.are.equal(2, code, change .. ": " .. err)
            end
            check()
        end)

        it("is refused in a whole object", function()
            local check = unharmed("job")
            for _, case in ipairs {
                { place "activeDeadlineSeconds", '"3600"' }, { place "activeDeadlineSeconds", "-1" }, { place "activeDeadlineSeconds", "3.5" },
                { place "activeDeadlineSeconds", "true" }, { place "backoffLimit", '"6"' }, { place "backoffLimit", "-1" },
                { place "cleanPodPolicy", '"running"' }, { place "cleanPodPolicy", '"Al"' }, { place "cleanPodPolicy", "7" },
                { place "cleanPodPolicy", "{}" }, { { "spec", "mpiReplicaSpecs", "Worker", "template", "spec", "containers" }, "{}" },
            } do
                local file = with("job", case[1], case[2])
                local code, out, err = replace("-f", file, "--destructive")
                assert.are.equal(1, code, table.concat(case[1], ".") .. ": " .. case[2] .. out)
                support.contains(err, "refused, because it does harm")
            end
            -- The one that every client does who does not tell [] from {}.
            local text = select(2, server:get(namespace, "job")):gsub('"args":%[%]', '"args":{}')
            support.contains(text, '"args":{}')
            local code, _, err = replace("-f", support.write(folder .. "/object.json", text))
            assert.are.equal(1, code)
            support.contains(err, "args")
            support.contains(err, "set spec.mpiReplicaSpecs.")
            check()
            -- And by a script.
            local log = select(3, support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", ":memory:", "-n", namespace,
                support.write(folder .. "/p.lua", ([[policy { name = "p", every = "1h", run = function()
                    local t = mpijob.get("job"):table()
                    t.spec.mpiReplicaSpecs.Worker.template.spec.containers[1].args = {}
                    local done, err = mpijob.replace_object(t, { destructive = true })
                    log.info("answer", { done = tostring(done), reason = err.reason })
                end }]])), table.unpack(server.flags)))
            support.contains(log, "answer policy=p done=nil reason=Refused")
            check()
        end)

        -- Nothing checks these where the definition names no types; a controller's decoder refuses its whole list for one of them.
        it("is refused in a pod template, by whatever way it comes", function()
            local check = unharmed("job")
            local worker = { "spec", "mpiReplicaSpecs", "Worker", "template" }
            local pod = { "spec", "mpiReplicaSpecs", "Worker", "template", "spec" }
            local function below(at, ...) return table.move({ ... }, 1, select("#", ...), #at + 1, { table.unpack(at) }) end
            local container = '[{"name":"w","image":"i",%s}]'
            local cases = {
                { below(pod, "containers"), container:format '"env":[{"name":"a","value":true}]', "containers.0.env.0.value" },
                { below(pod, "containers"), container:format '"env":[{"name":"a","value":8}]', "containers.0.env.0.value" },
                { below(pod, "containers"), container:format '"args":["-np",2]', "containers.0.args.1" },
                { below(pod, "containers"), container:format '"ports":[{"containerPort":"22"}]', "containers.0.ports.0.containerPort" },
                { below(pod, "containers"), container:format '"resources":{"limits":{"memory":"16GB"}}', "containers.0.resources.limits.memory" },
                { below(pod, "containers"), container:format '"securityContext":{"capabilities":{"add":"IPC_LOCK"}}', "capabilities.add" },
                { below(pod, "terminationGracePeriodSeconds"), '"30"', "terminationGracePeriodSeconds" },
                { below(pod, "nodeSelector"), '{"a":1}', "nodeSelector.a" },
                { below(worker, "metadata"), '{"labels":{"a":1}}', "metadata.labels.a" },
            }
            for _, case in ipairs(cases) do
                local code, out, err = replace("-f", with("job", case[1], case[2]), "--destructive")
                assert.are.equal(1, code, case[2] .. out)
                support.contains(err, "refused, because it does harm", case[3])
            end
            check()
            local tried = {}
            for i, case in ipairs(cases) do tried[i] = { path = "/" .. table.concat(case[1], "/"), raw = case[2] } end
            local code, _, log = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", ":memory:", "-n", namespace,
                support.write(folder .. "/p.lua", ([==[policy { name = "p", every = "1h", run = function()
                    local json = require "json"
                    for _, case in ipairs(json.decode(%q)) do
                        local value = json.decode(case.raw)
                        local t, made = mpijob.get("job"):table(), mpijob.get("job"):table()
                        local patch, p, m, key = {}, nil, made
                        p = patch
                        local keys = {}
                        for k in case.path:gmatch "[^/]+" do keys[#keys + 1] = k end
                        for i = 1, #keys - 1 do
                            p[keys[i]] = {} p = p[keys[i]]
                            m[keys[i]] = m[keys[i]] or {} m = m[keys[i]]
                        end
                        p[keys[#keys]], m[keys[#keys]] = value, value
                        made.metadata, made.status = { name = "made" }, nil
                        for way, answer in pairs {
                            patch = { mpijob.patch("job", patch, { destructive = true }) },
                            steps = { mpijob.patch("job", { { op = "add", path = case.path, value = value } }, { destructive = true }) },
                            kube = { kube.patch(t.apiVersion, "MPIJob", t.metadata.namespace .. "/job", patch, { destructive = true }) },
                            create = { mpijob.create(made) },
                        } do
                            if answer[1] or answer[2].reason ~= "Refused" then
                                error(way .. " of " .. case.raw .. ": " .. (answer[1] and "done" or answer[2].message))
                            end
                        end
                    end
                    log.info "all refused"
                end }]==]):format(support.json.encode(tried))), table.unpack(server.flags))
            assert.are.equal(3, code, log) -- "partial": what was refused counts as failed
            support.contains(log, "all refused")
            check()
        end)

        it("is an owner that may not be there: the garbage collector would delete the job and its pods", function()
            local check = unharmed("over")
            local file = with("over", { "metadata", "ownerReferences" }, '[{"apiVersion":"v1","kind":"ConfigMap","name":"nobody","uid":"2f1c0f3e-0000-4000-8000-000000000000"}]')
            local code, out, err = replace("-f", file)
            assert.are.equal(1, code, out .. err)
            support.contains(err, "refused, because it may be destructive: ")
            support.contains(err, "ownerReferences: if no owner that it names is there, in its namespace and with its uid, the garbage collector deletes the object now")
            check()
            code, out, err = replace("-f", file, "--destructive", "--dry-run")
            assert.are.equal(0, code, out .. err)
            check()
        end)

        it("is judged in a whole object as it is field by field", function()
            local code, out, err = replace("-f", with("over", place "cleanPodPolicy", '"All"'), "-o", "json")
            assert.are.equal(0, code, err)
            assert.are.equal("effective", support.json.decode(out)[1].effect)
            local run = place "activeDeadlineSeconds"
            local check = unharmed("job")
            code, out, err = replace("-f", with("job", run, "60"), "-o", "json")
            if version.name == "v1 (training-operator)" then -- it acts on it at once
                assert.are.equal(1, code, out)
                support.contains(out .. err, "destructive")
                check()
                code, out, err = replace("-f", with("over", { "spec", "runPolicy", "ttlSecondsAfterFinished" }, "1"), "-o", "json")
                assert.are.equal(1, code, err)
                support.contains(out, "deletes the MPIJob itself")
            else
                assert.are.equal(0, code, err)
                assert.are.equal("inert", support.json.decode(out)[1].effect)
            end
        end)
    end)
end
