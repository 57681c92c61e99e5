import { Counter, type FilterEnv, StartConditionsKey } from '../../../core/index.ts'
import { fingerprint } from '../fingerprint.ts'
import { RemoteKeys, type RemoteKeysOptions } from './remote-keys.ts'

/** The keys of an issuer, one object for all instances with equal options. */
export function sharedKeys(options: RemoteKeysOptions, env: FilterEnv): RemoteKeys {
  const fetches = env.share('key fetches', {
    scope: 'factory',
    version: 1,
    make: () => {
      const counter = new Counter<'issuer' | 'outcome'>()
      const withdraw = env.meter.register({
        name: 'weir_auth_key_fetches_total',
        help: 'Fetches of the keys of issuers of tokens.',
        type: 'counter',
        collect: () => counter.samples(),
      })
      return { counter, withdraw }
    },
    close: ({ withdraw }) => withdraw(),
  })
  const issuer = options.issuer ?? options.jwksUrl!
  const remote = env.share(fingerprint({ keys: options }), {
    scope: 'factory',
    version: 1,
    make: () =>
      new RemoteKeys(options, {
        clock: env.clock,
        timers: env.timers,
        log: env.log,
        fetched: (outcome) => fetches.counter.add({ issuer, outcome }),
      }),
    close: (remote) => void remote.close(),
  })
  const withdraw = env.service(StartConditionsKey).add(`keys of ${issuer}`, () => remote.available)
  env.signal.addEventListener('abort', withdraw)
  return remote
}
