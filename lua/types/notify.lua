-- SPDX-License-Identifier: Apache-2.0
---@meta notify
-- luacheck: no max line length
-- Annotations for the Lua language server; the program never reads this file.

---Tells people. A call returns when the state file has the notification; it is delivered later, at least once, also after a crash. Texts of one run for one destination are one message, sent when the
---run has ended; a webhook is sent at once. At most 100 of a policy wait (Limit). In a dry run nothing is sent.
---While a policy file is loaded, a call makes a means of `warn.by` instead, and has no text, body and with of its own (docs/reference/policy.md#warn).
---Where to: a sink of the configuration by its name, or the options below, whose hosts have to stand in http.allow.
---@class notifylib
notify = {}

---@class mpijobd.Notification
---@field sink? string a name under `notify` in the configuration; then only text, subject, body and with go along
---@field text? string `${name}` stands for what `with` has under this name; cut where the service takes no more (Discord 2000 bytes, Telegram 4000, Webex 7000, Teams 20,000, Slack 30,000)
---@field with? table|mpijobd.Job a job, or a table; `${labels.team}` goes into a table. nil becomes "-"
---@field url? string|mpijobd.Secret of webhook, slack, teams, discord; of telegram and webex instead of the service's own
---@field token? string|mpijobd.Secret of telegram and webex; of a webhook: the header Authorization: Bearer
---@field chat? string|mpijobd.Secret of telegram
---@field room? string|mpijobd.Secret of webex
---@field server? string|mpijobd.Secret of email: smtp://HOST:PORT, or smtps://HOST:PORT
---@field from? string|mpijobd.Secret of email
---@field to? string|mpijobd.Secret|string[] of email
---@field user? string|mpijobd.Secret of email; of a webhook: basic authentication
---@field password? string|mpijobd.Secret with user; of email it is sent over TLS only
---@field subject? string of email; `${name}` as in text
---@field body? any of a webhook: sent as JSON

---@param notification mpijobd.Notification
---@return boolean? kept
---@return mpijobd.Error? err
---@async
function notify.webhook(notification) end

---@param notification mpijobd.Notification
---@return boolean? kept
---@return mpijobd.Error? err
---@async
function notify.slack(notification) end

---@param notification mpijobd.Notification
---@return boolean? kept
---@return mpijobd.Error? err
---@async
function notify.teams(notification) end

---@param notification mpijobd.Notification
---@return boolean? kept
---@return mpijobd.Error? err
---@async
function notify.discord(notification) end

---@param notification mpijobd.Notification
---@return boolean? kept
---@return mpijobd.Error? err
---@async
function notify.telegram(notification) end

---@param notification mpijobd.Notification
---@return boolean? kept
---@return mpijobd.Error? err
---@async
function notify.webex(notification) end

---@param notification mpijobd.Notification
---@return boolean? kept
---@return mpijobd.Error? err
---@async
function notify.email(notification) end

---By a sink of whatever type.
---@param notification mpijobd.Notification
---@return boolean? kept
---@return mpijobd.Error? err
---@async
function notify.send(notification) end
