-- wrk's script for every measure. What to send is in the environment:
--   METHOD, TARGET, BODY_FILE   "{n}" in the target or the body becomes the number of the request, from FIRST on,
--                               modulo MODULO if that is set
--   TOKEN                       sent as a bearer token
--   DELAY_MS                    pause of a connection before each request
local function setting(name) return tonumber(os.getenv(name) or "") or 0 end

local method, target = os.getenv("METHOD"), os.getenv("TARGET")
local headers, body = {}, nil
if os.getenv("TOKEN") then headers["Authorization"] = "Bearer " .. os.getenv("TOKEN") end
if os.getenv("BODY_FILE") then
  local file = assert(io.open(os.getenv("BODY_FILE"), "rb"))
  body = file:read("*a")
  file:close()
end

local number, modulo, delay_ms = setting("FIRST"), setting("MODULO"), setting("DELAY_MS")
local varies = { target = target:find("{n}", 1, true), body = body and #body < 65536 and body:find("{n}", 1, true) }
local fixed

function init() fixed = wrk.format(method, target, headers, body) end

function request()
  if not varies.target and not varies.body then return fixed end
  number = number + 1
  local name = string.format("%09d", modulo > 0 and number % modulo or number)
  return wrk.format(method, varies.target and target:gsub("{n}", name) or target, headers,
                    varies.body and body:gsub("{n}", name) or body)
end

if delay_ms > 0 then
  function delay() return delay_ms end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%f,"bytes":%d,"failed":%d,"p50_us":%f,"p99_us":%f}\n', summary.requests,
    summary.duration / 1e6, summary.bytes, errors.connect + errors.read + errors.write + errors.timeout + errors.status,
    latency:percentile(50), latency:percentile(99)))
end
