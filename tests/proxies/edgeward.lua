-- Asks the gate about a request, in the dialect `traefik`. What the gate does not answer with 200 is not let through.
local VERIFY = "http://127.0.0.1:8787/_edgeward/verify"

local IDENTITY = {
  "edgeward-class", "edgeward-subject", "edgeward-organization",
  "edgeward-credential-id", "edgeward-scopes", "edgeward-request-id", "edgeward-assertion",
}

-- What a client learns of a denial.
local TOLD = { "content-type", "cache-control", "www-authenticate", "retry-after", "edgeward-request-id" }

-- What belongs to one connection, or to a body, which stays here.
local KEPT_BACK = {}
for _, name in ipairs({
  "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect",
  "content-length", "host",
}) do
  KEPT_BACK[name] = true
end

local function first(headers, name)
  return headers and headers[name] and headers[name][0]
end

local function deny(txn, answer)
  local reply = txn:reply()
  local status = answer and answer.status or 0
  -- What is no denial of the gate's is a failure.
  local is_denial = status >= 400 and status < 500 or status == 503
  reply:set_status(is_denial and status or 503)
  if is_denial then
    for _, name in ipairs(TOLD) do
      local value = first(answer.headers, name)
      if value then reply:add_header(name, value) end
    end
    if txn.sf:method() ~= "HEAD" then reply:set_body(answer.body) end
  end
  txn:done(reply)
end

core.register_action("edgeward", { "http-req" }, function(txn)
  local headers = txn.http:req_get_headers()
  local asked = {}
  for name, values in pairs(headers) do
    if not KEPT_BACK[name] then
      asked[name] = {}
      for place = 0, #values do table.insert(asked[name], values[place]) end
    end
  end
  -- Over whatever a client sends under these names.
  asked["x-forwarded-method"] = { txn.sf:method() }
  asked["x-forwarded-proto"] = { txn.sf:ssl_fc() == "1" and "https" or "http" }
  asked["x-forwarded-host"] = { first(headers, "host") or "" }
  -- Where there is no path, as in `OPTIONS *`, the target itself.
  local path = txn.sf:pathq()
  asked["x-forwarded-uri"] = { path ~= "" and path or txn.sf:url() }
  asked["x-forwarded-for"] = { txn.sf:src() }

  local answer = core.httpclient():get({ url = VERIFY, headers = asked, timeout = 5000 })
  if answer == nil or answer.status ~= 200 then return deny(txn, answer) end
  for _, name in ipairs(IDENTITY) do
    txn.http:req_set_header(name, first(answer.headers, name) or "")
  end
end)
