import { RouteSlot } from '../../api/endpoint.ts'
import type { Exchange } from '../../api/exchange.ts'
import type { Filter } from '../../api/filter.ts'
import { defineFilter, type FilterFactory } from '../../api/filter-factory.ts'
import { LocalReply, reply } from '../../api/reply.ts'
import { RULE_NAMES, type Rule } from './rule.ts'
import type { Scenario, Subject } from './subject.ts'

const other = (name: string, filter: Filter, more: Partial<FilterFactory> = {}): FilterFactory =>
  defineFilter({ name, apiVersion: 1, create: () => filter, ...more })

const refusal = (): LocalReply => reply(403, 'refused_by_another')

const fail = (): never => {
  throw new Error('another filter fails')
}

/** What replies before the filter, and what behind it. */
const BEFORE: readonly Scenario[] = [
  { what: 'an earlier filter replies', before: other('before-request', { request: refusal }) },
  { what: 'an earlier filter replies to a routed request', before: other('before-routed', { routed: refusal }) },
  { what: 'an earlier filter fails', before: other('before-fails', { request: fail }) },
  { what: 'an earlier filter waits', before: other('before-waits', { request: async () => {} }) },
  {
    what: 'an earlier filter replaces the response',
    before: other('before-response', { response: () => reply(200, 'replaced', { body: 'another' }) }),
  },
  { what: 'the engine refuses the request', refused: new LocalReply(503, 'overloaded') },
]

const BEHIND: readonly Scenario[] = [
  { what: 'a later filter replies', after: other('after-request', { request: refusal }) },
  { what: 'a later filter replies to a routed request', after: other('after-routed', { routed: refusal }) },
  { what: 'a later filter replies with a promise', after: other('after-async', { request: async () => refusal() }) },
  { what: 'a later filter fails', after: other('after-fails', { request: fail }) },
  { what: 'a later filter refuses the attempt', after: other('after-admit', { admit: refusal }) },
  { what: 'a later filter fails in admit', after: other('after-admit-fails', { admit: fail }) },
  { what: 'a later filter replies in place of the upstream', after: other('after-upstream', { upstream: refusal }) },
  { what: 'a later filter fails around the upstream', after: other('after-upstream-fails', { upstream: fail }) },
  { what: 'a later filter replaces the response', after: other('after-response', { response: refusal }) },
  { what: 'the terminal filter replies', after: other('after-call', { call: refusal } as Filter, { terminal: true }) },
  {
    what: 'the terminal filter has no target',
    after: other('after-pick', { pick: refusal, call: fail } as Filter, { terminal: true }),
  },
  {
    what: 'a requirement is not satisfied',
    after: other('after-enforces', {}, { enforces: ['conformance'] }),
    setup: { endpoint: { requires: ['conformance'] } },
  },
]

/** Others may reply at any point: the filter sees a response without having seen all that comes before one. */
export const EARLY_RESPONSES: Rule<Subject> = {
  name: RULE_NAMES.early,
  check: (subject) => subject.problemsOf([...BEFORE, ...(subject.factory.terminal === true ? [] : BEHIND)]),
}

/** Where the operator puts it is the operator's choice. */
export const ANY_PLACE: Rule<Subject> = {
  name: RULE_NAMES.place,
  check(subject) {
    const { factory } = subject
    if ([...(factory.reads ?? []), ...(factory.writes ?? [])].some(({ name }) => name === RouteSlot.name)) return []
    const notFound = other('after-not-found', {
      request: (x: Exchange) => (x.route === undefined ? refusal() : undefined),
    })
    const scenarios: Scenario[] = [
      { what: 'the route is not known yet', setup: { route: 'after' } },
      { what: 'there is no route', setup: { route: 'never' } },
    ]
    if (factory.terminal !== true)
      scenarios.push({ what: 'no route is found', after: notFound, setup: { route: 'after' } })
    return subject
      .problemsOf(scenarios)
      .then((problems) =>
        problems.map((problem) => `${problem}; if the filter needs the route in request, declare reads: [RouteSlot]`),
      )
  },
}

/** `log` runs for what was no request, too. */
export const UNPARSED: Rule<Subject> = {
  name: RULE_NAMES.unparsed,
  async check(subject) {
    const chain = await subject.chain()
    try {
      chain.logUnparsed()
      const { faults } = chain
      return faults.map(
        ({ error }) =>
          `log fails with ${String(error)}: finished.exchange is undefined if the request could not be parsed`,
      )
    } finally {
      await chain.close()
    }
  },
}
