-- Chromium answers /json* with its own address (ws://localhost:9222/...), since it is asked under that. Here the
-- address that the client used is put back, so that it can follow what it reads.
local port = os.getenv("CDP_PORT") or "9222"
local own = "localhost:" .. port

core.register_service("cdp_json", "http", function(applet)
  local host = applet.headers["host"][0]
  local url = "http://127.0.0.1:" .. port .. applet.path
  if applet.qs and applet.qs ~= "" then url = url .. "?" .. applet.qs end
  local client = core.httpclient()
  local ask = applet.method == "PUT" and client.put or client.get
  local ok, answer = pcall(ask, client, { url = url, headers = { ["host"] = { own } }, timeout = 3000 })
  local status, body = 503, "Chromium is down\n"
  if ok and answer and answer.status and answer.status > 0 then
    status, body = answer.status, answer.body or ""
  end
  for _, before in ipairs({ "ws://", "ws=" }) do
    body = body:gsub(before .. own, function() return before .. host end)
  end
  applet:set_status(status)
  applet:add_header("content-type", status == 503 and "text/plain" or "application/json; charset=UTF-8")
  applet:add_header("content-length", tostring(#body))
  applet:start_response()
  applet:send(body)
end)
