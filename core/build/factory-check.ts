import type { Filter, TerminalFilter } from '../api/filter.ts'
import type { FilterFactory } from '../api/filter-factory.ts'
import { didYouMean } from '../base/suggest.ts'

// What TypeScript checks for authors who use it, checked for all: a misspelled hook would never run, and nobody would know.

const FACTORY_KEYS = {
  name: 'string',
  apiVersion: 'number',
  summary: 'string',
  options: 'schema',
  terminal: 'boolean',
  perEndpoint: 'boolean',
  offline: 'boolean',
  reads: 'list',
  writes: 'list',
  enforces: 'list',
  needs: 'list',
  create: 'function',
} as const satisfies Record<keyof FilterFactory, string>

const HOOKS = {
  request: true,
  routed: true,
  upstream: true,
  admit: true,
  settled: true,
  response: true,
  log: true,
  explain: true,
  patterns: true,
  dispose: true,
  pick: true,
  call: true,
} as const satisfies Record<keyof Filter | keyof TerminalFilter, true>

const TERMINAL_ONLY = ['pick', 'call'] as const

/**
 * What a module exports as a filter factory, if it is one.
 * @throws Error in words for the plugin's author
 */
export function checkFactory(candidate: unknown): FilterFactory {
  if (typeof candidate !== 'object' || candidate === null)
    throw new Error('its default export is no filter factory; export default defineFilter({ … })')
  const factory = candidate as Readonly<Record<string, unknown>>
  const { name, apiVersion } = factory
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]{0,63}$/.test(name))
    throw new Error(`its filter's name must be kebab case (found ${JSON.stringify(name)})`)
  if (apiVersion !== 1)
    throw new Error(`its filter "${name}" has apiVersion ${JSON.stringify(apiVersion)}; this Weir offers 1`)
  if (typeof factory.create !== 'function') throw new Error(`its filter "${name}" has no create() function`)
  for (const key of Object.keys(factory)) {
    if (!Object.hasOwn(FACTORY_KEYS, key))
      throw new Error(
        `its filter "${name}" has an unknown key "${key}".${didYouMean(key, Object.keys(FACTORY_KEYS))} A factory has: ${Object.keys(FACTORY_KEYS).join(', ')}.`,
      )
    const wrong = wrongValue(factory[key], FACTORY_KEYS[key as keyof typeof FACTORY_KEYS])
    if (wrong !== undefined) throw new Error(`its filter "${name}" has ${wrong} as "${key}"`)
  }
  return candidate as FilterFactory
}

/** What is wrong with the value of a key, or undefined. */
function wrongValue(value: unknown, kind: (typeof FACTORY_KEYS)[keyof typeof FACTORY_KEYS]): string | undefined {
  if (value === undefined) return undefined
  switch (kind) {
    case 'schema':
      return isSchema(value) ? undefined : 'no schema (zod, or another that implements Standard Schema)'
    case 'list':
      return Array.isArray(value) ? undefined : `a ${typeof value}, not a list,`
    default:
      return typeof value === kind ? undefined : `a ${typeof value}, not a ${kind},`
  }
}

/** Standard Schema, version 1: libraries make schemas that are objects, and some that are functions. */
function isSchema(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const standard = (value as Readonly<Record<string, unknown>>)['~standard'] as { validate?: unknown } | undefined
  return typeof standard?.validate === 'function'
}

/**
 * What `create` returned, if it is a filter.
 * @throws Error in words for the plugin's author
 */
export function checkFilter(made: unknown, { terminal }: FilterFactory): Filter {
  if (typeof made !== 'object' || made === null) throw new Error('create() returned no filter')
  const filter = made as Readonly<Record<string, unknown>>
  const known = Object.keys(HOOKS)
  for (const hook of known)
    if (filter[hook] !== undefined && typeof filter[hook] !== 'function')
      throw new Error(`its hook "${hook}" is no function, but a ${typeof filter[hook]}`)
  for (const name of unknownHooks(filter))
    throw new Error(`it has no hook "${name}".${didYouMean(name, known)} The hooks are: ${known.join(', ')}.`)
  if (terminal === true && filter.call === undefined) throw new Error('a terminal filter needs the hook "call"')
  for (const hook of TERMINAL_ONLY)
    if (terminal !== true && filter[hook] !== undefined)
      throw new Error(`only a terminal filter has the hook "${hook}": say terminal: true in its factory`)
  return made as Filter
}

/**
 * Functions of a filter that are no hooks. A plain object has nothing else; a class may have methods of its own, of which
 * only those count that look like a hook that is misspelled.
 */
function unknownHooks(filter: object): string[] {
  const prototype: unknown = Object.getPrototypeOf(filter)
  const isPlain = prototype === null || prototype === Object.prototype
  const names = isPlain ? Object.keys(filter) : Object.getOwnPropertyNames(prototype)
  const unknown = names.filter((name) => name !== 'constructor' && !Object.hasOwn(HOOKS, name))
  return isPlain
    ? unknown
    : unknown.filter((name) => didYouMean(name, Object.keys(HOOKS)) !== '' && isMethod(prototype, name))
}

const isMethod = (prototype: unknown, name: string): boolean =>
  typeof Object.getOwnPropertyDescriptor(prototype, name)?.value === 'function'
