-- Every request writes another key.
local file = io.open(os.getenv("VALUE"), "rb")
local value = file:read("*a")
file:close()
local headers = { Authorization = "Bearer " .. os.getenv("TOKEN"), ["Content-Type"] = "application/octet-stream" }
local count = 0
request = function()
  count = count + 1
  return wrk.format("PUT", wrk.path .. "key-" .. count, headers, value)
end
