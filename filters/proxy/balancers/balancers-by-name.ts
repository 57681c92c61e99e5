import type { Balancer } from './balancer.ts'
import { leastRequest } from './least-request.ts'
import { randomTwo } from './random-two.ts'
import { roundRobin } from './round-robin.ts'

/** Creates the balancer of one endpoint. */
export type MakeBalancer = (random: () => number) => Balancer

/** Balancers by the value of the option `balancer`. */
export const BALANCERS = {
  round_robin: roundRobin,
  least_request: leastRequest,
  random_two: randomTwo,
} as const satisfies Record<string, MakeBalancer>

export type BalancerName = keyof typeof BALANCERS
export const BALANCER_NAMES = Object.keys(BALANCERS) as readonly BalancerName[]
