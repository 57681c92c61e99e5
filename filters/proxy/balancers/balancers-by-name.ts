import type { Balancer } from './balancer.ts'
import { leastRequest } from './least-request.ts'
import { randomTwo } from './random-two.ts'
import { roundRobin } from './round-robin.ts'

/** Makes a balancer for one endpoint. */
export type MakeBalancer = (random: () => number) => Balancer

/** By the name that the option `balancer` gives. */
export const BALANCERS = {
  round_robin: roundRobin,
  least_request: leastRequest,
  random_two: randomTwo,
} as const satisfies Record<string, MakeBalancer>

export type BalancerName = keyof typeof BALANCERS
export const BALANCER_NAMES = Object.keys(BALANCERS) as readonly BalancerName[]
