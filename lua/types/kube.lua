-- SPDX-License-Identifier: Apache-2.0
---@meta

---@class mpijobd.VerbResult
---@field changed boolean something was sent; in a dry run: would be
---@field dry_run boolean
---@field effect mpijobd.Effect of an MPIJob and the like; of other kinds `"unknown"` or `"unchanged"`
---@field message string why, in a sentence
---@field diff mpijobd.Difference[] of a patch or replacement
---@field warnings string[] of the server
---@field object? string the object's bytes as the server gave it back; in a dry run as it would become
---@field resourceVersion? string of that object

---@class mpijobd.PatchOptions
---@field dry_run? boolean work it out, and send nothing
---@field resourceVersion? string only if the object is still at this version; else the reason is Conflict
---@field destructive? boolean allow a change that ends a job, or what else runs, at once

---@class mpijobd.CreateOptions
---@field dry_run? boolean

---@class mpijobd.DeleteOptions
---@field dry_run? boolean
---@field resourceVersion? string only if the object is still at this version
---@field propagationPolicy? "Background"|"Foreground"|"Orphan" what becomes of what it owns (default: the server's)
---@field destructive? boolean allow the deletion of what runs: a job or Pod that has not ended, a Deployment

---@class mpijobd.KubeListOptions
---@field namespace? string one namespace (default: those that the daemon is kept to, else all)
---@field labels? string a selector, as kubectl takes it
---@field fields? string a field selector, `"status.phase=Running"`

---Objects of any kind, by apiVersion and kind; the resource is found by asking the server, once. Everything that
---writes is a part of
---the run: counted by `limits.changes`, dry when the run is, in the journal. MPIJobs and the like are judged as by
---`mpijob.patch`.
---@class kubelib
kube = {}

---@param apiVersion string `"v1"`, `"batch/v1"`
---@param kind string `"ConfigMap"`, `"Job"`
---@param key string "namespace/name"; "name" in the default namespace, or of a kind without namespaces
---@return table? object
---@return mpijobd.Error? err
---@async
function kube.get(apiVersion, kind, key) end

---The objects of a kind, one after the other; pages come as they are needed. A list that fails raises its error.
---
---    for pod in kube.list("v1", "Pod", { labels = "app=web" }) do ... end
---@param apiVersion string
---@param kind string
---@param options? mpijobd.KubeListOptions
---@return fun(): table?
---@async
function kube.list(apiVersion, kind, options) end

---The events of a kind: first all objects there are, as ADDED, then each change. It goes on through lost connections;
---a deletion that fell
---into such a gap is not told. It ends with the loop, or with the run (`limits.timeout`).
---
---    for pod, event in kube.watch("v1", "Pod", { namespace = "train" }) do ... end
---@param apiVersion string
---@param kind string
---@param options? mpijobd.KubeListOptions
---@return fun(): table?, "ADDED"|"MODIFIED"|"DELETED"?
---@async
function kube.watch(apiVersion, kind, options) end

---A merge patch, or a JSON patch (a list of steps). It is bound to the object that was read; a conflict is read
---again, 6 times at most.
---@param apiVersion string
---@param kind string
---@param key string
---@param patch table|string a table, or JSON text
---@param options? mpijobd.PatchOptions
---@return mpijobd.VerbResult? result
---@return mpijobd.Error? err
---@async
function kube.patch(apiVersion, kind, key, patch, options) end

---PUT of a whole object.
---@param object table|string with apiVersion, kind and metadata; a table keeps integers and empty arrays as they are
---@param options? mpijobd.PatchOptions
---@return mpijobd.VerbResult? result
---@return mpijobd.Error? err
---@async
function kube.replace(object, options) end

---With `metadata.generateName` in place of a name, the name is chosen here, by the policy, the instant of its run, the
---job that its loop over `run.jobs` is at, and all that is in the object. So the run that goes on after a kill makes no
---second object where it sends the same: it finds the one that is there, and returns it as made. Where not all that was
---sent is there, since another changed it, it gets `AlreadyExists`. What is another from try to try, such as a time or
---`run.id`, makes a second object: use a name of your own (the second try gets `AlreadyExists` then), or put only what
---stays the same into it, as `run.scheduled_at`. Of objects with the same in them the first counts as the
---first that was made: who counts what is there, and creates how many are missing, puts a number into each.
---@param object table|string with apiVersion, kind and metadata.name (or generateName)
---@param options? mpijobd.CreateOptions
---@return mpijobd.VerbResult? result
---@return mpijobd.Error? err AlreadyExists...
---@async
function kube.create(object, options) end

---Deletes the very object that is read first, not another that gets its name meanwhile. What runs is deleted only with
---`destructive = true`.
---@param apiVersion string
---@param kind string
---@param key string
---@param options? mpijobd.DeleteOptions
---@return mpijobd.VerbResult? result
---@return mpijobd.Error? err
---@async
function kube.delete(apiVersion, kind, key, options) end
