# SPDX-License-Identifier: Apache-2.0
"""Schemas for kubeconform, made without a network: from the OpenAPI description in the module k8s.io/kubernetes, and from the
definitions of the Prometheus operator. Strict: a field that Kubernetes does not know is an error."""
import json
import os
import re

import yaml


def strict(node):
    """The same schema, which allows no other members than it names."""
    if isinstance(node, list):
        return [strict(one) for one in node]
    if not isinstance(node, dict):
        return node
    if node.get("format") == "int-or-string" or node.get("x-kubernetes-int-or-string"):
        return {"anyOf": [{"type": "string"}, {"type": "integer"}]}
    out = {key: strict(value) for key, value in node.items() if not key.startswith("x-") and key != "format"}
    if isinstance(out.get("properties"), dict) and "additionalProperties" not in out and not node.get("x-kubernetes-preserve-unknown-fields"):
        out["additionalProperties"] = False
    return out


def file_of(folder, kind, group, version):
    return os.path.join(folder, "-".join([kind.lower()] + [part for part in (group.split(".")[0], version) if part]) + ".json")


def reached(definitions, name, found):
    """What a definition names, and what that names."""
    if name not in found:
        found[name] = definitions[name]
        for other in re.findall(r'"#/definitions/([^"]+)"', json.dumps(definitions[name])):
            reached(definitions, other, found)
    return found


def write(folder, swagger, definitions):
    """One file a kind, as kubeconform looks for them at LOCATION below."""
    with open(swagger, encoding="utf-8") as file:
        known = json.load(file)["definitions"]
    for name, node in known.items():
        kinds = node.get("x-kubernetes-group-version-kind", [])
        if len(kinds) != 1 or kinds[0]["kind"] not in WANTED:
            continue
        needed = {one: QUANTITY if one.endswith("resource.Quantity") else strict(schema) for one, schema in reached(known, name, {}).items()}
        whole = {"$schema": "http://json-schema.org/draft-07/schema#", "allOf": [{"$ref": f"#/definitions/{name}"}], "definitions": needed}
        with open(file_of(folder, kinds[0]["kind"], kinds[0]["group"], kinds[0]["version"]), "w", encoding="utf-8") as file:
            json.dump(whole, file)
    for path in definitions:
        with open(path, encoding="utf-8") as file:
            spec = yaml.safe_load(file)["spec"]
        for version in spec["versions"]:
            with open(file_of(folder, spec["names"]["kind"], spec["group"], version["name"]), "w", encoding="utf-8") as file:
                schema = strict(version["schema"]["openAPIV3Schema"])
                schema["properties"]["metadata"] = {"type": "object"}
                json.dump(schema, file)


# Of thousands of kinds, those that a person applies.
WANTED = {"Namespace", "ServiceAccount", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ConfigMap", "PersistentVolumeClaim",
          "Deployment", "StatefulSet", "PodDisruptionBudget", "NetworkPolicy", "Service"}

QUANTITY = {"anyOf": [{"type": "string"}, {"type": "number"}]}
LOCATION = "{{ .ResourceKind }}{{ .KindSuffix }}.json"
