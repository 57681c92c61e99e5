import * as z from 'zod'
import { parseHostPattern, parsePathPattern } from './address.ts'
import { refinements } from './chain-shape.ts'
import { ownHealthCheckShape } from './health-check-shape.ts'
import {
  absolutePath,
  authType,
  label,
  listOrOne,
  off,
  oneOrMore,
  section,
  text,
  url,
  type Values,
  written,
} from './value-kinds.ts'

const targetShape = {
  url: url().describe('Where requests go. A path is put before theirs; no user name, query or fragment.'),
  weight: z
    .int()
    .min(0)
    .max(1000)
    .default(1)
    .describe('Share of the traffic, relative to the other targets; 0 drains it: it gets no new requests.'),
}

// Loading reports these two with sentences of its own (endpoints.ts).
export const URL_OR_TARGETS = {
  anyOf: [{ required: ['url'] }, { required: ['targets'] }],
  not: { required: ['url', 'targets'] },
}

export const endpointShape = {
  name: label().describe('Name; with the version it makes the id, `v1/orders`, which is unique, and the path.'),
  version: label().optional().describe('Version, part of id and path; `1.0` keeps its text. Default: none.'),
  url: url()
    .optional()
    .describe(
      'Where requests go; this or `targets` is required. A path is put before theirs; no user name, query or fragment.',
    ),
  targets: oneOrMore(section(targetShape)).optional().describe('Several URLs, in place of `url`. Default: none.'),
  methods: oneOrMore(text())
    .optional()
    .describe(
      'Methods that are forwarded, in any case; HEAD comes with GET. Default: what the chain says, or every method.',
    ),
  auth_type: authType()
    .optional()
    .describe(
      '`bearer` demands a valid token, `none` never does; in any case. Short for `required` of auth. Default: what the chain says.',
    ),
  roles: oneOrMore(text())
    .optional()
    .describe(
      'The caller needs any one of these; demands a token if `auth_type` is absent. Default: what the chain says.',
    ),
  scopes: oneOrMore(text())
    .optional()
    .describe(
      'The caller needs every one of these; demands a token if `auth_type` is absent. Default: what the chain says.',
    ),
  disabled: z.boolean().default(false).describe('`true` is short for `status: disabled`.'),
  status: z
    .enum(['active', 'inactive', 'disabled'])
    .optional()
    .describe(
      '`inactive` and `disabled` answer 503 and take no traffic; health checks go on for `inactive`. Default: `active`.',
    ),
  timeout: z
    .union([z.number(), z.string()], { error: 'expected a duration: seconds, or a string such as 250ms, 30s, 5m' })
    .optional()
    .describe('How long each step of the upstream may take. Default: what the chain says, or `30s`.'),
  health_check_path: absolutePath()
    .optional()
    .describe(
      'What a health check asks for; short for `path` of `health_check`. Default: as that of the document says.',
    ),
  health_check: z
    .union([off(), section(ownHealthCheckShape)], { error: 'expected a mapping or off' })
    .nullable()
    .optional()
    .describe(
      'How its targets are checked, laid over `health_check` of the document, or `off`. Default: as that says, or not at all.',
    ),
  host: listOrOne(written('host', /^(?:\[.+\]|[^\s[\]:/?#@]+)$/, parseHostPattern))
    .optional()
    .describe('Hosts of the endpoint, without port; `*.example.com` is every name below it. Default: every host.'),
  path: listOrOne(written('path prefix', /^\/[\x21-\x7e]*$/, parsePathPattern))
    .optional()
    .describe('Path prefixes that reach the endpoint beside its name. Default: none.'),
  filters: refinements()
    .nullable()
    .optional()
    .describe('By name in the chain: options laid over those of the chain for this endpoint, or `off`. Default: none.'),
}

export type EndpointValues = Values<typeof endpointShape>
