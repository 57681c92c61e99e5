-- Requests each with another token, whose signature has the right form, and is wrong. Arguments: header and payload of the token, path.
local signed = ""
local at = 0

function init(args)
  signed = args[1]
  wrk.path = args[2]
end

function request()
  at = at + 1
  local number = tostring(at)
  wrk.headers["Authorization"] = "Bearer " .. signed .. "." .. string.rep("0", 341 - #number) .. number .. "A"
  return wrk.format()
end

function done(summary)
  print(string.format("JSON {\"requests\":%d,\"seconds\":%f}", summary.requests, summary.duration / 1e6))
end
