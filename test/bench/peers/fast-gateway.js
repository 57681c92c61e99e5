// Bare: one route, no middleware, its default client with kept connections.
import gateway from 'fast-gateway'

const [, , target, port] = process.argv
gateway({ routes: [{ prefix: '/orchestrator/v1/bench', target }] }).start(Number(port), '127.0.0.1')
