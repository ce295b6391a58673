# SPDX-License-Identifier: Apache-2.0
"""What a script does with the official Python client: list in pages, watch, replace with a retry on a conflict."""
import sys
import threading

from kubernetes import client, config, watch
from kubernetes.client.rest import ApiException

NAMESPACE = sys.argv[2]
config.load_kube_config(sys.argv[1])
api = client.CustomObjectsApi()
core = client.CoreV1Api()
HERE = ("kubeflow.org", "v2beta1", NAMESPACE, "mpijobs")


def body(name, labels=None):
    return {"apiVersion": "kubeflow.org/v2beta1", "kind": "MPIJob", "metadata": {"name": name, "labels": labels or {}},
            "spec": {"slotsPerWorker": 1, "mpiReplicaSpecs": {"Launcher": {"replicas": 1}}}}


def tried(what, call, *args, **more):
    try:
        result = call(*args, **more)
        print(what, "ok")
        return result
    except ApiException as e:
        import json
        try:
            print(what, e.status, json.loads(e.body).get("reason"))
        except ValueError:
            print(what, e.status, e.body.strip())


tried("namespace", core.create_namespace, {"metadata": {"name": NAMESPACE}})
for n in range(7):
    api.create_namespaced_custom_object(*HERE, body("job-%d" % n, {"even": str(n % 2 == 0).lower()}))
tried("create again", api.create_namespaced_custom_object, *HERE, body("job-0"))
tried("bad name", api.create_namespaced_custom_object, *HERE, body("Job_0"))
tried("missing", api.get_namespaced_custom_object, *HERE, "none")
tried("unknown kind", api.list_namespaced_custom_object, *HERE[:3], "tfjobs")
tried("bad selector", api.list_namespaced_custom_object, *HERE, label_selector="a in (")

token, names = None, []
while token != "":
    page = api.list_namespaced_custom_object(*HERE, limit=3, **({"_continue": token} if token else {}))
    names.append([j["metadata"]["name"] for j in page["items"]])
    token = page["metadata"]["continue"]
print("pages", names)
print("selected", [j["metadata"]["name"] for j in api.list_namespaced_custom_object(*HERE, label_selector="even=true")["items"]])

first = api.get_namespaced_custom_object(*HERE, "job-1")
second = api.get_namespaced_custom_object(*HERE, "job-1")
first["spec"]["slotsPerWorker"] = 2
print("replaced", api.replace_namespaced_custom_object(*HERE, "job-1", first)["metadata"]["generation"])
second["spec"]["slotsPerWorker"] = 3
tried("stale", api.replace_namespaced_custom_object, *HERE, "job-1", second)
second["metadata"]["resourceVersion"] = api.get_namespaced_custom_object(*HERE, "job-1")["metadata"]["resourceVersion"]
print("again", api.replace_namespaced_custom_object(*HERE, "job-1", second)["spec"]["slotsPerWorker"])
tried("patch", api.patch_namespaced_custom_object, *HERE, "job-1", {"metadata": {"labels": {"a": "b"}}})
tried("status", api.patch_namespaced_custom_object_status, *HERE, "job-1",
      {"status": {"conditions": [{"type": "Succeeded", "status": "True"}]}})
print("kept", api.get_namespaced_custom_object(*HERE, "job-1")["spec"]["slotsPerWorker"])

listed = api.list_namespaced_custom_object(*HERE)["metadata"]["resourceVersion"]


def change():
    api.patch_namespaced_custom_object(*HERE, "job-2", {"spec": {"slotsPerWorker": 5}})
    api.delete_namespaced_custom_object(*HERE, "job-3")
    api.create_namespaced_custom_object(*HERE, body("job-9"))


threading.Timer(0, change).start()
events = []
for event in watch.Watch().stream(api.list_namespaced_custom_object, *HERE, resource_version=listed, timeout_seconds=10):
    events.append((event["type"], event["object"]["metadata"]["name"]))
    if len(events) == 3:
        break
print("events", events)
lease = {"metadata": {"name": "leader"}, "spec": {"holderIdentity": "a", "leaseDurationSeconds": 15}}
leases = client.CoordinationV1Api()
tried("lease", leases.create_namespaced_lease, NAMESPACE, lease)
tried("lease again", leases.create_namespaced_lease, NAMESPACE, lease)
tried("collection", api.delete_collection_namespaced_custom_object, *HERE)
print("left", len(api.list_namespaced_custom_object(*HERE)["items"]))
