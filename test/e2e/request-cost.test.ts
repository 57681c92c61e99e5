// What one request of the default chain costs the gateway, in numbers that do not depend on how fast the machine is: a change
// that costs more fails here. A change that costs less lowers the bound.
import t from 'tap'
import { CostedGateway } from '../support/costed-gateway.ts'

const WARM_UP = 200
const REQUESTS = 500
/** What the gateway may do beside the requests in each second that they take: it looks after itself, however slow the machine is. */
const BESIDE = 10

/** Per request, on one downstream and one upstream connection that are kept. */
const BOUNDS = {
  /** The upstream's response, and what the chain makes of it; none before the upstream is called (chain-runner.promises.test.ts). */
  promises: 2,
  /** Added by Weir's own code to sockets, messages or the server. */
  listenersOfWeir: 0,
  /** Node's server adds some to each request and response. */
  listenersOfNode: 2,
  listenersOfPackages: 0,
  timersOfWeir: 0,
  timersOfNode: 0,
  /** undici's, of the idle upstream connection. */
  timersOfPackages: 1,
  deadlines: 1,
  connections: 0,
}

t.test('promises, listeners, timers and connections per request', async (t) => {
  const gateway = await CostedGateway.start(t)
  await gateway.requests(WARM_UP)
  const begun = performance.now()
  const { promises, listeners, timers, deadlines, connections, places } = await gateway.count(REQUESTS)
  const beside = BESIDE * Math.ceil((performance.now() - begun) / 1000)
  const counted: Record<keyof typeof BOUNDS, number> = {
    promises,
    listenersOfWeir: listeners.weir,
    listenersOfNode: listeners.node,
    listenersOfPackages: listeners.packages,
    timersOfWeir: timers.weir,
    timersOfNode: timers.node,
    timersOfPackages: timers.packages,
    deadlines,
    connections,
  }
  for (const [what, bound] of Object.entries(BOUNDS)) {
    const count = counted[what as keyof typeof BOUNDS]
    t.ok(count <= bound * REQUESTS + beside, `${what} per request: ${count / REQUESTS}, at most ${bound}`)
  }
  for (const [place, count] of Object.entries(places)) t.comment(`${place}: ${count / REQUESTS}`)
})

/** Nothing is optimised, so that neither the machine's load nor luck decides how much of it is optimised away. */
const INTERPRETED = ['--no-opt', '--no-maglev', '--no-sparkplug', '--no-flush-bytecode']
/** On the heap, per request, uncompiled; compiled code allocates about three quarters of it. */
const BYTES = 41_500
const ROUNDS = 5
/** Processes of the same code differ by a fifth, for as long as they run: the one that allocates least counts. */
const PROCESSES = 3

t.test('bytes allocated per request', async (t) => {
  let least = Infinity
  for (let process = 0; process < PROCESSES && least > BYTES; process++) {
    const gateway = await CostedGateway.start(t, INTERPRETED)
    await gateway.requests(3 * REQUESTS)
    const rounds: number[] = []
    for (let i = 0; i < ROUNDS; i++) rounds.push(Math.round((await gateway.bytes(REQUESTS)) / REQUESTS))
    t.comment(`in rounds of ${REQUESTS} requests: ${rounds.join(', ')}`)
    least = Math.min(least, ...rounds)
  }
  t.ok(least > 1000, 'they are counted')
  t.ok(least <= BYTES, `bytes per request: ${least}, at most ${BYTES}`)
})
