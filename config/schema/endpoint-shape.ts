import * as z from 'zod'
import { refinements } from './chain-shape.ts'
import { ownHealthCheckShape } from './health-check-shape.ts'
import { matches, pathPrefix } from './match-shape.ts'
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

// Loading reports these with its own messages (endpoints.ts). A filter that the endpoint turns on may need no target.
export const URL_OR_TARGETS = {
  anyOf: ['url', 'targets', 'filters', 'use'].map((key) => ({ required: [key] })),
  not: { required: ['url', 'targets'] },
}

export const endpointShape = {
  name: label().describe('Name. Version and name make up the id, `v1/orders`, which is unique, and the path.'),
  version: label().optional().describe('Version, a part of id and path; `1.0` stays `1.0`. Default: none.'),
  url: url()
    .optional()
    .describe(
      'Where requests go; this or `targets` is required, unless the endpoint turns on a terminal filter that needs neither. A path is put before that of the request; no user name, query or fragment.',
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
      '`bearer` requires a valid token, `api_key` or `basic` credentials of that kind, of a list one is enough; `none` requires nothing. In upper or lower case. Short for `required` and `accept` of auth. Default: that of the chain.',
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
    .describe(
      'Hosts of the endpoint, without port; `*.example.com` means every name below it. Short for `host` of a `match`. Default: every host.',
    ),
  match: matches()
    .optional()
    .describe(
      'What leads to the endpoint, in place of its name: each entry by itself, all conditions of it together. Default: the name.',
    ),
  by_name: z.boolean().default(false).describe('`true`: version and name lead to it besides its `match`.'),
  path: listOrOne(pathPrefix())
    .optional()
    .describe(
      'Path prefixes that lead to the endpoint, with `{parameters}` for segments. Short for `path` of a `match`. Default: none.',
    ),
  strip_prefix: z
    .boolean()
    .default(false)
    .describe(
      '`true`: the prefix that matched is dropped, and goes out as `X-Forwarded-Prefix`. A name is always dropped.',
    ),
  rewrite: text()
    .optional()
    .describe(
      'Path that goes upstream, with `{parameters}` of the match and `{rest}`, what follows it. Default: the path as it came.',
    ),
  case_sensitive: z
    .boolean()
    .default(true)
    .describe('`false`: upper and lower case are equal in the paths of its `match`.'),
  allow_ambiguous: oneOrMore(z.enum(['encoded_slash', 'empty_segment', 'path_parameter']))
    .optional()
    .describe(
      'What its upstream reads as it is written: `%2F`, `//`, or `;` with what follows. Default: none; where such a path may mean another endpoint, it is refused.',
    ),
  use: listOrOne(text())
    .optional()
    .describe(
      'Names of `groups`, whose options lie over those of the chain, in this order, and below those of `filters`. Default: none.',
    ),
  filters: refinements()
    .nullable()
    .optional()
    .describe(
      'Filters by their name in the chain: options that replace those of the chain for this endpoint, `on`, or `off`. Default: none.',
    ),
}

export type EndpointValues = Values<typeof endpointShape>
