import type { FilterFactory } from '../../core/api/filter.ts'
import { Catalog } from '../../core/build/catalog.ts'
import { auth } from '../../filters/auth/filter.ts'
import { bodyLimit } from '../../filters/body-limit/filter.ts'
import { breaker } from '../../filters/breaker/filter.ts'
import { concurrencyLimit } from '../../filters/concurrency-limit/filter.ts'
import { methodCheck } from '../../filters/method-check/filter.ts'
import { metrics } from '../../filters/metrics/filter.ts'
import { outlierDetection } from '../../filters/outlier-detection/filter.ts'
import { proxy } from '../../filters/proxy/filter.ts'
import { requestId } from '../../filters/request-id/filter.ts'
import { retry } from '../../filters/retry/filter.ts'
import { routeMatch } from '../../filters/route-match/filter.ts'
import { admin } from '../../plugins/admin/filter.ts'

/** The filters that Weir brings, as in core/main/main.ts. */
export const FILTERS: readonly FilterFactory[] = [
  requestId,
  auth,
  routeMatch,
  methodCheck,
  bodyLimit,
  retry,
  concurrencyLimit,
  breaker,
  outlierDetection,
  proxy,
  metrics,
  admin,
]

export const BUILT_IN = new Catalog(FILTERS.map((filter) => [filter, 'built in'] as const))
