import * as z from 'zod'
import { parsePathPattern } from './address.ts'
import { refinements } from './chain-shape.ts'
import { ownHealthCheckShape } from './health-check-shape.ts'
import {
  absolutePath,
  authType,
  host,
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
  url: url().describe('Where requests go. A path is put before that of the request; no user name, query or fragment.'),
  weight: z
    .int()
    .min(0)
    .max(1000)
    .default(1)
    .describe('Share of the traffic, relative to the other targets; with 0 the target gets no new requests.'),
}

const TARGET = 'expected a mapping with a url, such as { url: "http://…", weight: 2 }'
const TARGETS = 'expected a list of targets, such as [{ url: "http://…" }]; a single URL stands in "url"'

// Loading reports these two with its own messages (endpoints.ts).
export const URL_OR_TARGETS = {
  anyOf: [{ required: ['url'] }, { required: ['targets'] }],
  not: { required: ['url', 'targets'] },
}

export const endpointShape = {
  name: label().describe('Name. Version and name make up the id, `v1/orders`, which is unique, and the path.'),
  version: label().optional().describe('Version, a part of id and path; `1.0` stays `1.0`. Default: none.'),
  url: url()
    .optional()
    .describe(
      'Where requests go; this or `targets` is required. A path is put before that of the request; no user name, query or fragment.',
    ),
  targets: oneOrMore(section(targetShape, TARGET), TARGETS)
    .optional()
    .describe('Several URLs, instead of `url`. Default: none.'),
  methods: oneOrMore(text())
    .optional()
    .describe(
      'Methods that are forwarded, in upper or lower case; GET includes HEAD. Default: those of the chain, or every method.',
    ),
  auth_type: authType()
    .optional()
    .describe(
      '`bearer` requires a valid token, `none` does not; in upper or lower case. Short for `required` of auth. Default: that of the chain.',
    ),
  roles: oneOrMore(text())
    .optional()
    .describe(
      'The caller needs one of these; a token is required if `auth_type` is absent. Default: those of the chain.',
    ),
  scopes: oneOrMore(text())
    .optional()
    .describe(
      'The caller needs all of these; a token is required if `auth_type` is absent. Default: those of the chain.',
    ),
  disabled: z.boolean().default(false).describe('`true` is short for `status: disabled`.'),
  status: z
    .enum(['active', 'inactive', 'disabled'])
    .optional()
    .describe(
      '`inactive` and `disabled` endpoints return 503 and forward nothing; health checks of `inactive` ones go on. Default: `active`.',
    ),
  timeout: z
    .union([z.number(), z.string()], { error: 'expected a duration: seconds, or a string such as 250ms, 30s, 5m' })
    .optional()
    .describe('How long each step of the upstream may take. Default: that of the chain, or `30s`.'),
  health_check_path: absolutePath()
    .optional()
    .describe(
      'Path of health checks; short for `path` of `health_check`. Default: that of `health_check` of the document.',
    ),
  health_check: z
    .union([off(), section(ownHealthCheckShape)], { error: 'expected a mapping, such as { path: /health }, or off' })
    .nullable()
    .optional()
    .describe(
      'Health checks of its targets, or `off`; each key replaces that of `health_check` of the document. Default: those of the document, or none.',
    ),
  host: listOrOne(host())
    .optional()
    .describe('Hosts of the endpoint, without port; `*.example.com` means every name below it. Default: every host.'),
  path: listOrOne(written('path prefix', /^\/[^\s?#\\]*$/, parsePathPattern))
    .optional()
    .describe('Path prefixes that lead to the endpoint, besides its name. Default: none.'),
  filters: refinements()
    .nullable()
    .optional()
    .describe(
      'Filters by their name in the chain: options that replace those of the chain for this endpoint, or `off`. Default: none.',
    ),
}

export type EndpointValues = Values<typeof endpointShape>
