import * as z from 'zod'
import { type ChangeOutcome, LocalReply } from '../../../core/index.ts'
import { type AnyOperation, type Call, type Content, operation } from './api-operation.ts'
import { configProblem, count, endpointView } from './api-schemas.ts'
import { refusedChange } from './change-refusals.ts'
import { json, noEndpoint, problem } from './contents.ts'
import { patchTo } from './endpoint-patch.ts'
import { summaryOf } from './health-operations.ts'
import { page, pageOf, pageQuery } from './pagination.ts'
import { registryPath } from './path-table.ts'

const tag = 'registry'
/** The limit of `EndpointControl`. */
const cap = 64 * 1024

const entry = z
  .looseObject({
    name: z.union([z.string(), z.number()]).optional(),
    version: z.union([z.string(), z.number()]).optional(),
  })
  .describe(
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference looks like this
    'An entry of `endpoints` in the configuration, as JSON: see `/config/schema`. `${…}` in it is text, not a reference.',
  )
  .meta({ id: 'EndpointEntry' })
type Entry = z.infer<typeof entry>

const patch = z
  .looseObject({})
  .describe('A merge patch (RFC 7396) of the entry: null removes a key, lists are replaced.')
  .meta({ id: 'EndpointPatch' })

const status = z.strictObject({ status: z.enum(['active', 'disabled']) }).meta({ id: 'EndpointStatusChange' })

const changed = z
  .strictObject({
    outcome: z.enum(['applied', 'unchanged']),
    version: z.string().describe('Of the configuration that runs now; for `If-Match`, in quotes.'),
    warnings: z.array(configProblem),
    duration_ms: z.number().min(0),
    endpoint: endpointView.nullable().describe('As it is now; null if others have removed it since.'),
  })
  .meta({ id: 'EndpointChange' })

const stats = z
  .strictObject({
    endpoints: z.record(z.string(), count()).describe('Number of endpoints in each status, and `total`.'),
    documents: z.record(z.string(), count()).describe('Number of endpoints in each document.'),
    targets: count(),
    outstanding: count().describe('Attempts in flight.'),
    attempts: count(),
    failures: count(),
  })
  .meta({ id: 'RegistryStats' })

/** The place that a new entry gets: after the others of the main document. */
async function placeOfNew({ parts }: Call): Promise<number> {
  const [{ source }, all] = await Promise.all([parts.config.status(), parts.endpoints.list()])
  return all.filter(({ file }) => file === source).length
}

async function placeOf({ parts, id }: Call): Promise<number | undefined> {
  const at = (await parts.endpoints.list()).findIndex((one) => one.id === id)
  return at === -1 ? undefined : at
}

/** The response to a change. @param created whether it made the endpoint */
async function told(call: Call, outcome: ChangeOutcome, created: boolean): Promise<Content | LocalReply> {
  if (outcome.outcome === 'refused')
    return refusedChange(outcome, call.only, await (created ? placeOfNew(call) : placeOf(call)))
  const { id, version, warnings, duration_ms } = outcome
  const endpoint = (await call.parts.endpoints.get(id)) ?? null
  const headers = created || id !== call.id ? { Location: registryPath(id) } : {}
  const body = { outcome: outcome.outcome, version, warnings, duration_ms, endpoint }
  return json(created ? 201 : 200, body, { headers, outcome: outcome.outcome })
}

/** How often a replacement is made on top of what others changed meanwhile. */
const ATTEMPTS = 3

/** Makes an endpoint what an entry says. Between reading and changing it others may change it: then it begins again. */
async function replace(call: Call<unknown, Entry>): Promise<Content | LocalReply> {
  const { endpoints, config } = call.parts
  const wanted = named(call)
  if (wanted instanceof LocalReply) return wanted
  for (let attempt = 1; ; attempt++) {
    const ifVersion = call.only.ifVersion ?? (await config.status()).version
    const found = await endpoints.get(call.id)
    const outcome =
      found === undefined
        ? await endpoints.register(wanted, { ifVersion })
        : await endpoints.change(call.id, patchTo(found.entry, wanted), { ifVersion })
    const again = outcome.reason === 'conflict' && call.only.ifVersion === undefined && attempt < ATTEMPTS
    if (!again) return told(call, outcome, found === undefined)
  }
}

/** The entry with the name and the version of the path; 422 if it says others. */
function named({ id, body }: Call<unknown, Entry>): Entry | LocalReply {
  const [name, version] = id.split('/').toReversed()
  const own = {
    name: body.name ?? name,
    ...(version === undefined && body.version === undefined ? {} : { version: body.version ?? version }),
  }
  const ownId = own.version === undefined ? `${own.name}` : `${own.version}/${own.name}`
  if (ownId === id) return { ...body, ...own }
  return problem(422, 'body_invalid', `The entry is that of another endpoint than ${JSON.stringify(id)}.`, {
    extra: {
      errors: [
        {
          pointer: body.name !== undefined && `${body.name}` !== name ? '/name' : '/version',
          detail: 'it differs from the path',
        },
      ],
    },
  })
}

const page200 = {
  200: { about: 'A page, in the order of the configuration.', schema: pageOf(endpointView, 'Endpoint') },
}
const changed200 = { 200: { about: 'The change runs, and is in the document.', schema: changed } }
const changed201 = { 201: { about: 'It is there now; `Location` is its place.', schema: changed } }
const json64 = { types: ['application/json'], cap } as const
const change = { tag, role: 'operator', conditional: 'change', edits: true, audited: true } as const
const path = '/registry/endpoints/{id}'

export const REGISTRY: readonly AnyOperation[] = [
  operation({
    id: 'listEndpoints',
    method: 'GET',
    path: '/registry/endpoints',
    tag,
    role: 'viewer',
    conditional: 'version',
    summary: 'All endpoints: their entries and their state',
    query: pageQuery,
    responses: page200,
    handle: async ({ parts, query, x }) => page(await parts.endpoints.list(), ({ id }) => id, query, x.request.query),
  }),
  operation({
    ...change,
    id: 'registerEndpoint',
    method: 'POST',
    path: '/registry/endpoints',
    summary: 'Adds an endpoint after the others of the main document',
    body: { ...json64, schema: entry },
    responses: changed201,
    handle: async (call) =>
      told(call, await call.parts.endpoints.register(call.body, { ifVersion: call.only.ifVersion }), true),
  }),
  operation({
    id: 'getEndpoint',
    method: 'GET',
    path,
    tag,
    role: 'viewer',
    conditional: 'version',
    summary: 'An endpoint: its entry and its state',
    responses: { 200: { about: 'The endpoint.', schema: endpointView } },
    handle: async ({ parts, id }) => {
      const found = await parts.endpoints.get(id)
      return found === undefined ? noEndpoint(id) : json(200, found)
    },
  }),
  operation({
    ...change,
    id: 'putEndpoint',
    method: 'PUT',
    path,
    summary: 'Makes an endpoint what the entry says, or adds it',
    about:
      'Keys that the entry does not have are removed. Values that equal those of the view, masked secrets and references included, stay as they are in the document. Name and version may be left out. `If-None-Match: *` only adds, `If-Match: *` only changes.',
    body: { ...json64, schema: entry },
    responses: { ...changed200, ...changed201 },
    handle: (call) => replace(call as Call<unknown, Entry>),
  }),
  operation({
    ...change,
    id: 'patchEndpoint',
    method: 'PATCH',
    path,
    summary: 'Changes keys of an endpoint',
    about: 'Where it changes name or version, `Location` is its new place.',
    body: { types: ['application/merge-patch+json', 'application/json'], cap, schema: patch },
    responses: changed200,
    handle: async (call) =>
      told(call, await call.parts.endpoints.change(call.id, call.body, { ifVersion: call.only.ifVersion }), false),
  }),
  operation({
    ...change,
    id: 'removeEndpoint',
    method: 'DELETE',
    path,
    summary: 'Removes an endpoint from its document',
    about: 'Requests in flight finish.',
    responses: { 204: { about: 'It is gone.', type: '' } },
    handle: async (call) => {
      const outcome = await call.parts.endpoints.remove(call.id, { ifVersion: call.only.ifVersion })
      if (outcome.outcome === 'refused') return refusedChange(outcome, call.only)
      return { status: 204, outcome: outcome.outcome }
    },
  }),
  operation({
    ...change,
    id: 'setEndpointStatus',
    method: 'PUT',
    path: `${path}/status`,
    summary: 'Enables or disables an endpoint',
    about: 'After `disabled` its requests get 503; requests in flight finish.',
    body: { ...json64, schema: status },
    responses: changed200,
    handle: async (call) => {
      const { endpoints } = call.parts
      const options = { ifVersion: call.only.ifVersion }
      const enable = call.body.status === 'active'
      return told(
        call,
        await (enable ? endpoints.enable(call.id, options) : endpoints.disable(call.id, options)),
        false,
      )
    },
  }),
  operation({
    id: 'getRegistryStats',
    method: 'GET',
    path: '/registry/stats',
    tag,
    role: 'viewer',
    summary: 'How many endpoints there are, and what their targets have done',
    responses: { 200: { about: 'The numbers, since the start of the process.', schema: stats } },
    handle: async ({ parts }) => {
      const all = await parts.endpoints.list()
      const targets = all.flatMap((endpoint) => endpoint.targets)
      const sum = (key: 'outstanding' | 'attempts' | 'failures'): number => targets.reduce((n, one) => n + one[key], 0)
      const documents = new Map<string, number>()
      for (const { file } of all) documents.set(file, (documents.get(file) ?? 0) + 1)
      return json(200, {
        endpoints: summaryOf(all).endpoints,
        documents: Object.fromEntries(documents),
        targets: targets.length,
        outstanding: sum('outstanding'),
        attempts: sum('attempts'),
        failures: sum('failures'),
      })
    },
  }),
]
