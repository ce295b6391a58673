-- SPDX-License-Identifier: Apache-2.0
---@meta plugin
-- luacheck: no max line length
-- Annotations for the Lua language server; the program never reads this file.

---The type of an option; with `?` at its end (`"number?"`) the option may be left out. A duration comes to the plugin as seconds.
---@alias mpijobd.OptionType "string"|"number"|"integer"|"boolean"|"duration"|"list"|"table"|"string?"|"number?"|"integer?"|"boolean?"|"duration?"|"list?"|"table?"

---@class mpijobd.Option
---@field type mpijobd.OptionType
---@field default? any the value where none is given; checked as one that is
---@field about? string what it is for, in a sentence
---@field values? any[] it has to be one of these
---@field least? number
---@field most? number

---A condition that the plugin adds to `match`.
---@class mpijobd.PluginCondition
---@field test fun(job: mpijobd.Job, value: any): boolean asked per job, when all conditions of mpijobd's own hold; true or false. May call what waits
---@field check? fun(value: any): any, string? asked once, when the policy is read: gives what `test` gets as its value (nothing: the value as it stands), or nil and what is wrong ("is no calendar; there are ...")
---@field about? string

---A way to tell people that the plugin adds: `notify.NAME { ... }` in files that require it.
---@class mpijobd.PluginSink
---@field send fun(notification: mpijobd.Notification): mpijobd.Notification makes the fields of a webhook (`url` or `sink`, `body`, `token`...) of the notification, whose `text` and `subject` have their `${}` filled in; the outbox delivers that
---@field about? string

---A column that the plugin adds to `mpijobd report`. It computes: nothing in it can wait.
---@class mpijobd.PluginColumn
---@field value fun(job: mpijobd.Job, held: { gpus: integer, day: number, week: number }): number? of a finished job, to be summed up; held: the GPUs that it holds now, and GPU-hours over the last day and week
---@field text? fun(sum: number): string how a sum is written, at most 64 bytes; else with two digits
---@field about? string

---Days off for `except` of policies.
---@class mpijobd.PluginCalendar
---@field days fun(): table<string, any>|string[] asked once, when a policy that names it is read: days as keys or in a list, `"2026-05-14"`, or `"12-25"` for each year; at most 10000
---@field about? string

---What the plugin needs, for those who install it: shown by `mpijobd plugins`; `mpijobd rbac` counts `api`. It allows nothing by itself.
---@class mpijobd.PluginNeeds
---@field api? table<string, string[]> verbs by resource: `{ ["workloads.kueue.x-k8s.io"] = { "get" }, pods = { "list" } }`
---@field hosts? string[] hosts that it asks; the configuration's `http.allow` has to have them
---@field secrets? string[] names of secrets that it uses

---A field of a kind that a plugin describes.
---@class mpijobd.PluginField
---@field at string|table<string, string> where it stands, "/spec/suspend"; where versions differ, by version. Not in metadata or status, and not within a list
---@field type mpijobd.OptionType
---@field values? any[] it has to be one of these
---@field least? number
---@field most? number
---@field about? string
---@field required? boolean true: it cannot be removed
---@field when? "always"|"once"|"suspended"|"never"|fun(object: mpijobd.PluginObject): boolean, string? when it may be written: "once" while it has no value, "suspended" while the phase is Suspended (default "always"). A function, which only the module asks, says why not: the replacement is nil, err with reason Refused
---@field effect? string|table<any, string>|fun(object: mpijobd.PluginObject, value: any): string?, string? what a change of it does: "stored", "inert", "at-finish", "late", "effective", "unknown", "reverted", "destructive"; a table has one for each value; a function, which only the module asks, gives a sentence, too. Default "unknown"
---@field why? string a sentence about the effect

---Another kind of object. Policies whose file requires the plugin can be about it (`kind`); and it is an export of the plugin: a module with get, list and replace.
---@class mpijobd.PluginKind
---@field group string "trainer.kubeflow.org"; "" for Kubernetes' first one
---@field versions string|string[] the first one that the server serves is used
---@field kind string "TrainJob"
---@field plural string "trainjobs"
---@field about? string
---@field fields? table<string, mpijobd.PluginField> at most 64
---@field phase? table<"Succeeded"|"Failed"|"Suspended"|"Restarting"|"Running", string>|fun(object: mpijobd.PluginObject): any where each phase is told: the type of a condition, or a place, "/status/active"; else Pending. Or a function: what `object.phase` is, which policies do not know

---An object of such a kind, as the server has it. It also answers to the names of the row's fields, and to `phase`.
---@class mpijobd.PluginObject
---@field apiVersion string
---@field metadata table
---@field name string
---@field namespace? string
---@field key string "namespace/name"
---@field uid string
---@field resourceVersion string
---@field labels table<string, string>
---@field annotations table<string, string>
---@field [string] any

---@class mpijobd.PluginKindModule
---@field kind string
---@field group string
---@field plural string
---@field get fun(key: string): mpijobd.PluginObject?, mpijobd.Error?
---@field list fun(options?: table): fun(): mpijobd.PluginObject? namespace, labels, where, phase, and the fields by their names
---@field replace fun(target: mpijobd.PluginObject|string, changes: table|fun(object: mpijobd.PluginObject): table?, options?: mpijobd.PatchOptions): mpijobd.VerbResult?, mpijobd.Error? a PUT of the edited bytes; fields of the row, labels, annotations

---@class mpijobd.Plugin
---@field name string as its folder is called, or as the configuration calls it: lower-case letters, digits and dashes
---@field version string three numbers: "1.0.0"
---@field api integer the version of this interface that it was written for: 1
---@field about? string what it is for, in a sentence
---@field needs? mpijobd.PluginNeeds
---@field config? table<string, mpijobd.OptionType|mpijobd.Option> its options, which the configuration's `plugins` gives
---@field exports? table<string, any> what `require "NAME"` gives
---@field sinks? table<string, mpijobd.PluginSink|fun(notification: mpijobd.Notification): mpijobd.Notification>
---@field columns? table<string, mpijobd.PluginColumn|fun(job: mpijobd.Job, held: table): number?> at most 8, by their names: cost_day is the column COST-DAY
---@field calendars? table<string, mpijobd.PluginCalendar|fun(): table<string, any>|string[]> by the names that `except` calls them by
---@field kinds? table<string, mpijobd.PluginKind> at most 16, by the names of their modules: lower-case letters and digits
---@field conditions? table<string, mpijobd.PluginCondition|fun(job: mpijobd.Job, value: any): boolean> by their names in `match`

---For a plugin's own files only, where it also has `plugin.config` (the checked options, once it has been called), `plugin.name`,
---`plugin.version`, `plugin.kinds` (its kinds as modules) and `plugin.file(name)` (the text of a file in the plugin's folder, or nil). In plugin.lua it is called once. Gives the options.
---@param definition mpijobd.Plugin
---@return table config
function plugin(definition) end
