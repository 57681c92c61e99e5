import type { LoadedConfig } from '../../config/live/config-loader.ts'
import { auth } from '../../filters/auth/filter.ts'
import { bodyLimit } from '../../filters/body-limit/filter.ts'
import { breaker } from '../../filters/breaker/filter.ts'
import { concurrencyLimit } from '../../filters/concurrency-limit/filter.ts'
import { cors } from '../../filters/cors/filter.ts'
import { methodCheck } from '../../filters/method-check/filter.ts'
import { metrics } from '../../filters/metrics/filter.ts'
import { outlierDetection } from '../../filters/outlier-detection/filter.ts'
import { proxy } from '../../filters/proxy/filter.ts'
import { requestId } from '../../filters/request-id/filter.ts'
import { retry } from '../../filters/retry/filter.ts'
import { routeMatch } from '../../filters/route-match/filter.ts'
import { admin } from '../../plugins/admin/filter.ts'
import { tokens } from '../../plugins/tokens/filter.ts'
import type { FilterFactory } from '../api/filter-factory.ts'
import { Catalog } from '../build/catalog.ts'
import { loadPlugins } from '../build/plugin-loader.ts'
import { ConfigError, type Problem } from '../control/config-error.ts'

/** The filters that Weir brings. */
export const FILTERS: readonly FilterFactory[] = [
  requestId,
  cors,
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
  tokens,
]

export const BUILT_IN: Catalog = new Catalog(FILTERS.map((filter) => [filter, 'built in'] as const))

/**
 * The filters of a catalog and those of the plugins that a configuration names.
 * @throws ConfigError with every plugin that can't be loaded, or whose filters have names that are taken
 */
export async function catalogOf(
  { settings }: Pick<LoadedConfig, 'settings'>,
  base: Catalog = BUILT_IN,
): Promise<Catalog> {
  const problems: Problem[] = []
  let catalog = base
  for (const entry of await loadPlugins(settings.plugins, settings.baseDir)) {
    try {
      catalog = catalog.with([entry])
    } catch (error) {
      const path = settings.plugins.find(({ specifier }) => specifier === entry[1])?.at ?? ['plugins']
      problems.push({ path, message: (error as Error).message })
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return catalog
}
