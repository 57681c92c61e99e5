-- What wrk sends and how it reports, for load.ts. Arguments: method, bytes of the body, number of endpoints to spread over, path.
-- A `%d` of the path is the number of the endpoint.
local requests = {}
local at = 0

function init(args)
  wrk.method = args[1]
  if tonumber(args[2]) > 0 then wrk.body = string.rep("x", tonumber(args[2])) end
  local endpoints = tonumber(args[3])
  if endpoints == 0 then return end
  for i = 1, endpoints do requests[i] = wrk.format(nil, string.format(args[4], i - 1)) end
  -- A step that shares no factor with any number of endpoints, so that neighbours in time are none in the list.
  function request()
    at = (at + 7919) % endpoints
    return requests[at + 1]
  end
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    'JSON {"requests":%d,"seconds":%f,"p50":%f,"p99":%f,"failed":%d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
