import { reply } from '../../core/index.ts'

/** All targets have the weight 0: an operator drains them. */
export const NO_TARGET = reply(503, 'no_target', {
  detail: 'The endpoint has no target that takes new requests.',
  headers: { 'retry-after': '30' },
})

/** Health checks, ejections or breakers leave no target. Health changes sooner than weights do. */
export const NO_HEALTHY_TARGET = reply(503, 'no_healthy_target', {
  detail: 'No target of the endpoint is healthy.',
  headers: { 'retry-after': '10', 'proxy-status': 'weir; error=destination_unavailable' },
})
