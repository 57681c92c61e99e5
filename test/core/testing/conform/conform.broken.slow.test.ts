// Each rule with filters that break it, and what their authors are told.
import t from 'tap'
import * as z from 'zod'
import {
  defineFilter,
  defineSlot,
  type Exchange,
  type Filter,
  type FilterEnv,
  type FilterFactory,
  reply,
} from '../../../../core/index.ts'
import { type ConformSetup, conform } from '../../../../core/testing.ts'

const factory = (create: (env: FilterEnv) => Filter, more: Partial<FilterFactory> = {}): FilterFactory =>
  defineFilter({ name: 'bad', apiVersion: 1, create: (_options, env) => create(env), ...more })

/** What `conform` says, without the head of its message. */
async function verdict(filter: FilterFactory, setup?: ConformSetup): Promise<string> {
  try {
    await conform(filter, setup)
    return 'conforms'
  } catch (error) {
    return (error as Error).message
  }
}

const cases: [rule: string, what: string, filter: FilterFactory, told: RegExp][] = [
  ['the factory has the shape of one', 'a name', { ...factory(() => ({})), name: 'Bad' }, /kebab case/],
  [
    'the factory has the shape of one',
    'a key',
    { ...factory(() => ({})), perEndpont: true } as never,
    /unknown key "perEndpont".*Did you mean "perEndpoint"/,
  ],
  [
    'options are validated, and unknown ones are refused by name',
    'a schema that takes anything',
    factory(() => ({}), { options: z.object({}) }),
    /an unknown option is accepted.*z\.strictObject/,
  ],
  [
    'options are validated, and unknown ones are refused by name',
    'an option without a default',
    factory(() => ({}), { options: z.strictObject({ url: z.string() }) }),
    /without options the filter can't be made: url: .*conform\(filter, \{ options/,
  ],
  [
    'instances are created and disposed of, several at once',
    'no filter',
    factory(() => undefined as never),
    /create\(\) fails: Error: create\(\) returned no filter/,
  ],
  [
    'instances are created and disposed of, several at once',
    'a hook that there is not',
    factory(() => ({ respose() {} }) as never),
    /no hook "respose"\. Did you mean "response"\?/,
  ],
  [
    'instances are created and disposed of, several at once',
    'a metric of each instance',
    factory(({ meter }) => {
      const remove = meter.register({ name: 'bad_total', help: '', type: 'counter', collect: () => [] })
      return { dispose: remove }
    }),
    /create\(\) fails while there is another instance: .*already been registered.*env\.share/,
  ],
  [
    'instances are created and disposed of, several at once',
    'a metric that stays',
    factory(({ meter, share }) => {
      share('m', {
        scope: 'factory',
        version: 1,
        make: () => meter.register({ name: 'bad_total', help: '', type: 'counter', collect: () => [] }),
      })
      return {}
    }),
    /dispose\(\) leaves the metric bad_total/,
  ],
  [
    'instances are created and disposed of, several at once',
    'a dispose that works once',
    factory(() => {
      let parts: string[] | undefined = []
      return {
        dispose() {
          parts!.length = 0
          parts = undefined
        },
      }
    }),
    /dispose\(\) fails when it is called a second time: TypeError/,
  ],
  [
    'instances are created and disposed of, several at once',
    'a deadline that stays',
    factory(({ timers }) => {
      timers.after(1000, () => {})
      return {}
    }),
    /dispose\(\) leaves 2 deadlines/,
  ],
  [
    'responses of others do no harm, however early they come',
    'a response hook that counts on upstream',
    factory(() => {
      const StartSlot = defineSlot<{ at: number }>('test.bad.start')
      return {
        upstream: (x, call, next) => {
          x.set(StartSlot, { at: 1 })
          return next(call)
        },
        response: (x) => x.response.headers.set('X-At', String(x.get(StartSlot)!.at)),
      }
    }),
    /a later filter replies; .*: response fails with TypeError.*it must reply, or go on/,
  ],
  [
    'responses of others do no harm, however early they come',
    'an upstream hook that awaits nothing',
    factory(() => ({
      upstream: (x, call, next) =>
        (next(call) as Promise<never>).then((response) => {
          x.trace?.event('passed')
          return response
        }),
    })),
    /a later filter refuses the attempt.*upstream fails with TypeError: .*then is not a function/,
  ],
  [
    'it may stand before the route is known',
    'a request hook that counts on the route',
    factory(() => ({ request: (x) => x.request.headers.set('X-Endpoint', x.endpoint!.id) })),
    /the route is not known yet.*request fails with TypeError.*declare reads: \[RouteSlot\]/,
  ],
  [
    'log takes bytes that were no request',
    'a log hook that counts on the exchange',
    factory(({ log }) => ({ log: ({ exchange }) => log.info({ path: exchange!.request.path }, 'done') })),
    /finished\.exchange is undefined/,
  ],
  [
    'upstreams that fail and clients that leave do no harm',
    'a settled hook that counts on a status',
    factory(() => ({ settled: (_x, _attempt, { status }) => void status!.toFixed() })),
    /the upstream fails with upstream_connect_failed; .* more\): settled fails with TypeError/,
  ],
  [
    'upstreams that fail and clients that leave do no harm',
    'a function of onAbort that throws',
    factory(() => ({
      request: (x) =>
        x.onAbort(() => {
          throw new Error('gone')
        }),
    })),
    /the client leaves .*onAbort fails with Error: gone/,
  ],
  [
    'hostile requests and responses do no harm',
    'a field that is parsed without care',
    factory(() => ({
      request(x) {
        const tenant = x.request.headers.get('x-settings')
        if (tenant !== undefined) JSON.parse(tenant)
      },
    })),
    /a request with .* in x-settings.*request fails with SyntaxError/,
  ],
  [
    'hostile requests and responses do no harm',
    'a path that is decoded without care',
    factory(() => ({ request: (x) => void decodeURIComponent(x.request.path) })),
    /a request with the path "\/%".*URIError/,
  ],
  [
    'hostile requests and responses do no harm',
    'a body that is parsed without care',
    factory(() => ({
      async response(x) {
        if (x.response.headers.get('content-type') !== 'application/json') return
        x.response.body.replace(JSON.stringify(JSON.parse((await x.response.body.buffer(2 ** 20)).toString())))
      },
    })),
    /a response with the body .*response fails with SyntaxError/,
  ],
  [
    'hostile requests and responses do no harm',
    'another body under the old length',
    factory(() => ({
      response(x) {
        const body = x.response.body
        body.tap((chunk) => void chunk)
        body.replace('longer than before')
        body.changed = false
      },
    })),
    /Content-Length of the response is not the length of its body/,
  ],
  [
    'hostile requests and responses do no harm',
    'a hook that never ends',
    factory(() => ({
      request: (x) => (x.request.headers.get('x-wait') === '' ? new Promise<void>(() => {}) : undefined),
    })),
    /the request has not ended within 3 s; it waits for the hook request of "bad"/,
  ],
  [
    'hooks that need not wait return no promise',
    'an async hook that awaits nothing',
    factory(() => ({ async request() {} })),
    /request returns a promise for a plain request.*conform\(filter, \{ async: \['request'\] \}\)/,
  ],
  [
    'hooks that need not wait return no promise',
    'an async log hook',
    factory(() => ({ log: (async () => {}) as never })),
    /log returns a promise, which is not awaited/,
  ],
  [
    'nothing of one request is seen in another',
    'a variable that is written and read for each request',
    factory(() => {
      let who: string | undefined
      return {
        request(x) {
          who = x.request.headers.get('x-user')
        },
        response(x) {
          if (who !== undefined) x.response.headers.set('X-Who', who)
        },
      }
    }),
    /the field x-user of one request shows up in the field X-Who of the response of another: .*x\.set/,
  ],
  [
    'nothing of one request is seen in another',
    'a variable that stays',
    factory(() => {
      let last = ''
      return {
        request(x) {
          if (last !== '') x.request.headers.set('X-Last', last)
          last = x.request.path
        },
      }
    }),
    /the path of one request shows up in the field X-Last of the upstream request of another/,
  ],
  [
    'nothing of one request is seen in another',
    'a body that is kept',
    factory(() => {
      let body = ''
      return {
        request: (x) =>
          x.request.body.tap((chunk) => {
            body = chunk.toString()
          }),
        response: (x) => {
          if (x.request.body.empty) x.response.body.replace(body)
        },
      }
    }),
    /the body of one request shows up in the body of the response of another/,
  ],
  [
    'nothing of one request is seen in another',
    'a count in the response',
    factory(() => {
      let count = 0
      return { response: (x) => x.response.headers.set('X-Count', String(++count)) }
    }),
    /the field X-Count of the response differs when another request came before.*varies/,
  ],
  [
    'nothing of one request is seen in another',
    'a log line about the last request',
    factory(({ log }) => {
      let last: string | undefined
      return {
        request(x) {
          if (last !== undefined) log.info({ last }, 'before this one')
          last = x.identity?.subject
        },
      }
    }),
    /the identity of one request shows up in the log lines of another/,
  ],
  [
    'nothing of one request is seen in another',
    'a slot with what came before',
    factory(() => {
      const Slot = defineSlot<unknown>('test.bad.last')
      let last: string | undefined
      return {
        request(x: Exchange) {
          x.set(Slot, { last })
          last = x.request.query
        },
      }
    }),
    /the query of one request shows up in the slot "test\.bad\.last" of another/,
  ],
  [
    'nothing of one request is seen in another',
    'a label with the path',
    factory(({ meter, share }) => {
      const counts = share('counts', {
        scope: 'factory',
        version: 1,
        make: () => {
          const paths = new Map<string, number>()
          const collect = () => [...paths].map(([path, value]) => ({ labels: { path }, value }))
          return { paths, close: meter.register({ name: 'bad_total', help: '', type: 'counter', collect }) }
        },
        close: (kept) => kept.close(),
      })
      return {
        log: ({ exchange }) => {
          if (exchange !== undefined) counts.paths.set(exchange.request.path, 1)
        },
      }
    }),
    /the label path of the metric bad_total holds the path of requests: take labels from a fixed set/,
  ],
]

for (const [rule, what, filter, told] of cases) {
  t.test(what, async (t) => {
    const said = await verdict(filter)
    t.match(said, new RegExp(`- ${rule.replace(/[.*+?^$()[\]{}|\\]/g, '\\$&')}:\n`))
    t.match(said, told)
  })
}

t.test('what a setup may say', async (t) => {
  const waits = factory(() => ({
    request: async (x) => (x.request.headers.has('x-key') ? undefined : reply(401, 'none')),
  }))
  t.match(await verdict(waits, { request: { headers: { 'X-Key': 'k' } }, async: ['request'] }), 'conforms')
  let count = 0
  const counts = factory(() => ({ response: (x) => x.response.headers.set('X-Count', String(++count)) }))
  t.match(await verdict(counts, { varies: ['x-count'] }), 'conforms')
  await t.rejects(conform(counts, { option: {} } as never), /has no key "option"\. Did you mean "options"\?/)
})
